import type { Config } from '@clarion-lb/config'
import { AnnouncementPlanner } from './announcement-planner.ts'
import type { ServiceEndpoints } from './endpoints.ts'
import type { L2Change } from './l2-decider.ts'
import type { L2Decision } from './l2-election.ts'
import type { NodeView } from './node-view.ts'
import type { ServiceView } from './service.ts'

export interface L2PlannerOptions {
  /** The node that it decides for. */
  readonly node: string
  /** @defaultValue false */
  readonly ignoreExcludeLabel?: boolean
}

/**
 * What this node announces by layer 2, kept up to date change by change: one Service's change looks at that Service, a
 * node that leaves at the Services that it announced. Nothing is decided before {@link L2Planner.setConfig} was called.
 * With BGP beside it, take {@link AnnouncementPlanner}.
 */
export class L2Planner {
  readonly #planner: AnnouncementPlanner

  constructor(options: L2PlannerOptions) {
    this.#planner = new AnnouncementPlanner({ ...options, protocols: ['layer2'] })
  }

  /** Number of Services that are known. */
  get size(): number {
    return this.#planner.size
  }

  decisionOf(key: string): L2Decision | undefined {
    return this.#planner.l2DecisionOf(key)
  }

  setService(service: ServiceView, endpoints: ServiceEndpoints): readonly L2Change[] {
    return this.#planner.setService(service, endpoints).l2
  }

  removeService(key: string): readonly L2Change[] {
    return this.#planner.removeService(key).l2
  }

  setConfig(config: Pick<Config, 'pools'>): readonly L2Change[] {
    return this.#planner.setConfig({ ...config, peers: [] }).l2
  }

  /** `undefined`: the node's object is gone. */
  setNode(name: string, node: NodeView | undefined): readonly L2Change[] {
    return this.#planner.setNode(name, node).l2
  }

  /** `undefined`: every known node is alive. */
  setMembers(members: ReadonlySet<string> | undefined): readonly L2Change[] {
    return this.#planner.setMembers(members)
  }
}
