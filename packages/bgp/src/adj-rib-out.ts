import type { IpFamily } from '@clarion-lb/netaddr'
import type { Route, RouteAttributes, RouteKey } from './routes.ts'
import { familyOfKey } from './routes.ts'

/** What a batch may cost, about the octets that it takes on the wire. */
const BATCH_COST = 32_768
/** Header, attributes and communities of a message. */
const MESSAGE_COST = 128
const PREFIX_COST = { 4: 5, 6: 17 } as const

/** Changes to send: the withdrawn first, then those to reach, by attributes. */
export interface RibBatch {
  readonly withdrawn: readonly Route[]
  readonly reached: readonly (readonly Route[])[]
}

/**
 * What a peer is to be told of one family, and what of it it has not been told yet (RFC 4271 §3.2: Adj-RIB-Out).
 * A change is O(1). While there is no session nothing but the wanted routes is kept.
 */
class FamilyRib {
  readonly #prefixCost: number
  readonly #wanted: Map<RouteKey, Route> = new Map()
  /** Changed since they were sent, in order, with what the peer has: `undefined` if nothing. */
  readonly #pending: Map<RouteKey, Route | undefined> = new Map()
  /** Of the pending ones: to be sent even if the peer has them. */
  readonly #forced: Set<RouteKey> = new Set()
  #isActive = false
  #advertised = 0

  constructor(family: IpFamily) {
    this.#prefixCost = PREFIX_COST[family]
  }

  get size(): number {
    return this.#wanted.size
  }

  get pendingCount(): number {
    return this.#isActive ? this.#pending.size : this.#wanted.size
  }

  get advertisedCount(): number {
    return this.#advertised
  }

  get wanted(): ReadonlyMap<RouteKey, Route> {
    return this.#wanted
  }

  set(route: Route): void {
    const { key } = route
    const previous = this.#wanted.get(key)
    if (previous?.attributes === route.attributes) return
    this.#wanted.set(key, route)
    if (!this.#isActive) return
    if (!this.#pending.has(key)) this.#pending.set(key, previous)
    else if (this.#pending.get(key)?.attributes === route.attributes && !this.#forced.has(key))
      this.#pending.delete(key)
  }

  delete(key: RouteKey): void {
    const previous = this.#wanted.get(key)
    if (previous === undefined) return
    this.#wanted.delete(key)
    if (!this.#isActive) return
    if (!this.#pending.has(key)) this.#pending.set(key, previous)
    else if (this.#pending.get(key) === undefined) this.#pending.delete(key)
  }

  activate(): void {
    this.deactivate()
    this.#isActive = true
    for (const key of this.#wanted.keys()) this.#pending.set(key, undefined)
  }

  deactivate(): void {
    this.#isActive = false
    this.#advertised = 0
    this.#pending.clear()
    this.#forced.clear()
  }

  refresh(): void {
    if (!this.#isActive) return
    for (const [key, route] of this.#wanted) {
      if (!this.#pending.has(key)) this.#pending.set(key, route)
      this.#forced.add(key)
    }
  }

  take(): RibBatch | undefined {
    if (!this.#isActive || this.#pending.size === 0) return undefined
    const withdrawn: Route[] = []
    const reached = new Map<RouteAttributes, Route[]>()
    let cost = 0
    for (const [key, held] of this.#pending) {
      if (cost > BATCH_COST) break
      cost += this.#prefixCost
      this.#pending.delete(key)
      this.#forced.delete(key)
      const route = this.#wanted.get(key)
      if (route === undefined) {
        if (held !== undefined) withdrawn.push(held)
        continue
      }
      if (held === undefined) this.#advertised += 1
      const same = reached.get(route.attributes)
      if (same !== undefined) same.push(route)
      else {
        reached.set(route.attributes, [route])
        cost += MESSAGE_COST
      }
    }
    this.#advertised -= withdrawn.length
    return { withdrawn, reached: [...reached.values()] }
  }
}

/**
 * The routes for one peer. The session that is Established activates the families that it can send, takes batches while
 * the connection has room for them, and deactivates at its end; then nothing is known of what the peer has.
 */
export class AdjRibOut {
  readonly #families = { 4: new FamilyRib(4), 6: new FamilyRib(6) } as const

  set(route: Route): void {
    this.#familyOf(route.key).set(route)
  }

  delete(key: RouteKey): void {
    this.#familyOf(key).delete(key)
  }

  /** Makes these the wanted routes; of two with the same prefix the last one counts. */
  replace(routes: Iterable<Route>): void {
    const keys = new Set<RouteKey>()
    for (const route of routes) {
      keys.add(route.key)
      this.set(route)
    }
    for (const family of [this.#families[4], this.#families[6]])
      for (const key of family.wanted.keys()) if (!keys.has(key)) family.delete(key)
  }

  /** Everything is to be sent: the peer has nothing. */
  activate(family: IpFamily): void {
    this.#families[family].activate()
  }

  /** The session is over. */
  deactivate(): void {
    this.#families[4].deactivate()
    this.#families[6].deactivate()
  }

  /** Everything is to be sent once more, though the peer has it (RFC 2918). */
  refresh(family: IpFamily): void {
    this.#families[family].refresh()
  }

  /** Takes what is to be sent next, which counts as sent; `undefined`: nothing is. */
  take(family: IpFamily): RibBatch | undefined {
    return this.#families[family].take()
  }

  /** Wanted routes. */
  size(family: IpFamily): number {
    return this.#families[family].size
  }

  /** Changes that were not taken yet; without a session, all routes. */
  pendingCount(family: IpFamily): number {
    return this.#families[family].pendingCount
  }

  /** Routes that the peer was told. */
  advertisedCount(family: IpFamily): number {
    return this.#families[family].advertisedCount
  }

  /** The routes wanted at this moment. */
  routes(): Iterable<Route> {
    return [...this.#families[4].wanted.values(), ...this.#families[6].wanted.values()]
  }

  #familyOf(key: RouteKey): FamilyRib {
    return this.#families[familyOfKey(key)]
  }
}
