import assert from 'node:assert/strict'
import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { InvalidPoolsError } from './errors.ts'
import { formatPort } from './holding.ts'
import type {
  AllocateRequest,
  Allocation,
  AllocationResult,
  AssignRequest,
  Families,
  Move,
  PoolDefinition,
  PoolsChange,
  PoolUsage,
  PortUse,
  Release,
  RequestBase
} from './model.ts'
import { PoolState } from './pool-state.ts'
import { RangeIndex } from './range-index.ts'
import { createRefusal, type Refusal } from './refusal.ts'
import { type Choice, chooseFromAny, chooseFromPool, chooseSecond } from './search.ts'
import { checkStated, refuseWithoutPools } from './stated.ts'

const NO_PORTS: readonly PortUse[] = []

/**
 * Gives out addresses of pools, in memory.
 *
 * Answers depend on what is held and on the request alone: pools of equal rank are taken by name, addresses from
 * the lowest up. Every method is synchronous and does either all that it says or nothing.
 *
 * @typeParam R who asks; only the reservations of pools look into it.
 */
export class Ipam<R> {
  #pools: ReadonlyMap<string, PoolState<R>> = new Map()
  /** In order of name. */
  #sorted: readonly PoolState<R>[] = []
  #ranges: RangeIndex<PoolState<R>> = new RangeIndex([])
  readonly #allocations = new Map<string, Allocation>()

