/**
 * An in-memory Kubernetes API server over HTTPS, with faults on demand, for tests and demos.
 *
 * @packageDocumentation
 */
export {}
