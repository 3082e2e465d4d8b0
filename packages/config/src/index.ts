/**
 * metallb.io resources, or the legacy ConfigMap, to one model, with a list of problems.
 *
 * @packageDocumentation
 */
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
