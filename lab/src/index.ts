/**
 * A segment of network namespaces with a cluster on it, for the demo, the end-to-end tests and the benchmarks.
 *
 * @packageDocumentation
 */
export { hostAddresses, nodeHostNumber, nodeName, SEGMENT, withoutPrefixLength } from './addresses.ts'
export { connectApi, type LabApi, type Manifest } from './api.ts'
export { Client } from './client/client.ts'
export { type Outage } from './client/prober.ts'
export { Cluster, type ClusterOptions, SYSTEM_NAMESPACE } from './cluster.ts'
export { type ServiceState } from './demo/story.ts'
export { LabProcess, type LabProcessOptions } from './lab-process.ts'
export { isInSandbox, prepareSandbox, probeSandbox, spawnSandboxed } from './sandbox.ts'
export { Segment, type SegmentHost } from './segment/segment.ts'
export { run } from './shell.ts'
