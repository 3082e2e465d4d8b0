import type { Ipam } from '@clarion-lb/ipam'
import type { Requester } from '@clarion-lb/planner'
import { Gauge, type Registry } from 'prom-client'

const ADDRESSES = {
  metallb_allocator_addresses_total: 'Addresses of a pool',
  metallb_allocator_ipv4_addresses_total: 'IPv4 addresses of a pool',
  metallb_allocator_ipv6_addresses_total: 'IPv6 addresses of a pool',
  metallb_allocator_addresses_in_use_total: 'Addresses of a pool that are in use',
  metallb_allocator_ipv4_addresses_in_use_total: 'IPv4 addresses of a pool that are in use',
  metallb_allocator_ipv6_addresses_in_use_total: 'IPv6 addresses of a pool that are in use',
  metallb_allocator_services_allocated_total: 'Services that have addresses of a pool'
} as const

type Name = keyof typeof ADDRESSES

/** Registers the gauges of the allocator; they are read when somebody scrapes. */
export function registerAllocatorMetrics(
  registry: Registry,
  current: () => Ipam<Requester> | undefined
): void {
  for (const name of Object.keys(ADDRESSES).filter(isName)) {
    const gauge: Gauge<'pool'> = new Gauge({
      name,
      help: ADDRESSES[name],
      labelNames: ['pool'],
      registers: [registry],
      collect: () => {
        gauge.reset()
        const ipam = current()
        for (const { name: pool } of ipam?.pools() ?? []) gauge.set({ pool }, valueOf(ipam, pool, name))
      }
    })
  }
}

function valueOf(ipam: Ipam<Requester> | undefined, pool: string, name: Name): number {
  const usage = ipam?.usage(pool)
  if (usage === undefined) return 0
  const { ipv4, ipv6, allocations } = usage
  switch (name) {
    case 'metallb_allocator_addresses_total':
      return Number(ipv4.capacity + ipv6.capacity)
    case 'metallb_allocator_ipv4_addresses_total':
      return Number(ipv4.capacity)
    case 'metallb_allocator_ipv6_addresses_total':
      return Number(ipv6.capacity)
    case 'metallb_allocator_addresses_in_use_total':
      return Number(ipv4.assigned + ipv6.assigned)
    case 'metallb_allocator_ipv4_addresses_in_use_total':
      return Number(ipv4.assigned)
    case 'metallb_allocator_ipv6_addresses_in_use_total':
      return Number(ipv6.assigned)
    case 'metallb_allocator_services_allocated_total':
      return allocations
  }
}

function isName(name: string): name is Name {
  return name in ADDRESSES
}
