import { decideL2, isCandidate, type L2Decision, type L2Snapshot } from './l2-election.ts'
import { type KnownService, type PlannerState, SharedRefusals } from './planner-state.ts'

/** A decision that is another than before. */
export interface L2Change {
  /** `namespace/name` of the Service. */
  readonly key: string
  readonly before: L2Decision | undefined
  /** `undefined`: the Service is gone. */
  readonly after: L2Decision | undefined
}

type Refusal = Extract<L2Decision, { outcome: 'withhold' }>

/** The layer-2 part of a planner: knows whom a change touches. */
export class L2Decider {
  readonly #state: PlannerState
  /** Keys of the Services that a node announces. */
  readonly #announced = new Map<string, Set<string>>()
  /** The nodes that were candidates when it was decided last. */
  readonly #candidates = new Set<string>()
  readonly #refusals = new SharedRefusals<Refusal>()
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
      const after =
        decided.outcome === 'withhold' ? this.#refusals.share(decided, decided.announcer) : decided
      const isSame = before !== undefined && isSameDecision(before, after)
      if (isSame && before.because === after.because) continue
      this.#note(key, before, after)
      known.l2 = after
      if (!isSame) changes.push({ key, before, after })
    }
    return changes
  }

  forget(key: string, { l2: before }: KnownService): readonly L2Change[] {
    if (before === undefined) return []
    this.#note(key, before, undefined)
    return [{ key, before, after: undefined }]
  }

  setMembers(members: ReadonlySet<string> | undefined): readonly L2Change[] {
    const names = new Set([...(this.#members ?? []), ...(members ?? []), ...this.#state.nodes.keys()])
    this.#members = members
    return this.nodesChanged(names)
  }

  /** Decides again where a node came to be a candidate: for all; where one left: for what it announced. */
  nodesChanged(names: Iterable<string>): readonly L2Change[] {
    const parts = this.#snapshotParts()
    const touched = new Set<string>()
    let hasNew = false
    for (const name of names) {
      const isNow = isCandidate(parts, name)
      if (isNow === this.#candidates.has(name)) continue
      if (isNow) this.#candidates.add(name)
      else this.#candidates.delete(name)
      hasNew ||= isNow
      for (const key of this.#announced.get(name) ?? []) touched.add(key)
    }
    return this.decide(hasNew ? this.#state.services.keys() : touched)
  }

  #snapshotParts(): Omit<L2Snapshot, 'pools'> {
    const { nodes, ignoreExcludeLabel } = this.#state
    return { nodes, members: this.#members, ignoreExcludeLabel }
  }

  /** Keeps the index of announcers. */
  #note(key: string, before: L2Decision | undefined, after: L2Decision | undefined): void {
    if (before?.announcer === after?.announcer) return
    if (before?.announcer !== undefined) {
      const keys = this.#announced.get(before.announcer)
      keys?.delete(key)
      if (keys?.size === 0) this.#announced.delete(before.announcer)
    }
    if (after?.announcer === undefined) return
    const keys = this.#announced.get(after.announcer) ?? new Set()
    keys.add(key)
    this.#announced.set(after.announcer, keys)
  }
}

function isSameDecision(a: L2Decision, b: L2Decision): boolean {
  if (a === b) return true
  if (a.announcer !== b.announcer) return false
  if (a.outcome === 'withhold' || b.outcome === 'withhold')
    return a.outcome === 'withhold' && b.outcome === 'withhold' && a.reason === b.reason
  return (
    a.pool === b.pool &&
    a.addresses.join() === b.addresses.join() &&
    a.interfaces?.join() === b.interfaces?.join() &&
    (a.interfaces === undefined) === (b.interfaces === undefined)
  )
}
