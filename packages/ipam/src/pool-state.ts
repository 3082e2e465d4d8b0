import assert from 'node:assert/strict'
import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { FreeIndex } from './free-index.ts'
import { type Claim, formatPort, Holding } from './holding.ts'
import { createLane, type Lane } from './lane.ts'
import type { Allocation, FamilyUsage, Opening, PoolDefinition, PoolUsage } from './model.ts'
import { RangeIndex } from './range-index.ts'
import type { AddressConflict } from './refusal.ts'
import { comparePositions, ShareGroups } from './share-groups.ts'

/** The lanes of one family. */
interface FamilyLanes {
  /** Positions in the pool's list of lanes. */
  readonly lanes: readonly number[]
  /** Which of `lanes` have nothing left to search. */
  readonly full: FreeIndex
  readonly capacity: bigint
  assigned: number
}

/** One pool and what is held of it. Decides nothing about who may. */
export class PoolState<R> {
  #definition: PoolDefinition<R>
  readonly #lanes: readonly Lane[]
  readonly #laneIndex: RangeIndex<number>
  readonly #ipv4: FamilyLanes
  readonly #ipv6: FamilyLanes
  readonly #positions = new Map<number, number>()
  /** IPv4 by number, IPv6 by bigint. */
  readonly #holdings = new Map<number | bigint, Holding>()
  readonly #shares = new ShareGroups()
  #allocations = 0

  constructor(definition: PoolDefinition<R>) {
    this.#definition = definition
    this.#lanes = definition.ranges.map((range) => createLane(range, definition.avoidBuggyIps === true))
    this.#laneIndex = new RangeIndex(this.#lanes.map((lane, value) => ({ range: lane.range, value })))
    this.#ipv4 = this.#familyLanes(4)
    this.#ipv6 = this.#familyLanes(6)
  }

  get definition(): PoolDefinition<R> {
    return this.#definition
  }

