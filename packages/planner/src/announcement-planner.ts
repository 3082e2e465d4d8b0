import type { Config } from '@clarion-lb/config'
import { type BgpChange, BgpDecider } from './bgp-decider.ts'
import type { BgpDecision } from './bgp-decision.ts'
import { isSameEndpoints, type ServiceEndpoints } from './endpoints.ts'
import { type L2Change, L2Decider } from './l2-decider.ts'
import type { L2Decision } from './l2-election.ts'
import type { NodeView } from './node-view.ts'
import type { PlannerState } from './planner-state.ts'
import { PoolIndex } from './pool-index.ts'
import { type ServiceView, serviceKey } from './service.ts'

export type Protocol = 'layer2' | 'bgp'

export interface AnnouncementPlannerOptions {
  /** The node that it decides for. */
  readonly node: string
  /** @defaultValue false */
  readonly ignoreExcludeLabel?: boolean
  /** @defaultValue both */
  readonly protocols?: readonly Protocol[]
}

/** Decisions that are others than before. */
export interface AnnouncementChanges {
  readonly l2: readonly L2Change[]
  readonly bgp: readonly BgpChange[]
}

/**
 * What this node announces, by all protocols, kept up to date change by change: Services, endpoints, nodes and pools are
 * held once. One Service's change looks at that Service alone. Nothing is decided before
 * {@link AnnouncementPlanner.setConfig} was called.
 */
export class AnnouncementPlanner {
  readonly #state: PlannerState
  readonly #l2: L2Decider | undefined
  readonly #bgp: BgpDecider | undefined

  constructor(options: AnnouncementPlannerOptions) {
    const { node, ignoreExcludeLabel = false, protocols = ['layer2', 'bgp'] } = options
    this.#state = {
      node,
      ignoreExcludeLabel,
      services: new Map(),
      nodes: new Map(),
      alive: undefined,
      peers: [],
      pools: undefined
    }
    this.#l2 = protocols.includes('layer2') ? new L2Decider(this.#state) : undefined
    this.#bgp = protocols.includes('bgp') ? new BgpDecider(this.#state) : undefined
  }

  /** Number of Services that are known. */
  get size(): number {
    return this.#state.services.size
  }

  l2DecisionOf(key: string): L2Decision | undefined {
    return this.#state.services.get(key)?.l2
  }

  bgpDecisionOf(key: string): BgpDecision | undefined {
    return this.#state.services.get(key)?.bgp
  }

  setService(service: ServiceView, endpoints: ServiceEndpoints): AnnouncementChanges {
    const { services } = this.#state
    const key = serviceKey(service)
    const known = services.get(key)
    if (known === undefined) services.set(key, { service, endpoints, l2: undefined, bgp: undefined })
    else if (known.service === service && isSameEndpoints(known.endpoints, endpoints)) return NONE
    else {
      known.service = service
      known.endpoints = endpoints
    }
    return this.#decide([key])
  }

  removeService(key: string): AnnouncementChanges {
    const known = this.#state.services.get(key)
    if (known === undefined) return NONE
    this.#state.services.delete(key)
    return { l2: this.#l2?.forget(key, known) ?? [], bgp: this.#bgp?.forget(key, known) ?? [] }
  }

  setConfig({ pools, peers }: Pick<Config, 'pools' | 'peers'>): AnnouncementChanges {
    this.#state.pools = new PoolIndex(pools)
    this.#state.peers = peers
    return this.#decide([...this.#state.services.keys()])
  }

  /** `undefined`: the node's object is gone. */
  setNode(name: string, node: NodeView | undefined): AnnouncementChanges {
    if (node === undefined) this.#state.nodes.delete(name)
    else this.#state.nodes.set(name, node)
    return { l2: this.#l2?.nodesChanged([name]) ?? [], bgp: this.#bgp?.nodesChanged() ?? [] }
  }

  /** The nodes that are alive, for the layer-2 election. `undefined`: every known node. */
  setMembers(members: ReadonlySet<string> | undefined): readonly L2Change[] {
    return this.#l2?.setMembers(members) ?? []
  }

  /**
   * The nodes that are alive, for BGP: a node in maintenance withdraws what another one advertises. Unlike the members of
   * the election these may follow each verdict. `undefined`: nobody knows, and routes stay.
   */
  setAlive(alive: ReadonlySet<string> | undefined): readonly BgpChange[] {
    this.#state.alive = alive
    return this.#bgp?.nodesChanged() ?? []
  }

  #decide(keys: readonly string[]): AnnouncementChanges {
    return { l2: this.#l2?.decide(keys) ?? [], bgp: this.#bgp?.decide(keys) ?? [] }
  }
}

const NONE: AnnouncementChanges = { l2: [], bgp: [] }
