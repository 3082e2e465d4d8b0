import {
  type IpAddress,
  type IpFamily,
  IpPrefix,
  Ipv4Address,
  Ipv6Address,
  tryParseIpAddress
} from '@clarion-lb/netaddr'
import { arrayAt, numberAt, stringsAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type StoreChange } from './store.ts'

/** Where cluster IPs and node ports come from. */
export interface ServiceAllocationsOptions {
  readonly cidrs: readonly string[]
  readonly nodePortRange: readonly [first: number, last: number]
}

/**
 * Knows which cluster IPs and node ports the stored Services have. It follows the store, so there is nothing to give
 * back when a write is refused.
 */
export class ServiceAllocations {
  readonly #prefixes: readonly IpPrefix[]
  readonly #nodePorts: readonly [number, number]
  readonly #usedAddresses = new Map<string, number>()
  readonly #usedPorts = new Map<number, number>()
  readonly #cursors = new Map<IpFamily, bigint>()
  #portCursor: number

  /** @throws InvalidAddressError for a prefix that is not one. */
  constructor(options: ServiceAllocationsOptions) {
    this.#prefixes = options.cidrs.map((text) => IpPrefix.parse(text))
    this.#nodePorts = options.nodePortRange
    this.#portCursor = options.nodePortRange[0]
  }

  /** The families that the cluster has, the default one first. */
  get families(): readonly IpFamily[] {
    return this.#prefixes.map((prefix) => prefix.first.family)
  }

  /** The store starts anew. */
  reset(): void {
    this.#usedAddresses.clear()
    this.#usedPorts.clear()
  }

  /** Follows a change of the store. */
  observe({ resource, current, previous }: StoreChange): void {
    if (resource !== '/services') return
    if (previous !== undefined) this.#count(previous.object, -1)
    if (current !== undefined) this.#count(current.object, 1)
  }

  /** A free address of a family, or `undefined` when there is none. */
  nextAddress(family: IpFamily): IpAddress | undefined {
    const prefix = this.#prefixes.find(({ first }) => first.family === family)
    if (prefix === undefined) return undefined
    // The first address is the network, the second belongs to the API server, the last of IPv4 is the broadcast address.
    const usable = prefix.size - (family === 4 ? 3n : 2n)
    const base = numberOf(prefix.first) + 2n
    const start = this.#cursors.get(family) ?? 0n
    for (let step = 0n; step < usable; step++) {
      const offset = (start + step) % usable
      const address = addressOf(family, base + offset)
      if (this.#usedAddresses.has(address.toString())) continue
      this.#cursors.set(family, offset + 1n)
      return address
    }
    return undefined
  }

  /** Why an address cannot be given to a Service, or `undefined` when it can. */
  refuseAddress(text: string): string | undefined {
    const address = tryParseIpAddress(text)
    if (address === undefined) return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
    if (!this.#prefixes.some((prefix) => prefix.contains(address))) {
      return `failed to allocate IP ${text}: the provided IP (${text}) is not in the valid range. The range of valid IPs is ${this.#prefixes.join(', ')}`
    }
    if (this.#usedAddresses.has(address.toString()))
      return `failed to allocate IP ${text}: provided IP is already allocated`
    return undefined
  }

  /** A free node port that is not among some others. */
  nextNodePort(taken: ReadonlySet<number>): number | undefined {
    const [first, last] = this.#nodePorts
    const count = last - first + 1
    for (let step = 0; step < count; step++) {
      const port = first + ((this.#portCursor - first + step) % count)
      if (this.#usedPorts.has(port) || taken.has(port)) continue
      this.#portCursor = port + 1
      return port
    }
    return undefined
  }

  /** Why a node port cannot be given, or `undefined` when it can. */
  refuseNodePort(port: number): string | undefined {
    const [first, last] = this.#nodePorts
    if (port < first || port > last)
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
    return this.#usedPorts.has(port) ? 'provided port is already allocated' : undefined
  }

  #count(service: KubeObject, change: 1 | -1): void {
    for (const text of stringsAt(service, 'spec', 'clusterIPs')) {
      const address = tryParseIpAddress(text)
      if (address !== undefined) count(this.#usedAddresses, address.toString(), change)
    }
    for (const port of nodePortsOf(service)) count(this.#usedPorts, port, change)
  }
}

/** Every node port of a Service, that of the health check included; each once. */
export function nodePortsOf(service: KubeObject): ReadonlySet<number> {
  const ports = arrayAt(service, 'spec', 'ports').map((port) => numberAt(port, 'nodePort') ?? 0)
  const healthCheck = numberAt(service, 'spec', 'healthCheckNodePort') ?? 0
  return new Set([...ports, healthCheck].filter((port) => port > 0))
}

function count<Key>(counts: Map<Key, number>, key: Key, change: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + change
  if (next <= 0) counts.delete(key)
  else counts.set(key, next)
}

function numberOf(address: IpAddress): bigint {
  return address.family === 4 ? BigInt(address.toNumber()) : address.toBigInt()
}

function addressOf(family: IpFamily, value: bigint): IpAddress {
  return family === 4 ? Ipv4Address.fromNumber(Number(value)) : Ipv6Address.fromBigInt(value)
}
