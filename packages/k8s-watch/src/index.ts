/**
 * Kubernetes list and watch caches, work queue, reconcile loop, status writer, events and leader election.
 *
 * @packageDocumentation
 */
export { type AccessRequest, type AccessVerb, type AccessVerdict } from './access.ts'
export { Backoff, type BackoffOptions, backoffDelay } from './backoff.ts'
export {
  INFORMER_CHANNEL,
  type InformerMessage,
  LEADER_CHANNEL,
  type LeaderMessage,
  RECONCILE_CHANNEL,
  type ReconcileMessage
} from './diagnostics.ts'
export {
  hasStatus,
  KubeApiError,
  type KubeApiErrorFacts,
  KubeConfigError,
  type KubeConfigReason,
  KubeTransportError,
  type KubeTransportReason,
  retryAfterOf
} from './errors.ts'
export { type EventCorrelatorOptions } from './event-correlator.ts'
export { type EventCounters, EventRecorder, type EventRecorderOptions } from './event-recorder.ts'
export { Informer } from './informer.ts'
export {
  type InformerClient,
  type InformerOptions,
  type InformerProblem,
  type ObjectChange,
  type WatchContact
} from './informer-options.ts'
export { KubeClient, type KubeClientOptions } from './kube-client.ts'
export {
  type KubeContext,
  type KubeContextOptions,
  loadKubeContext,
  parseKubeContext
} from './kube-config.ts'
export {
  type ApplyOptions,
  type DeleteOptions,
  type ListOptions,
  type ListPage,
  type Patch,
  type RequestOptions,
  type SelectorOptions,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions
} from './kube-request.ts'
export { LeaderElector, type LeaderElectorOptions, type LeadershipChange } from './leader-elector.ts'
export { LeaseHeartbeat, type LeaseHeartbeatOptions } from './lease-heartbeat.ts'
export {
  LeaseObserver,
  type LeaseObserverOptions,
  type LeaseVerdict,
  type LeaseVerdictChange
} from './lease-observer.ts'
export { type ListAllOptions, type ListedObjects, listAll } from './list-all.ts'
export {
  formatKey,
  type Json,
  type KubeObject,
  keyOf,
  type ObjectKey,
  type ObjectMeta,
  parseKey
} from './object.ts'
export { type IndexFunction, ObjectCache, type ObjectView } from './object-cache.ts'
export {
  DONE,
  type Reconcile,
  type ReconcileCounters,
  type ReconcileFailure,
  ReconcileLoop,
  type ReconcileLoopOptions,
  type ReconcileResult,
  TerminalError
} from './reconcile-loop.ts'
export {
  apiVersionOf,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  defineResource,
  ENDPOINT_SLICES,
  EVENTS,
  LEASES,
  NAMESPACES,
  NODES,
  PODS,
  type ResourceRef,
  resourcePath,
  SECRETS,
  SERVICES,
  VALIDATING_WEBHOOK_CONFIGURATIONS
} from './resource.ts'
export { isOlderVersion } from './resource-version.ts'
export { isSameJson } from './same-json.ts'
export { StatusWriter, type StatusWriterOptions, type WriteResult } from './status-writer.ts'
export { TokenBucket, type TokenBucketOptions } from './token-bucket.ts'
export type {
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1EndpointSlice,
  V1Event,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1Secret,
  V1Service,
  V1ValidatingWebhookConfiguration
} from './types.ts'
export { type WorkItem, WorkQueue } from './work-queue.ts'
