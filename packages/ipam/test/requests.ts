import { IpRange, parseIpAddress } from '@clarion-lb/netaddr'
import {
  type AllocateRequest,
  type AllocationResult,
  type AssignRequest,
  type Families,
  Ipam,
  type Opening,
  type PoolDefinition,
  type PortUse,
  type Sharing
} from '../src/index.ts'

/** Who asks in the tests: a name that reservations look at. */
export type Requester = string

export const IPV4: Families = { stack: 'single', family: 4 }
export const IPV6: Families = { stack: 'single', family: 6 }
export const DUAL: Families = { stack: 'dual' }
export const PREFER_DUAL: Families = { stack: 'preferDual', primary: 4 }

/** A pool of ranges given as text. */
export function pool(
  name: string,
  ranges: readonly string[],
  options: Partial<PoolDefinition<Requester>> = {}
): PoolDefinition<Requester> {
  return { name, ranges: ranges.map((range) => IpRange.parse(range)), ...options }
}

export function ipamOf(...pools: readonly PoolDefinition<Requester>[]): Ipam<Requester> {
  const ipam = new Ipam<Requester>()
  ipam.setPools(pools)
  return ipam
}

/** `allocate` for one IPv4 address, unless the options say otherwise. */
export function allocate(
  ipam: Ipam<Requester>,
  key: string,
  options: Partial<AllocateRequest<Requester>> = {}
): AllocationResult {
  return ipam.allocate({ key, requester: 'anyone', families: IPV4, ...options })
}

/** `assign` for addresses given as text, parted by blanks. */
export function assign(
  ipam: Ipam<Requester>,
  key: string,
  addresses: string,
  options: Partial<AssignRequest<Requester>> = {}
): AllocationResult {
  const parsed = addresses.split(' ').filter(Boolean).map(parseIpAddress)
  return ipam.assign({ key, requester: 'anyone', addresses: parsed, ...options })
}

/** The addresses as text, or the message of the refusal. */
export function outcome(result: AllocationResult): string {
  return result.outcome === 'allocated' ? result.allocation.addresses.join(' ') : result.refusal.message
}

/** What the key holds, as text. */
export function heldBy(ipam: Ipam<Requester>, key: string): string {
  return ipam.get(key)?.addresses.join(' ') ?? 'nothing'
}

export function tcp(...ports: readonly number[]): readonly PortUse[] {
  return ports.map((port) => ({ protocol: 'TCP', port }))
}

export function sharing(key: string, backend = ''): Sharing {
  return { key, backend }
}

/** As `pool address (sharing key)`, in order. */
export function formatOpenings(openings: readonly Opening[]): readonly string[] {
  return openings
    .map((one) => `${one.pool} ${one.address.toString()} ${one.sharing?.key ?? 'for anyone'}`)
    .toSorted()
}

/** Openings of a request that must have been granted. */
export function openingsOf(result: AllocationResult): readonly string[] {
  return result.outcome === 'allocated' ? formatOpenings(result.openings) : [result.refusal.message]
}
