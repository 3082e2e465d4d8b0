import { decideL2, isCandidate, type L2Decision, type L2Snapshot } from './l2-election.ts'
import { type KnownService, type PlannerState, Shared } from './planner-state.ts'

/** A decision that is another than before. */
export interface L2Change {
  /** `namespace/name` of the Service. */
  readonly key: string
  readonly before: L2Decision | undefined
  /** `undefined`: the Service is gone. */
  readonly after: L2Decision | undefined
}

const NONE_LOST: ReadonlySet<string> = new Set()

type Refusal = Extract<L2Decision, { outcome: 'withhold' }>

/** The layer-2 part of a planner: knows whom a change touches. */
export class L2Decider {
  readonly #state: PlannerState
  /** The nodes that were candidates when it was decided last. */
  readonly #candidates = new Set<string>()
  readonly #refusals = new Shared<Refusal>()
  readonly #orders = new Shared<readonly string[]>()
  /** Nodes that give something up: how much, to whom or why. */
  readonly #concessions = new Map<string, string>()
  #members: ReadonlySet<string> | undefined

  constructor(state: PlannerState) {
    this.#state = state
  }

  decide(keys: Iterable<string>): readonly L2Change[] {
    const { node, services, pools } = this.#state
    if (pools === undefined) return []
    const snapshot = { pools, ...this.#snapshotParts() }
    const changes: L2Change[] = []
    for (const key of keys) {
      const known = services.get(key)
      if (known === undefined) continue
      const before = known.l2
      const decided = decideL2(node, known.service, known.endpoints, snapshot)
      const after = this.#share(decided)
      const isSame = before !== undefined && isSameDecision(before, after)
      if (isSame && before.because === after.because) continue
      known.l2 = after
      if (!isSame) changes.push({ key, before, after })
    }
    return changes
  }

  forget(key: string, { l2: before }: KnownService): readonly L2Change[] {
    if (before === undefined) return []
    return [{ key, before, after: undefined }]
  }

  setMembers(members: ReadonlySet<string> | undefined): readonly L2Change[] {
    const names = new Set([...(this.#members ?? []), ...(members ?? []), ...this.#state.nodes.keys()])
    this.#members = members
    return this.nodesChanged(names)
  }

  /** Decides again where a node came to be a candidate, or concedes more or less: for all; where one left: for what it was a candidate of. */
  nodesChanged(names: Iterable<string>): readonly L2Change[] {
    const parts = this.#snapshotParts()
    const gone = new Set<string>()
    let hasNew = false
    for (const name of names) {
      hasNew = this.#noteConcessions(name) || hasNew
      const isNow = isCandidate(parts, name)
      if (isNow === this.#candidates.has(name)) continue
      if (isNow) this.#candidates.add(name)
      else this.#candidates.delete(name)
      if (isNow) hasNew = true
      else gone.add(name)
    }
    if (!hasNew && gone.size === 0) return []
    return this.decide(hasNew ? this.#state.services.keys() : this.#withAnyOf(gone))
  }

  /**
   * Returns whether the node gives up more or less than before, can announce on other interfaces, or what it has goes to
   * MetalLB's speaker there or comes back.
   */
  #noteConcessions(name: string): boolean {
    const { maintenance, rival, lostInterfaces = NONE_LOST } = this.#state.nodes.get(name) ?? {}
    const { yieldedShare = 0, because = '' } = maintenance ?? {}
    const share = yieldedShare === 0 ? '' : `${yieldedShare} ${because}`
    const text = [rival, share, ...lostInterfaces].filter(Boolean).join(' ')
    const isSame = (this.#concessions.get(name) ?? '') === text
    if (text === '') this.#concessions.delete(name)
    else this.#concessions.set(name, text)
    return !isSame
  }

  *#withAnyOf(names: ReadonlySet<string>): Generator<string, void, undefined> {
    for (const [key, { l2 }] of this.#state.services)
      if (l2?.candidates.some((name) => names.has(name)) === true) yield key
  }

  #share(decision: L2Decision): L2Decision {
    const order = decision.candidates.join()
    if (decision.outcome === 'withhold')
      return this.#refusals.share([decision.reason, decision.because, order].join('\n'), decision)
    return { ...decision, candidates: this.#orders.share(order, decision.candidates) }
  }

  #snapshotParts(): Omit<L2Snapshot, 'pools'> {
    const { nodes, ignoreExcludeLabel } = this.#state
    return { nodes, members: this.#members, ignoreExcludeLabel }
  }
}

function isSameDecision(a: L2Decision, b: L2Decision): boolean {
  if (a === b) return true
  if (a.outcome !== b.outcome || !isSameOrder(a.candidates, b.candidates)) return false
  if (a.outcome === 'withhold' || b.outcome === 'withhold')
    return a.outcome === 'withhold' && b.outcome === 'withhold' && a.reason === b.reason
  return (
    a.pool === b.pool &&
    a.addresses.join() === b.addresses.join() &&
    a.interfaces?.join() === b.interfaces?.join() &&
    (a.interfaces === undefined) === (b.interfaces === undefined)
  )
}

function isSameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]))
}
