import type { Config, Pool, ServiceAllocation } from '@clarion-lb/config'
import type { Admission, PoolDefinition } from '@clarion-lb/ipam'

/** Who asks for an address: what the `serviceAllocation` of a pool looks at. */
export interface Requester {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** The pools as the allocator takes them. */
export function poolDefinitionsOf(config: Pick<Config, 'pools'>): readonly PoolDefinition<Requester>[] {
  return config.pools.map((pool) => ({
    name: pool.name,
    ranges: pool.ranges,
    autoAssign: pool.autoAssign,
    avoidBuggyIps: pool.avoidBuggyIps,
    reservation: reservationOf(pool)
  }))
}

function reservationOf({ serviceAllocation }: Pool): PoolDefinition<Requester>['reservation'] {
  if (serviceAllocation === undefined) return undefined
  return {
    priority: serviceAllocation.priority,
    admit: (requester) => admit(serviceAllocation, requester)
  }
}

/**
 * Namespaces and selectors must both agree. Namespace selectors that match no namespace close the pool to nobody, as in
 * MetalLB: it is not chosen automatically, but can be asked for.
 */
function admit({ namespaces, serviceSelectors }: ServiceAllocation, requester: Requester): Admission {
  const isSelected =
    serviceSelectors.length === 0 || serviceSelectors.some((selector) => selector.matches(requester.labels))
  if (!isSelected)
    return { admits: 'never', because: 'its serviceSelectors do not match the labels of the Service' }
  if (namespaces === undefined) return { admits: 'automatic' }
  if (namespaces.size === 0) return { admits: serviceSelectors.length === 0 ? 'onRequest' : 'automatic' }
  if (namespaces.has(requester.namespace)) return { admits: 'automatic' }
  return { admits: 'never', because: `not for namespace ${JSON.stringify(requester.namespace)}` }
}
