/**
 * Kubernetes list and watch caches, work queue, reconcile loop, status writer, events and leader election.
 *
 * @packageDocumentation
 */
export {}
