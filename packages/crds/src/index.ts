/**
 * The metallb.io kinds: types, CRD manifests, defaults and validation from one source.
 *
 * @packageDocumentation
 */
export { convertBgpPeerToV1beta1, convertBgpPeerToV1beta2 } from './bgp-peer-conversion.ts'
export {
  FRR_K8S_GROUP,
  GROUP,
  KINDS,
  type Kind,
  type KindName,
  type KindVersion,
  type PrinterColumn
} from './kind.ts'
export type {
  BGPAdvertisement,
  BGPAdvertisementSpec,
  Community,
  CommunitySpec,
  L2Advertisement,
  L2AdvertisementSpec
} from './kinds/advertisements.ts'
export type { ObjectMeta, OwnerReference, Resource } from './kinds/common.ts'
export type {
  BFDProfile,
  BFDProfileSpec,
  BGPPeer,
  BGPPeerSpecV1beta1,
  BGPPeerSpecV1beta2,
  BGPPeerV1beta1
} from './kinds/peers.ts'
export type { IPAddressPool, IPAddressPoolSpec, IPAddressPoolStatus } from './kinds/pools.ts'
export type {
  BGPSessionState,
  BGPSessionStateStatus,
  ConfigurationState,
  ConfigurationStateStatus,
  ServiceBGPStatus,
  ServiceBGPStatusStatus,
  ServiceL2Status,
  ServiceL2StatusStatus
} from './kinds/reports.ts'
export {
  buildCrdManifests,
  type Conversion,
  type CustomResourceDefinition,
  type CustomResourceDefinitionVersion,
  type ManifestOptions
} from './manifest.ts'
export { EXCLUDE_FROM_LOAD_BALANCERS_LABEL, ServiceAnnotation, SessionLabel, StatusLabel } from './names.ts'
export type { CelRule, OpenApiSchema } from './schema.ts'
export { type SchemaProblem, validate, withDefaults } from './validate.ts'
