import { ServiceAnnotation } from '@clarion-lb/crds'
import { formatKey, keyOf, type V1Service } from '@clarion-lb/k8s-watch'
import { ingressOf, ingressTextsOf, isLoadBalancer, type ServiceView } from '@clarion-lb/planner'

const { current, deprecated } = ServiceAnnotation.loadBalancerIps

/** Whether the status says that it has addresses. */
export function hasClaim(service: V1Service): boolean {
  return isLoadBalancer(service) && ingressOf(service).length > 0
}

/**
 * The Service, asking for exactly the addresses that it has: it gets these, or none. While the claims of all are taken
 * over nobody may be given an address that a later one in line still has.
 */
export function asClaim(service: V1Service): ServiceView {
  const { metadata, spec, ...rest } = service
  const { [deprecated]: _deprecated, ...annotations } = metadata?.annotations ?? {}
  const { loadBalancerIP: _loadBalancerIp, ...others } = spec ?? {}
  const wanted = { ...annotations, [current]: ingressTextsOf(service).join(',') }
  return { ...rest, metadata: { ...metadata, annotations: wanted }, spec: others }
}

/** Those with most addresses first, so that what they have is not given to others; then the older. */
export function byClaim(a: V1Service, b: V1Service): number {
  const claims = ingressOf(b).length - ingressOf(a).length
  if (claims !== 0) return claims
  const [ageA, ageB] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? '']
  if (ageA !== ageB) return ageA < ageB ? -1 : 1
  return formatKey(keyOf(a)) < formatKey(keyOf(b)) ? -1 : 1
}
