import type { Pool, Selector } from '@clarion-lb/config'
import { type IpAddress, tryParseIpAddress } from '@clarion-lb/netaddr'
import type { PoolIndex } from './pool-index.ts'
import { ingressTextsOf, isLoadBalancer, type ServiceView } from './service.ts'

/** Why a Service has nothing to announce, whatever the protocol. The names are MetalLB's. */
export type UnusableReason = 'notLoadBalancer' | 'noIPAllocated' | 'invalidIP' | 'ipNotAllowed'

/** The addresses in a Service's status with the one pool that they are of, or why there are none. */
export type FoundAddresses =
  | { readonly outcome: 'found'; readonly addresses: readonly IpAddress[]; readonly pool: Pool }
  | { readonly outcome: 'unusable'; readonly reason: UnusableReason; readonly because: string }

/** What there is to announce of a Service: the checks that come first in every protocol, in MetalLB's order. */
export function findAddresses(service: ServiceView, pools: PoolIndex): FoundAddresses {
  if (!isLoadBalancer(service)) return unusable('notLoadBalancer', 'it is not of type LoadBalancer')
  const entries = service.status?.loadBalancer?.ingress ?? []
  if (entries.length === 0) return unusable('noIPAllocated', 'it has no address')
  const texts = ingressTextsOf(service)
  if (texts.length < entries.length)
    return unusable('invalidIP', 'its status names a host instead of an address')
  const addresses: IpAddress[] = []
  for (const text of texts) {
    const address = tryParseIpAddress(text)
    if (address === undefined)
      return unusable('invalidIP', `${JSON.stringify(text)} in its status is not an address`)
    addresses.push(address)
  }
  const pool = pools.findAll(addresses)
  if (pool !== undefined) return { outcome: 'found', addresses, pool }
  return unusable('ipNotAllowed', `${texts.join(', ')}: not in one of the pools`)
}

/** Whether an advertisement is for a Service: one of its selectors matches, or it has none. */
export function selectsService(
  { serviceSelectors }: { readonly serviceSelectors: readonly Selector[] },
  service: ServiceView
): boolean {
  const labels = service.metadata?.labels
  return serviceSelectors.length === 0 || serviceSelectors.some((selector) => selector.matches(labels))
}

function unusable(reason: UnusableReason, because: string): FoundAddresses {
  return { outcome: 'unusable', reason, because }
}
