/**
 * For the tests of the apps: an API server with what was asked of it, and the objects that tests put there.
 *
 * @packageDocumentation
 */
export { freePort } from './free-port.ts'
export { METALLB_AUTHORITY } from './metallb-authority.ts'
export { endpointSlice, l2Advertisement, NAMESPACE, node, pool, service, serviceRef } from './objects.ts'
export { afterwards, TestCluster } from './test-cluster.ts'
