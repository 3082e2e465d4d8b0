import { type IpAddress, IpRange, parseIpAddress } from '@clarion-lb/netaddr'
import type { Admission, Families, PoolDefinition, PortUse, RefusalReason, Sharing } from '../src/index.ts'

/** All addresses of the model, in order: on both sides of a .255/.0 border, and some IPv6. */
export const UNIVERSE: readonly string[] = [
  ...Array.from({ length: 6 }, (_, i) => `192.0.2.${250 + i}`),
  ...Array.from({ length: 6 }, (_, i) => `192.0.3.${i}`),
  ...Array.from({ length: 8 }, (_, i) => (i === 0 ? '2001:db8::' : `2001:db8::${i}`))
]

export interface NaiveClaim {
  readonly key: string
  readonly sharing: Sharing | undefined
  readonly ports: readonly PortUse[]
}

export interface NaiveRequest extends NaiveClaim {
  readonly requester: string
  readonly pool: string | undefined
}

export interface NaiveHolding extends NaiveClaim {
  readonly pool: string
  readonly addresses: readonly string[]
}

export type NaiveResult = { readonly pool: string; readonly addresses: readonly string[] } | RefusalReason

/** The rules of the allocator, each looked up in a plain list by looking through all of it. */
export class NaiveIpam {
  pools: readonly PoolDefinition<string>[] = []
  held: readonly NaiveHolding[] = []

  /** Returns the displaced and the moved, as text. */
  setPools(pools: readonly PoolDefinition<string>[]): {
    readonly displaced: readonly string[]
    readonly moved: readonly string[]
  } {
    this.pools = pools.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const next = this.held.map((one) => ({
      one,
      pool: this.pools.find((pool) => one.addresses.every((address) => this.isUsable(pool, address)))
    }))
    this.held = next.flatMap(({ one, pool }) => (pool === undefined ? [] : [{ ...one, pool: pool.name }]))
    return {
      displaced: next.flatMap(({ one, pool }) => (pool === undefined ? [one.key] : [])).toSorted(),
      moved: next
        .flatMap(({ one, pool }) =>
          pool === undefined || pool.name === one.pool ? [] : [`${one.key} ${one.pool} ${pool.name}`]
        )
        .toSorted()
    }
  }

