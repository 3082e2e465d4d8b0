import type { IpFamily } from '@clarion-lb/netaddr'
import { wireLengthOf } from './messages/prefixes.ts'
import type { Route, RouteAttributes, RouteKey } from './routes.ts'

/** What a batch may cost, about the octets that it takes on the wire; more, if that fills a message. */
const BATCH_COST = 32_768
/** However long messages may be, and whatever comes in between. */
const MAX_BATCH_COST = 4 * BATCH_COST
/** Header, attributes and communities of a message. */
const MESSAGE_COST = 128
/** Octets of the longest prefix on the wire. */
const MAX_PREFIX_LENGTH = { 4: 5, 6: 17 } as const

/** Changes to send: the withdrawn first, then those to reach, by attributes. */
export interface RibBatch {
  readonly withdrawn: readonly Route[]
  readonly reached: readonly (readonly Route[])[]
}

/** Octets of prefixes that a message with these attributes has room for; without attributes: a withdrawal. */
export type RoomOf = (attributes: RouteAttributes | undefined) => number

/** Routes of one batch that go into messages together, and how full the last of these is. */
class Packed {
  readonly routes: Route[] = []
  readonly #attributes: RouteAttributes | undefined
  #room: number | undefined
  #filled = 0
  /** Routes that are counted in that. */
  #counted = 0

  constructor(attributes: RouteAttributes | undefined) {
    this.#attributes = attributes
  }

  /** Whether the last message has room for a prefix of so many octets. */
  hasRoomFor(length: number, roomOf: RoomOf): boolean {
    this.#room ??= roomOf(this.#attributes)
    for (; this.#counted < this.routes.length; this.#counted += 1) {
      const next = wireLengthOf(this.routes[this.#counted]?.prefix.length ?? 0)
      this.#filled = this.#filled + next > this.#room ? next : this.#filled + next
    }
    return this.#filled + length <= this.#room
  }
}

/** What is known of one prefix. */
interface Entry {
  /** As it is wanted, or was wanted last. */
  route: Route
  isWanted: boolean
  /** What the peer has. */
  held: Route | undefined
  /** To be sent even if the peer has it. */
  isForced: boolean
  /** In the queue, once; it may be there for nothing, if the change was taken back. */
  isQueued: boolean
}

/**
 * What a peer is to be told of one family, and what of it it has not been told yet (RFC 4271 §3.2: Adj-RIB-Out).
 * A change is O(1), and sending a route looks nothing up. While there is no session only the wanted routes are known.
 */
export class FamilyRib {
  readonly #maxPrefixLength: number
  readonly #entries: Map<RouteKey, Entry> = new Map()
  #queue: Entry[] = []
  /** How much of the queue was taken. */
  #taken = 0
  #isActive = false
  #size = 0
  #pending = 0
  #advertised = 0

  constructor(family: IpFamily) {
    this.#maxPrefixLength = MAX_PREFIX_LENGTH[family]
  }

  get size(): number {
    return this.#size
  }

  get pendingCount(): number {
    return this.#isActive ? this.#pending : this.#size
  }

  get advertisedCount(): number {
    return this.#advertised
  }

  *routes(): Generator<Route> {
    for (const { route, isWanted } of this.#entries.values()) if (isWanted) yield route
  }

  set(route: Route): void {
    const entry = this.#entries.get(route.key)
    if (entry === undefined) {
      const created = { route, isWanted: true, held: undefined, isForced: false, isQueued: false }
      this.#entries.set(route.key, created)
      this.#size += 1
      if (!this.#isActive) return
      this.#pending += 1
      this.#enqueue(created)
      return
    }
    if (entry.isWanted && entry.route.attributes === route.attributes) return
    const wasPending = isPending(entry)
    if (!entry.isWanted) this.#size += 1
    entry.route = route
    entry.isWanted = true
    this.#note(entry, wasPending)
  }

  delete(key: RouteKey): void {
    const entry = this.#entries.get(key)
    if (entry?.isWanted !== true) return
    const wasPending = isPending(entry)
    entry.isWanted = false
    this.#size -= 1
    this.#note(entry, wasPending)
  }

  /** Everything is to be sent: the peer has nothing. */
  activate(): void {
    this.deactivate()
    this.#isActive = true
    this.#pending = this.#size
    this.#queue = [...this.#entries.values()]
    for (const entry of this.#queue) entry.isQueued = true
  }

  deactivate(): void {
    this.#isActive = false
    this.#advertised = 0
    this.#pending = 0
    this.#queue = []
    this.#taken = 0
    for (const [key, entry] of this.#entries) {
      if (!entry.isWanted) this.#entries.delete(key)
      entry.held = undefined
      entry.isForced = false
      entry.isQueued = false
    }
  }

  refresh(): void {
    if (!this.#isActive) return
    for (const entry of this.#entries.values()) {
      if (!entry.isWanted) continue
      const wasPending = isPending(entry)
      entry.isForced = true
      this.#note(entry, wasPending)
    }
  }

  take(roomOf: RoomOf = () => 0): RibBatch | undefined {
    const withdrawn = new Packed(undefined)
    const reached = new Map<RouteAttributes, Packed>()
    let last: Packed | undefined
    let cost = 0
    const isFilling = (): boolean =>
      cost <= MAX_BATCH_COST && last?.hasRoomFor(this.#maxPrefixLength, roomOf) === true
    while (cost <= BATCH_COST || isFilling()) {
      const entry = this.#next()
      if (entry === undefined) break
      cost += this.#maxPrefixLength
      const { route, held } = entry
      entry.isForced = false
      if (!entry.isWanted) {
        this.#entries.delete(route.key)
        if (held === undefined) continue
        withdrawn.routes.push(held)
        last = withdrawn
        continue
      }
      if (held === undefined) this.#advertised += 1
      entry.held = route
      const same = reached.get(route.attributes)
      if (same === undefined) cost += MESSAGE_COST
      last = same ?? new Packed(route.attributes)
      last.routes.push(route)
      reached.set(route.attributes, last)
    }
    this.#advertised -= withdrawn.routes.length
    if (withdrawn.routes.length === 0 && reached.size === 0) return undefined
    return { withdrawn: withdrawn.routes, reached: Array.from(reached.values(), ({ routes }) => routes) }
  }

  /** The next one that is to be sent, which is pending no more. */
  #next(): Entry | undefined {
    for (;;) {
      const entry = this.#queue[this.#taken]
      if (entry === undefined) {
        this.#queue = []
        this.#taken = 0
        return undefined
      }
      this.#taken += 1
      entry.isQueued = false
      if (isPending(entry)) {
        this.#pending -= 1
        return entry
      }
      if (!entry.isWanted) this.#entries.delete(entry.route.key)
    }
  }

  /** It was changed. */
  #note(entry: Entry, wasPending: boolean): void {
    if (!this.#isActive) {
      if (!entry.isWanted) this.#entries.delete(entry.route.key)
      return
    }
    const isNowPending = isPending(entry)
    if (isNowPending !== wasPending) this.#pending += isNowPending ? 1 : -1
    if (isNowPending) this.#enqueue(entry)
  }

  #enqueue(entry: Entry): void {
    if (entry.isQueued) return
    entry.isQueued = true
    // What was taken is let go from time to time: a queue that is never empty would only grow.
    if (this.#taken > 1000 && this.#taken * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#taken)
      this.#taken = 0
    }
    this.#queue.push(entry)
  }
}

/** Whether the peer has something else than what is wanted. */
function isPending({ route, isWanted, held, isForced }: Entry): boolean {
  if (!isWanted) return held !== undefined
  return held === undefined || isForced || held.attributes !== route.attributes
}
