import type { IpFamily } from '@clarion-lb/netaddr'
import type { UpdateMessage } from './messages/model.ts'
import { type RouteKey, routeKeyOf } from './routes.ts'

/** So many are told apart where there is no limit. */
const MAX_TOLD_APART = 10_000

/**
 * How many prefixes a peer has sent. With a limit they are told apart, and one more than that is all that is kept. Without
 * one those beyond the first ten thousand are not: announcements and withdrawals of these are counted, which is more than
 * there are if a route is announced twice.
 */
export class PrefixCount {
  #limit: number | undefined
  readonly #keys = { 4: new Set<RouteKey>(), 6: new Set<RouteKey>() } as const
  /** Of those that are not told apart. */
  readonly #others = { 4: 0, 6: 0 }

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
      if (!this.#keys[family].delete(routeKeyOf(prefix)))
        this.#others[family] = Math.max(0, this.#others[family] - 1)
    }
    for (const { prefixes } of update.reached) {
      for (const prefix of prefixes) {
        const { family } = prefix
        const keys = this.#keys[family]
        const key = routeKeyOf(prefix)
        if (limit === undefined && keys.size >= MAX_TOLD_APART && !keys.has(key)) this.#others[family] += 1
        else keys.add(key)
        if (limit !== undefined && keys.size > limit) return family
      }
    }
    return undefined
  }

  count(family: IpFamily): number {
    return this.#keys[family].size + this.#others[family]
  }
}