  allocate(request: NaiveRequest, families: Families): NaiveResult {
    if (this.pools.length === 0) return 'noPools'
    const requested = this.#find(request.pool)
    if (request.pool !== undefined && requested === undefined) return 'unknownPool'
    const held = this.get(request.key)
    if (held !== undefined) {
      const has = held.addresses.map(familyOf)
      const wants = families.stack === 'single' ? [families.family] : [4, 6]
      const isRight =
        has.length === wants.length && wants.every((family) => has.some((one) => one === family))
      return isRight || families.stack === 'preferDual'
        ? this.assign(request, held.addresses)
        : 'heldFamilies'
    }
    const candidates =
      requested === undefined
        ? this.#candidates(request)
        : [[requested].filter((pool) => isOpen(pool, request))]
    for (const pools of candidates) {
      for (const wanted of inOrderOfWish(families)) {
        for (const pool of pools) {
          const chosen = wanted.map((family) => this.#choose(pool, family, request))
          if (chosen.every((one) => one !== undefined)) return this.#give(pool, chosen, request)
        }
      }
    }
    return 'noAddress'
  }

  assign(request: NaiveRequest, addresses: readonly string[]): NaiveResult {
    if (this.pools.length > 0 && request.pool !== undefined && this.#find(request.pool) === undefined)
      return 'unknownPool'
    if (new Set(addresses.map(familyOf)).size !== addresses.length || addresses.length === 0)
      return 'addressCount'
    if (this.pools.length === 0) return 'noPools'
    const pool = this.pools.find((one) => addresses.every((address) => this.isUsable(one, address)))
    if (pool === undefined || (request.pool ?? pool.name) !== pool.name) return 'addressRefused'
    if (!isOpen(pool, request)) return 'addressRefused'
    if (!addresses.every((address) => this.canHold(address, request))) return 'addressRefused'
    return this.#give(pool, addresses, request)
  }

  extend(request: NaiveRequest): NaiveResult {
    const held = this.get(request.key)
    const [only, another] = held?.addresses ?? []
    const pool = this.#find(held?.pool)
    if (only === undefined || another !== undefined || pool === undefined) return 'heldFamilies'
    if (!isOpen(pool, request) || !this.canHold(only, request)) return 'addressRefused'
    const second = this.#choose(pool, familyOf(only) === 4 ? 6 : 4, request)
    return second === undefined ? 'noAddress' : this.#give(pool, [only, second], request)
  }

  release(key: string): void {
    this.held = this.held.filter((one) => one.key !== key)
  }

  get(key: string): NaiveHolding | undefined {
    return this.held.find((one) => one.key === key)
  }

  holders(address: string): readonly NaiveHolding[] {
    return this.held.filter((one) => one.addresses.includes(address))
  }

  isUsable(pool: PoolDefinition<string>, address: string): boolean {
    if (pool.avoidBuggyIps === true && /\.(0|255)$/.test(address)) return false
    return pool.ranges.some((range) => range.contains(parsed(address)))
  }

  canHold(address: string, claim: NaiveClaim): boolean {
    return this.holders(address).every(
      (other) =>
        other.key === claim.key ||
        (other.sharing !== undefined &&
          other.sharing.key === claim.sharing?.key &&
          other.sharing.backend === claim.sharing.backend &&
          !other.ports.some((use) => claim.ports.some((mine) => isSamePort(use, mine))))
    )
  }

  #find(name: string | undefined): PoolDefinition<string> | undefined {
    return this.pools.find((pool) => pool.name === name)
  }

  /** The reserved ones by priority, then the open ones, each by name. */
  #candidates(request: NaiveRequest): readonly (readonly PoolDefinition<string>[])[] {
    const automatic = this.pools.filter(
      (pool) => pool.autoAssign !== false && admission(pool, request).admits === 'automatic'
    )
    const rank = ({ reservation }: PoolDefinition<string>): number =>
      reservation !== undefined && reservation.priority > 0 ? reservation.priority : Infinity
    const ranks = [...new Set(automatic.map(rank))].toSorted((a, b) => a - b)
    const reserved = automatic.filter((pool) => pool.reservation !== undefined)
    return [
      ranks.flatMap((value) => reserved.filter((pool) => rank(pool) === value)),
      automatic.filter((pool) => pool.reservation === undefined)
    ]
  }

  #choose(pool: PoolDefinition<string>, family: number, claim: NaiveClaim): string | undefined {
    return pool.ranges
      .flatMap((range) => UNIVERSE.filter((address) => range.contains(parsed(address))))
      .filter((address) => familyOf(address) === family)
      .find((address) => this.isUsable(pool, address) && this.canHold(address, claim))
  }

  #give(
    pool: PoolDefinition<string>,
    chosen: readonly string[],
    { key, sharing, ports }: NaiveClaim
  ): NaiveResult {
    const before = this.get(key)?.addresses ?? []
    const isSame = before.length === chosen.length && chosen.every((address) => before.includes(address))
    const addresses = isSame ? before : chosen
    this.release(key)
    this.held = [...this.held, { key, sharing, ports, pool: pool.name, addresses }]
    return { pool: pool.name, addresses }
  }
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

const PARSED = new Map(UNIVERSE.map((address) => [address, parseIpAddress(address)]))

function parsed(address: string): IpAddress {
  return PARSED.get(address) ?? parseIpAddress(address)
}

/** A range of the universe, both ends included. */
export function universeRange(first: number, last: number): IpRange {
  return IpRange.of(parseIpAddress(UNIVERSE[first] ?? ''), parseIpAddress(UNIVERSE[last] ?? ''))
}

function isSamePort(a: PortUse, b: PortUse): boolean {
  return a.protocol === b.protocol && a.port === b.port
}

function admission(pool: PoolDefinition<string>, { requester }: NaiveRequest): Admission {
  return pool.reservation?.admit(requester) ?? { admits: 'automatic' }
}

function isOpen(pool: PoolDefinition<string>, request: NaiveRequest): boolean {
  return admission(pool, request).admits !== 'never'
}

function inOrderOfWish(families: Families): readonly (readonly number[])[] {
  switch (families.stack) {
    case 'single':
      return [[families.family]]
    case 'dual':
      return [[4, 6]]
    case 'preferDual':
      return families.primary === 4 ? [[4, 6], [4], [6]] : [[4, 6], [6], [4]]
  }
}
