/**
 * A segment of network namespaces with a cluster on it, for the demo, the end-to-end tests and the benchmarks.
 *
 * @packageDocumentation
 */
export {
  hostAddresses,
  nodeHostNumber,
  nodeName,
  OUTSIDE,
  SEGMENT,
  withoutPrefixLength
} from './addresses.ts'
export { connectApi, type LabApi, type Manifest } from './api.ts'
export { Client } from './client/client.ts'
export { type Outage } from './client/prober.ts'
export { Cluster, type ClusterOptions, SYSTEM_NAMESPACE } from './cluster.ts'
export { isOfRouter, isOfSegment } from './demo/example-files.ts'
export { type ServiceState } from './demo/story.ts'
export { FAILOVER_CASES, type FailoverCase } from './failover/cases.ts'
export {
  FAILOVER_CONDITIONS,
  type FailoverConditions,
  FailoverLab,
  type FailoverLabOptions,
  type Owners
} from './failover/failover-lab.ts'
export { type FailoverRound, runCase } from './failover/run-case.ts'
export {
  type AddressReport,
  type AddressState,
  type FailoverOutcome,
  type StreamGap,
  type StreamMove,
  summarize
} from './failover/stream-report.ts'
export { LabProcess, type LabProcessOptions } from './lab-process.ts'
export { BirdRouter } from './router/bird.ts'
export { type NextHopsSince } from './router/kernel-routes.ts'
export { type Router, type RouterConfig, type RouterPeer, type RouterSession } from './router/router.ts'
export { RouterSite, type RouterSiteOptions } from './router/site.ts'
export { runChild } from './run-child.ts'
export { isInSandbox, prepareSandbox, probeSandbox, spawnSandboxed } from './sandbox.ts'
export { Segment, type SegmentHost } from './segment/segment.ts'
export { run } from './shell.ts'
export { SlowDoor } from './slow-door.ts'