  /** Whether the definition gives out exactly the same addresses, in the same order. */
  hasAddressesOf(definition: PoolDefinition<R>): boolean {
    return (
      (definition.avoidBuggyIps === true) === (this.#definition.avoidBuggyIps === true) &&
      definition.ranges.length === this.#definition.ranges.length &&
      definition.ranges.every((range, i) => this.#definition.ranges[i]?.equals(range) === true)
    )
  }

  /** Takes on a definition of the same name and addresses. */
  redefine(definition: PoolDefinition<R>): void {
    assert(definition.name === this.#definition.name && this.hasAddressesOf(definition))
    this.#definition = definition
  }

  /** `usable`, or why the address cannot come from this pool. */
  verdict(address: IpAddress): 'usable' | 'avoided' | 'outside' {
    const position = this.#laneIndex.find(address)
    if (position === undefined) return 'outside'
    return this.#lane(position).isUsable(address) ? 'usable' : 'avoided'
  }

  /** Why the claim cannot have the address, `undefined` if it can. */
  conflict(address: IpAddress, claim: Claim): AddressConflict | undefined {
    return this.#holdings.get(addressKey(address))?.conflict(claim)
  }

  /** The first address, in the order of the pool, that is free or that the claim can join. */
  choose(family: IpFamily, claim: Claim): IpAddress | undefined {
    const free = this.#firstFree(this.#family(family))
    const shared = this.#shares.firstJoinable(family, claim)
    if (free === undefined || shared === undefined) return (free ?? shared)?.address
    return comparePositions(free, shared) < 0 ? free.address : shared.address
  }

  /** Number of usable addresses. */
  capacity(family: IpFamily): bigint {
    return this.#family(family).capacity
  }

  usage(): PoolUsage {
    return {
      pool: this.#definition.name,
      ipv4: familyUsage(this.#ipv4),
      ipv6: familyUsage(this.#ipv6),
      allocations: this.#allocations
    }
  }

  /** Returns the addresses concerned, as they are then. */
  hold(allocation: Allocation): readonly Holding[] {
    this.#allocations += 1
    return allocation.addresses.map((address) => {
      const holding = this.#holdings.get(addressKey(address)) ?? this.#open(address)
      this.#shares.leave(holding)
      holding.add(allocation)
      this.#shares.enter(holding)
      return holding
    })
  }

  /** Returns the addresses concerned, as they are then; those that nobody holds any more have a count of 0. */
  drop(allocation: Allocation): readonly Holding[] {
    this.#allocations -= 1
    return allocation.addresses.map((address) => {
      const holding = this.#holdings.get(addressKey(address))
      assert(holding !== undefined)
      this.#shares.leave(holding)
      holding.remove(allocation)
      if (holding.count === 0) this.#close(holding)
      else this.#shares.enter(holding)
      return holding
    })
  }

  /**
   * What a change of one key's allocation made possible for others. Call it when the change is done.
   *
   * @param touched what {@link drop} and {@link hold} returned, in this order.
   * @param before what the key held of this pool.
   */
  openings(touched: readonly Holding[], before: Allocation | undefined): readonly Opening[] {
    const pool = this.#definition.name
    return touched.flatMap((holding, i) => {
      const { address, sharing } = holding
      // An address that was dropped and is held again comes twice: the later is how it is now.
      if (touched.findLastIndex((one) => one.address.equals(address)) !== i) return []
      const wasHeldBy = before?.addresses.some((one) => one.equals(address)) === true ? before : undefined
      return isOpening(holding, wasHeldBy) ? [{ pool, address, sharing }] : []
    })
  }

  /** Keys that hold the address, in order. */
  holders(address: IpAddress): readonly string[] {
    return this.#holdings.get(addressKey(address))?.keys() ?? []
  }

  #open(address: IpAddress): Holding {
    const position = this.#laneIndex.find(address)
    assert(position !== undefined)
    const lane = this.#lane(position)
    const index = lane.indexOf(address)
    if (index !== undefined) lane.free.take(index)
    const family = this.#family(address.family)
    family.assigned += 1
    if (lane.free.isFull) family.full.take(this.#positionInFamily(position))
    const holding = new Holding(address, position)
    this.#holdings.set(addressKey(address), holding)
    return holding
  }

  #close(holding: Holding): void {
    const lane = this.#lane(holding.lane)
    const index = lane.indexOf(holding.address)
    const family = this.#family(holding.address.family)
    if (index !== undefined) lane.free.give(index)
    if (!lane.free.isFull) family.full.give(this.#positionInFamily(holding.lane))
    family.assigned -= 1
    this.#holdings.delete(addressKey(holding.address))
  }

  #firstFree(family: FamilyLanes): { readonly lane: number; readonly address: IpAddress } | undefined {
    const at = family.full.first()
    const position = at === undefined ? undefined : family.lanes[at]
    if (position === undefined) return undefined
    const lane = this.#lane(position)
    const index = lane.free.first()
    return index === undefined ? undefined : { lane: position, address: lane.addressAt(index) }
  }

  #familyLanes(family: IpFamily): FamilyLanes {
    const lanes = this.#lanes.flatMap((lane, position) => (lane.family === family ? [position] : []))
    const full = new FreeIndex(lanes.length)
    let capacity = 0n
    for (const [at, position] of lanes.entries()) {
      const lane = this.#lane(position)
      this.#positions.set(position, at)
      capacity += lane.capacity
      if (lane.free.isFull) full.take(at)
    }
    return { lanes, full, capacity, assigned: 0 }
  }

  #positionInFamily(position: number): number {
    return this.#positions.get(position) ?? 0
  }

  #family(family: IpFamily): FamilyLanes {
    return family === 4 ? this.#ipv4 : this.#ipv6
  }

  #lane(position: number): Lane {
    const lane = this.#lanes[position]
    assert(lane !== undefined)
    return lane
  }
}

/** Whether others can have or join an address who could not while the key held it as `before` says. */
function isOpening(holding: Holding, before: Allocation | undefined): boolean {
  const { count, sharing } = holding
  if (count === 0) return true
  if (sharing === undefined) return false
  if (before === undefined) return count === 1
  return (
    before.sharing?.key !== sharing.key ||
    before.sharing.backend !== sharing.backend ||
    before.ports.some((use) => !holding.usesPort(formatPort(use)))
  )
}

function addressKey(address: IpAddress): number | bigint {
  return address.family === 4 ? address.toNumber() : address.toBigInt()
}

function familyUsage({ capacity, assigned }: FamilyLanes): FamilyUsage {
  const used = BigInt(assigned)
  return { assigned: used, available: capacity - used, capacity }
}
