/**
 * The decisions: which addresses a Service has, which nodes announce them, by layer 2 or BGP, and why, which do not and why not.
 *
 * @packageDocumentation
 */
export {
  type AnnouncementChanges,
  AnnouncementPlanner,
  type AnnouncementPlannerOptions,
  type Protocol
} from './announcement-planner.ts'
export type { BgpChange } from './bgp-decider.ts'
export {
  type BgpDecision,
  type BgpRoute,
  type BgpSnapshot,
  type BgpWithholdReason,
  decideBgp
} from './bgp-decision.ts'
export { BgpPlanner, type BgpPlannerOptions } from './bgp-planner.ts'
export { convergeService, type ServiceDecision, type ServiceEvent } from './converge.ts'
export { type EndpointSliceView, type ServiceEndpoints, summarizeEndpoints } from './endpoints.ts'
export type { UnusableReason } from './found-addresses.ts'
export type { L2Change } from './l2-decider.ts'
export {
  decideL2,
  electionDigest,
  type L2Decision,
  type L2Snapshot,
  MAX_CANDIDATES,
  type WithholdReason
} from './l2-election.ts'
export { L2Planner, type L2PlannerOptions } from './l2-planner.ts'
export type { NodeMaintenance, NodeView } from './node-view.ts'
export { PoolIndex } from './pool-index.ts'
export { poolDefinitionsOf, type Requester } from './requester.ts'
export type { RouteConflict } from './route-conflicts.ts'
export type { WantedRoute } from './route-merge.ts'
export {
  annotationOf,
  deprecatedAnnotationsOf,
  ingressOf,
  ingressTextsOf,
  isLoadBalancer,
  isOfClass,
  type ServiceView,
  serviceKey
} from './service.ts'
export { WaitingServices, type WaitingTurn, type WaitRequest } from './waiting-services.ts'
export {
  type HandedOver,
  type WantedAddress,
  WantedAddresses,
  type WantedDifference
} from './wanted-addresses.ts'
export { type PeerDifference, WantedRoutes } from './wanted-routes.ts'
