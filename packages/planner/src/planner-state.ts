import type { Peer } from '@clarion-lb/config'
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
  /** Nodes whose speaker is alive, as far as that matters to routers; `undefined`: nobody knows. */
  alive: ReadonlySet<string> | undefined
  peers: readonly Peer[]
  /** `undefined`: there was no configuration yet, and nothing is decided. */
  pools: PoolIndex | undefined
}

const MAX_SHARED = 1000

/** Makes equal values one object: of thousands of Services most are refused, or have candidates, in the same few ways. */
export class Shared<T> {
  readonly #known = new Map<string, T>()

  /** @param id equal for equal values */
  share(id: string, value: T): T {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_SHARED) this.#known.clear()
    this.#known.set(id, value)
    return value
  }
}
