import type { Config } from '@clarion-lb/config'
import { AnnouncementPlanner } from './announcement-planner.ts'
import type { BgpChange } from './bgp-decider.ts'
import type { BgpDecision } from './bgp-decision.ts'
import type { ServiceEndpoints } from './endpoints.ts'
import type { NodeView } from './node-view.ts'
import type { ServiceView } from './service.ts'

export interface BgpPlannerOptions {
  /** The node that it decides for. */
  readonly node: string
  /** @defaultValue false */
  readonly ignoreExcludeLabel?: boolean
}

/**
 * What this node advertises by BGP, kept up to date change by change: one Service's change looks at that Service, and of
 * the nodes only its own counts, unless that is in maintenance. Nothing is decided before {@link BgpPlanner.setConfig} was
 * called. With layer 2 beside it, take {@link AnnouncementPlanner}.
 */
export class BgpPlanner {
  readonly #planner: AnnouncementPlanner

  constructor(options: BgpPlannerOptions) {
    this.#planner = new AnnouncementPlanner({ ...options, protocols: ['bgp'] })
  }

  /** Number of Services that are known. */
  get size(): number {
    return this.#planner.size
  }

  decisionOf(key: string): BgpDecision | undefined {
    return this.#planner.bgpDecisionOf(key)
  }

  setService(service: ServiceView, endpoints: ServiceEndpoints): readonly BgpChange[] {
    return this.#planner.setService(service, endpoints).bgp
  }

  removeService(key: string): readonly BgpChange[] {
    return this.#planner.removeService(key).bgp
  }

  setConfig(config: Pick<Config, 'pools' | 'peers'>): readonly BgpChange[] {
    return this.#planner.setConfig(config).bgp
  }

  /** `undefined`: the node's object is gone. */
  setNode(name: string, node: NodeView | undefined): readonly BgpChange[] {
    return this.#planner.setNode(name, node).bgp
  }

  /** `undefined`: nobody knows who is alive, and a node in maintenance keeps its routes. */
  setAlive(alive: ReadonlySet<string> | undefined): readonly BgpChange[] {
    return this.#planner.setAlive(alive)
  }
}
