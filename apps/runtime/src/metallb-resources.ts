import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  BGPSessionState,
  Community,
  ConfigurationState,
  IPAddressPool,
  L2Advertisement,
  ServiceBGPStatus,
  ServiceL2Status
} from '@clarion-lb/crds'
import { FRR_K8S_GROUP } from '@clarion-lb/crds'
import { defineResource, type ResourceRef } from '@clarion-lb/k8s-watch'

const COMMON = { group: 'metallb.io', version: 'v1beta1', isNamespaced: true } as const

export const IP_ADDRESS_POOLS: ResourceRef<IPAddressPool> = defineResource({
  ...COMMON,
  plural: 'ipaddresspools',
  kind: 'IPAddressPool'
})
export const L2_ADVERTISEMENTS: ResourceRef<L2Advertisement> = defineResource({
  ...COMMON,
  plural: 'l2advertisements',
  kind: 'L2Advertisement'
})
export const BGP_ADVERTISEMENTS: ResourceRef<BGPAdvertisement> = defineResource({
  ...COMMON,
  plural: 'bgpadvertisements',
  kind: 'BGPAdvertisement'
})
export const BGP_PEERS: ResourceRef<BGPPeer> = defineResource({
  ...COMMON,
  version: 'v1beta2',
  plural: 'bgppeers',
  kind: 'BGPPeer'
})
export const BFD_PROFILES: ResourceRef<BFDProfile> = defineResource({
  ...COMMON,
  plural: 'bfdprofiles',
  kind: 'BFDProfile'
})
export const COMMUNITIES: ResourceRef<Community> = defineResource({
  ...COMMON,
  plural: 'communities',
  kind: 'Community'
})
export const SERVICE_L2_STATUSES: ResourceRef<ServiceL2Status> = defineResource({
  ...COMMON,
  plural: 'servicel2statuses',
  kind: 'ServiceL2Status'
})
export const SERVICE_BGP_STATUSES: ResourceRef<ServiceBGPStatus> = defineResource({
  ...COMMON,
  plural: 'servicebgpstatuses',
  kind: 'ServiceBGPStatus'
})
export const CONFIGURATION_STATES: ResourceRef<ConfigurationState> = defineResource({
  ...COMMON,
  plural: 'configurationstates',
  kind: 'ConfigurationState'
})
export const BGP_SESSION_STATES: ResourceRef<BGPSessionState> = defineResource({
  ...COMMON,
  group: FRR_K8S_GROUP,
  plural: 'bgpsessionstates',
  kind: 'BGPSessionState'
})
