import { type BgpDecision, type BgpRoute, decideBgp, otherNextHops } from './bgp-decision.ts'
import { isSameCommunities } from './community-lists.ts'
import { type KnownService, type PlannerState, Shared } from './planner-state.ts'

/** A decision that is another than before. */
export interface BgpChange {
  /** `namespace/name` of the Service. */
  readonly key: string
  readonly before: BgpDecision | undefined
  /** `undefined`: the Service is gone. */
  readonly after: BgpDecision | undefined
}

type Refusal = Extract<BgpDecision, { outcome: 'withhold' }>

/** The BGP part of a planner. Of the nodes it is only its own that counts, unless that is in maintenance. */
export class BgpDecider {
  readonly #state: PlannerState
  readonly #refusals = new Shared<Refusal>()
  #fitness: string

  constructor(state: PlannerState) {
    this.#state = state
    this.#fitness = fitnessOf(state)
  }

  decide(keys: Iterable<string>): readonly BgpChange[] {
    const { node, services, pools, ...rest } = this.#state
    if (pools === undefined) return []
    const snapshot = { pools, ...rest }
    const changes: BgpChange[] = []
    for (const key of keys) {
      const known = services.get(key)
      if (known === undefined) continue
      const before = known.bgp
      const decided = decideBgp(node, known.service, known.endpoints, snapshot)
      const after =
        decided.outcome === 'withhold'
          ? this.#refusals.share(`${decided.reason}\n${decided.because}`, decided)
          : decided
      const isSame = before !== undefined && isSameDecision(before, after)
      // The object that is known is kept: whoever took it over holds no second one.
      if (isSame && before.because === after.because) continue
      known.bgp = after
      if (!isSame) changes.push({ key, before, after })
    }
    return changes
  }

  forget(key: string, { bgp: before }: KnownService): readonly BgpChange[] {
    return before === undefined ? [] : [{ key, before, after: undefined }]
  }

  /** A node, or which of them are alive, may be another. */
  nodesChanged(): readonly BgpChange[] {
    const fitness = fitnessOf(this.#state)
    if (fitness === this.#fitness) return []
    this.#fitness = fitness
    return this.decide(this.#state.services.keys())
  }
}

/** What of nodes takes part in decisions: the own one, and once routes of that may go all others. */
function fitnessOf(state: PlannerState): string {
  const { node } = state
  const view = state.nodes.get(node)
  const own = [view?.isNetworkUnavailable === true, view?.isExcluded === true]
  if (view?.maintenance?.isWithdrawn !== true) return own.join()
  return [...own, view.maintenance.because, ...otherNextHops(node, state)].join()
}

function isSameDecision(a: BgpDecision, b: BgpDecision): boolean {
  if (a === b) return true
  if (a.outcome === 'withhold' || b.outcome === 'withhold')
    return a.outcome === 'withhold' && b.outcome === 'withhold' && a.reason === b.reason
  return (
    a.pool === b.pool &&
    a.addresses.join() === b.addresses.join() &&
    a.routes.length === b.routes.length &&
    a.routes.every((route, i) => isSameRoute(route, b.routes[i]))
  )
}

function isSameRoute(a: BgpRoute, b: BgpRoute | undefined): boolean {
  return (
    b !== undefined &&
    a.advertisement === b.advertisement &&
    a.localPref === b.localPref &&
    a.prefix.equals(b.prefix) &&
    a.peers?.join() === b.peers?.join() &&
    isSameCommunities(a.communities, b.communities)
  )
}
