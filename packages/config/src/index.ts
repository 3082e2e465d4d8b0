/**
 * metallb.io resources, or the legacy ConfigMap, to one model, with a list of problems.
 *
 * @packageDocumentation
 */
export { buildConfig, type ConfigResult } from './build-config.ts'
export { compareCommunities, parseCommunity, sortCommunities } from './communities.ts'
export { parseDurationMs } from './duration.ts'
export { type LegacyConfigResult, parseLegacyConfig } from './legacy.ts'
export type {
  BfdProfile,
  BgpAdvertisement,
  Community,
  Config,
  L2Advertisement,
  Peer,
  Pool,
  Problem,
  Selector,
  ServiceAllocation
} from './model.ts'
export { formatProblem } from './problems.ts'
export type { ConfigMapView, ConfigResources, Labelled, SecretView } from './resources.ts'
export {
  type CompiledSelector,
  compileSelector,
  type LabelSelector,
  type LabelSelectorRequirement
} from './selector.ts'
