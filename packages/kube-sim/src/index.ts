/**
 * An in-memory Kubernetes API server over HTTPS, with faults on demand, for tests and demos.
 *
 * @packageDocumentation
 */
export {
  Api,
  type ApiHooks,
  type Change,
  type DeleteOptions,
  type DeleteResult,
  type WriteOptions
} from './api.ts'
export { ApiError, type ApiErrorReason, type FieldProblem, type ResourceName } from './api-error.ts'
export { type CertificateAuthority } from './certificates.ts'
export {
  type ActiveFault,
  type FaultAction,
  type FaultMatch,
  type FaultRule,
  Faults,
  type FaultTarget,
  type RequestFacts,
  type Verb
} from './faults.ts'
export { type ChangeEvent, History } from './history.ts'
export { type Json, type JsonObject } from './json.ts'
export { type KubeObject, type ObjectMeta } from './kube-object.ts'
export { KubeSim, type KubeSimOptions, type RestartOptions } from './kube-sim.ts'
export { Registry } from './registry.ts'
export { type Column, type ResourceType, type Strategy, type WriteContext } from './resource-type.ts'
export { type Selector } from './selectors.ts'
export { type Journal, Store, type StoreChange, type StoreOptions, type StoreSnapshot } from './store.ts'
export { StoredObject, type VersionView } from './stored-object.ts'
export { type TokenOwner, Tokens } from './tokens.ts'
