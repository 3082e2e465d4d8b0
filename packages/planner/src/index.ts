/**
 * The decisions: which addresses a Service has, which node announces them and why, which do not and why not.
 *
 * @packageDocumentation
 */
export { convergeService, type ServiceDecision, type ServiceEvent } from './converge.ts'
export { type EndpointSliceView, type ServiceEndpoints, summarizeEndpoints } from './endpoints.ts'
export {
  decideL2,
  electionDigest,
  type L2Decision,
  type L2Snapshot,
  type NodeView,
  type WithholdReason
} from './l2-election.ts'
export { type L2Change, L2Planner, type L2PlannerOptions } from './l2-planner.ts'
export { PoolIndex } from './pool-index.ts'
export { poolDefinitionsOf, type Requester } from './requester.ts'
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
export { type WantedAddress, WantedAddresses, type WantedDifference } from './wanted-addresses.ts'
