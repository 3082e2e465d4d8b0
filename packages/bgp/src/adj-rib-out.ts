import type { IpFamily } from '@clarion-lb/netaddr'
import { FamilyRib, type RibBatch, type RoomOf } from './family-rib.ts'
import type { Route, RouteKey } from './routes.ts'
import { familyOfKey } from './routes.ts'

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
      for (const { key } of family.routes()) if (!keys.has(key)) family.delete(key)
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

  /**
   * Takes what is to be sent next, which counts as sent; `undefined`: nothing is. If it is known how much fits into a
   * message, a batch that is not the last one ends with a full message.
   */
  take(family: IpFamily, roomOf?: RoomOf): RibBatch | undefined {
    return this.#families[family].take(roomOf)
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
    return [...this.#families[4].routes(), ...this.#families[6].routes()]
  }

  #familyOf(key: RouteKey): FamilyRib {
    return this.#families[familyOfKey(key)]
  }
}
