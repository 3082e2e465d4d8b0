import type { BgpDecision } from './bgp-decision.ts'
import type { ServiceEndpoints } from './endpoints.ts'
import type { L2Decision } from './l2-election.ts'
import type { NodeView } from './node-view.ts'
import type { PoolIndex } from './pool-index.ts'
import type { ServiceView } from './service.ts'

/** A Service and what was decided of it. It is changed in place, one object for all protocols: there are thousands. */
export interface KnownService {
  service: ServiceView
  endpoints: ServiceEndpoints
  l2: L2Decision | undefined
  bgp: BgpDecision | undefined
}

/** What the deciders of one planner have in common. The planner writes it, but for each decider's own decisions. */
export interface PlannerState {
  /** The node that is decided for. */
  readonly node: string
  readonly ignoreExcludeLabel: boolean
  readonly services: Map<string, KnownService>
  readonly nodes: Map<string, NodeView>
  /** `undefined`: there was no configuration yet, and nothing is decided. */
  pools: PoolIndex | undefined
}

const MAX_SHARED = 1000

/** Makes equal refusals one object: most Services that a node withholds, it withholds for the same few reasons. */
export class SharedRefusals<T extends { readonly reason: string; readonly because: string }> {
  readonly #known = new Map<string, T>()

  share(refusal: T, ...more: readonly (string | undefined)[]): T {
    const id = [refusal.reason, refusal.because, ...more].join('\n')
    const known = this.#known.get(id)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_SHARED) this.#known.clear()
    this.#known.set(id, refusal)
    return refusal
  }
}

/** Makes equal orders of candidates one list: there are few nodes, and thousands of Services. */
export class SharedOrders {
  readonly #known = new Map<string, readonly string[]>()

  share(order: readonly string[]): readonly string[] {
    const id = order.join()
    const known = this.#known.get(id)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_SHARED) this.#known.clear()
    this.#known.set(id, order)
    return order
  }
}
