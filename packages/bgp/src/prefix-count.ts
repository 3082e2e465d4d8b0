import type { IpFamily } from '@clarion-lb/netaddr'
import type { UpdateMessage } from './messages/model.ts'
import { type RouteKey, routeKeyOf } from './routes.ts'

/**
 * How many prefixes a peer has sent. With a limit they are told apart, and one more than that is all that is kept;
 * without one announcements and withdrawals are counted, which is more than there are if a route is announced twice.
 */
export class PrefixCount {
  #limit: number | undefined
  readonly #keys = { 4: new Set<RouteKey>(), 6: new Set<RouteKey>() } as const
  readonly #counts = { 4: 0, 6: 0 }

  /** @param limit of each family */
  constructor(limit: number | undefined) {
    this.#limit = limit
  }

  /** A limit that was not there before counts from the next session on: prefixes were not told apart until now. */
  setLimit(limit: number | undefined): void {
    if (this.#limit !== undefined && limit !== undefined) this.#limit = limit
  }

  /** @returns the family whose limit is exceeded, if one is. */
  add(update: UpdateMessage): IpFamily | undefined {
    const limit = this.#limit
    for (const prefix of update.withdrawn) {
      const family = prefix.first.family
      if (limit !== undefined) this.#keys[family].delete(routeKeyOf(prefix))
      else this.#counts[family] = Math.max(0, this.#counts[family] - 1)
    }
    for (const { prefixes } of update.reached) {
      for (const prefix of prefixes) {
        const { family } = prefix
        if (limit === undefined) this.#counts[family] += 1
        else {
          this.#keys[family].add(routeKeyOf(prefix))
          if (this.#keys[family].size > limit) return family
        }
      }
    }
    return undefined
  }

  count(family: IpFamily): number {
    return this.#limit === undefined ? this.#counts[family] : this.#keys[family].size
  }
}