  /**
   * Replaces the pools. Allocations stay where one pool, of whatever name, still has all their addresses; the others
   * are dropped and returned. Reservations are not asked again: assign the same addresses to hear what they say now.
   *
   * @throws {@link InvalidPoolsError} if a name comes twice or ranges overlap; nothing has changed then.
   */
  setPools(definitions: readonly PoolDefinition<R>[]): PoolsChange {
    const next = new Map<string, PoolState<R>>()
    for (const definition of definitions) {
      const { name } = definition
      if (next.has(name)) {
        const text = `two pools have the name ${JSON.stringify(name)}`
        throw new InvalidPoolsError('duplicate-name', [name, name], text)
      }
      const current = this.#pools.get(name)
      next.set(name, current?.hasAddressesOf(definition) === true ? current : new PoolState(definition))
    }
    const sorted = [...next.values()].toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
    const ranges = new RangeIndex(
      sorted.flatMap((value) => value.definition.ranges.map((range) => ({ range, value })))
    )
    refuseOverlap(ranges)

    const kept = new Set([...next.values()].filter((pool) => this.#pools.get(pool.definition.name) === pool))
    const uprooted = [...this.#allocations.values()]
      .filter((allocation) => !kept.has(this.#poolOf(allocation)))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    for (const definition of definitions) next.get(definition.name)?.redefine(definition)
    this.#pools = next
    this.#sorted = sorted
    this.#ranges = ranges
    return this.#replant(uprooted)
  }

  /**
   * Chooses addresses and gives them to the key. A key that holds some keeps them, if they are still legal for it
   * and of the families asked for.
   *
   * In the order of the pools' ranges, the first address is taken that is free or that may be shared.
   */
  allocate(request: AllocateRequest<R>): AllocationResult {
    if (this.#sorted.length === 0) return { outcome: 'refused', refusal: refuseWithoutPools() }
    const unknown = this.#refuseUnknownPool(request.pool)
    if (unknown !== undefined) return { outcome: 'refused', refusal: unknown }
    const held = this.get(request.key)
    if (held !== undefined) {
      const mismatch = refuseHeldFamilies(held, request.families)
      if (mismatch !== undefined) return { outcome: 'refused', refusal: mismatch }
      return this.assign({ ...request, addresses: held.addresses })
    }
    const pool = request.pool === undefined ? undefined : this.#pools.get(request.pool)
    return this.#settle(
      request,
      pool === undefined ? chooseFromAny(this.#sorted, request) : chooseFromPool(pool, request)
    )
  }

  /**
   * Gives the stated addresses to the key, in the stated order, instead of what it holds; also how addresses that
   * were given out earlier are taken over, in any order. On refusal the key keeps what it holds.
   */
  assign(request: AssignRequest<R>): AllocationResult {
    const unknown = this.#sorted.length === 0 ? undefined : this.#refuseUnknownPool(request.pool)
    if (unknown !== undefined) return { outcome: 'refused', refusal: unknown }
    const around = { pools: this.#sorted, find: (address: IpAddress) => this.#ranges.find(address) }
    return this.#settle(request, checkStated(request, around))
  }

  /** Adds an address of the other family, from the same pool, to the one address that the key holds. */
  extend(request: Omit<RequestBase<R>, 'pool'>): AllocationResult {
    const held = this.get(request.key)
    const [only, another] = held?.addresses ?? []
    if (held === undefined || only === undefined || another !== undefined) {
      return {
        outcome: 'refused',
        refusal: createRefusal('heldFamilies', [], 'the key holds no single address')
      }
    }
    const kept = checkStated(
      { ...request, pool: undefined, addresses: held.addresses },
      { pools: this.#sorted, find: (address) => this.#ranges.find(address) }
    )
    if (!kept.found) return { outcome: 'refused', refusal: kept.refusal }
    return this.#settle(request, chooseSecond(this.#poolOf(held), only, request))
  }

  /** Takes back what the key holds. */
  release(key: string): Release | undefined {
    const allocation = this.#allocations.get(key)
    if (allocation === undefined) return undefined
    const pool = this.#poolOf(allocation)
    const touched = pool.drop(allocation)
    this.#allocations.delete(key)
    return { allocation, openings: pool.openings(touched, allocation) }
  }

  get(key: string): Allocation | undefined {
    return this.#allocations.get(key)
  }

  /** Name of the pool that an address is in, whether or not it gives it out. */
  poolOf(address: IpAddress): string | undefined {
    return this.#ranges.find(address)?.definition.name
  }

  /** Keys that hold the address, in order. */
  holdersOf(address: IpAddress): readonly string[] {
    return this.#ranges.find(address)?.holders(address) ?? []
  }

  /** The pools in force, in order of name. */
  pools(): readonly PoolDefinition<R>[] {
    return this.#sorted.map((pool) => pool.definition)
  }

  /** What is held of a pool, or of all, in no order. Do not change the allocations during the iteration. */
  *allocations(pool?: string): Generator<Allocation, void, undefined> {
    for (const allocation of this.#allocations.values()) {
      if (pool === undefined || allocation.pool === pool) yield allocation
    }
  }

  /** `undefined` for a pool that does not exist. */
  usage(pool: string): PoolUsage | undefined {
    return this.#pools.get(pool)?.usage()
  }

  /** Number of keys that hold something. */
  get size(): number {
    return this.#allocations.size
  }

  #settle(request: Omit<RequestBase<R>, 'pool'>, choice: Choice<R>): AllocationResult {
    if (!choice.found) return { outcome: 'refused', refusal: choice.refusal }
    const { pool } = choice
    const held = this.get(request.key)
    if (held !== undefined && isSameClaim(held, request, choice.addresses)) {
      return { outcome: 'allocated', allocation: held, isChanged: false, openings: [] }
    }
    const allocation: Allocation = {
      key: request.key,
      pool: pool.definition.name,
      addresses: inHeldOrder(choice.addresses, held),
      sharing: request.sharing,
      ports: request.ports ?? NO_PORTS
    }
    const before = held === undefined ? pool : this.#poolOf(held)
    const dropped = held === undefined ? [] : before.drop(held)
    const taken = pool.hold(allocation)
    this.#allocations.set(request.key, allocation)
    const openings =
      before === pool
        ? pool.openings([...dropped, ...taken], held)
        : [...before.openings(dropped, held), ...pool.openings(taken, undefined)]
    return { outcome: 'allocated', allocation, isChanged: true, openings }
  }

  /** Finds places for allocations whose pools are gone. They were legal together, so only the pool can be lacking. */
  #replant(uprooted: readonly Allocation[]): PoolsChange {
    const displaced: Allocation[] = []
    const moved: Move[] = []
    for (const allocation of uprooted) {
      const [first] = allocation.addresses
      const pool = first === undefined ? undefined : this.#ranges.find(first)
      if (pool === undefined || !allocation.addresses.every((one) => pool.verdict(one) === 'usable')) {
        this.#allocations.delete(allocation.key)
        displaced.push(allocation)
        continue
      }
      const { name } = pool.definition
      const placed = name === allocation.pool ? allocation : { ...allocation, pool: name }
      pool.hold(placed)
      if (placed === allocation) continue
      this.#allocations.set(placed.key, placed)
      moved.push({ allocation: placed, from: allocation.pool })
    }
    return { displaced, moved }
  }

  #poolOf(allocation: Allocation): PoolState<R> {
    const pool = this.#pools.get(allocation.pool)
    assert(pool !== undefined)
    return pool
  }

  #refuseUnknownPool(name: string | undefined): Refusal | undefined {
    if (name === undefined || this.#pools.has(name)) return undefined
    return createRefusal('unknownPool', [], `there is no pool ${JSON.stringify(name)}`)
  }
}

function refuseOverlap<R>(ranges: RangeIndex<PoolState<R>>): void {
  const overlap = ranges.overlap()
  if (overlap === undefined) return
  const [a, b] = overlap
  const names = [a.value.definition.name, b.value.definition.name] as const
  const text = `${a.range.toString()} of pool ${JSON.stringify(names[0])} overlaps ${b.range.toString()} of pool ${JSON.stringify(names[1])}`
  throw new InvalidPoolsError('overlap', names, text)
}

function refuseHeldFamilies(held: Allocation, families: Families): Refusal | undefined {
  const has = new Set<IpFamily>(held.addresses.map((address) => address.family))
  const isWanted =
    families.stack === 'preferDual' ||
    (families.stack === 'dual' ? has.size === 2 : has.size === 1 && has.has(families.family))
  if (isWanted) return undefined
  const text = held.addresses.map((address) => address.toString()).join(', ')
  return createRefusal('heldFamilies', [], `${text} is held, which is not of the families asked for`)
}

function isSameClaim(
  held: Allocation,
  request: Pick<RequestBase<unknown>, 'sharing' | 'ports'>,
  addresses: readonly IpAddress[]
): boolean {
  return (
    isSameSet(held.addresses.map(String), addresses.map(String)) &&
    held.sharing?.key === request.sharing?.key &&
    held.sharing?.backend === request.sharing?.backend &&
    isSameSet(held.ports.map(formatPort), (request.ports ?? []).map(formatPort))
  )
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.every((one) => b.includes(one)) && b.every((one) => a.includes(one))
}

/** The same addresses keep the order in which they are held. */
function inHeldOrder(addresses: readonly IpAddress[], held: Allocation | undefined): readonly IpAddress[] {
  if (held === undefined) return addresses
  return isSameSet(held.addresses.map(String), addresses.map(String)) ? held.addresses : addresses
}
