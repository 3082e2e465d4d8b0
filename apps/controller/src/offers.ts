import type { Opening, PoolDefinition } from '@clarion-lb/ipam'
import type { Requester, WaitingServices, WaitingTurn } from '@clarion-lb/planner'

/** More at a time and all who wait are asked: passing them on one by one would take longer. */
const MAX_OPENINGS = 200

export interface OffersOptions {
  readonly waiting: WaitingServices
  readonly pools: () => readonly PoolDefinition<Requester>[]
  /** Has the Service look again. */
  readonly wake: (key: string) => void
}

/** Hands openings to those who wait, to one after the other until somebody takes them. */
export class Offers {
  readonly #options: OffersOptions
  readonly #offered = new Map<string, Opening[]>()

  constructor(options: OffersOptions) {
    this.#options = options
  }

  add(openings: readonly Opening[], after?: WaitingTurn): void {
    const { waiting, pools, wake } = this.#options
    if (openings.length === 0 || waiting.size === 0) return
    if (openings.length > MAX_OPENINGS) {
      for (const key of waiting.keys()) wake(key)
      return
    }
    for (const opening of openings) {
      const turn = waiting.nextFor(opening, pools(), after)
      if (turn === undefined) continue
      const offered = this.#offered.get(turn.key) ?? []
      offered.push(opening)
      this.#offered.set(turn.key, offered)
      wake(turn.key)
    }
  }

  /** What was offered to a Service that has looked now. */
  take(key: string): readonly Opening[] {
    const offered = this.#offered.get(key) ?? []
    this.#offered.delete(key)
    return offered
  }
}
