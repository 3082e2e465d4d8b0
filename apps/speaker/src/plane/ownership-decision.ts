/** What is held of another node. One that is not alive has none. */
export interface PeerView {
  /** It has been there for long enough to have what is its own, or nobody was there before it. */
  readonly isSettled: boolean
  /** It may hold what this node has yet to take back. */
  readonly mayHold: boolean
}

/**
 * How this node stands:
 * - `'listed'`: somebody else keeps the lists of candidates free of those that are not alive
 * - `'waiting'`: it does not know who is there, or whether it is cut off: nothing changes
 * - `'cutOff'`: it hears nobody, and serves nobody
 * - `'alone'`: it hears nobody, but is not cut off
 * - `'together'`: it hears others
 * - `'leaving'`: it ends
 */
export type OwnershipMode = 'listed' | 'waiting' | 'cutOff' | 'alone' | 'together' | 'leaving'

/** What one node sees of all. */
export interface OwnershipView {
  /** Name of this node. */
  readonly self: string
  readonly mode: OwnershipMode
  /** It has been there for long enough to take back what is its own. */
  readonly isSettled: boolean
  /** `undefined`: not alive. */
  readonly peer: (name: string) => PeerView | undefined
}

/** One address. */
export interface OwnershipQuestion {
  /** Names of nodes in the order of the election. */
  readonly candidates: readonly string[]
  readonly isHeld: boolean
  /** Somebody before this node has announced it, or somebody whom this node does not hear: settled or not, it is theirs. */
  readonly isCeded: boolean
}

/**
 * - `'hold'`: answer for it
 * - `'handOver'`: go on until the one whose it is was heard, for a while
 * - `'leave'`: do not answer for it
 */
export type OwnershipVerdict = 'hold' | 'handOver' | 'leave'

/**
 * Whether this node answers for an address. Who holds it goes on until one before it has settled: so nobody's return is an
 * outage. Who does not takes it if nobody settled is before it; one that is not settled itself only if there is nobody
 * who may hold it already. Where two differ in what they see, both hold for a moment rather than none: the first of them
 * stays.
 *
 * Who hears nobody takes all, but what others announce: they are there, and only their datagrams do not come.
 */
export function decideOwnership(question: OwnershipQuestion, view: OwnershipView): OwnershipVerdict {
  const { candidates, isHeld, isCeded } = question
  const position = candidates.indexOf(view.self)
  switch (view.mode) {
    case 'listed':
      return position === 0 ? 'hold' : 'leave'
    case 'waiting':
      if (position < 0) return isHeld ? 'handOver' : 'leave'
      return isHeld ? 'hold' : 'leave'
    case 'cutOff':
      return 'leave'
    case 'alone':
      return position < 0 || (!isHeld && isCeded) ? 'leave' : 'hold'
    case 'leaving':
      return isHeld && candidates.some((name) => name !== view.self && view.peer(name) !== undefined)
        ? 'handOver'
        : 'leave'
    case 'together':
      return amongOthers(question, view, position)
  }
}

function amongOthers(
  { candidates, isHeld, isCeded }: OwnershipQuestion,
  view: OwnershipView,
  position: number
): OwnershipVerdict {
  const before = position < 0 ? candidates : candidates.slice(0, position)
  const alive = before.filter((name) => view.peer(name) !== undefined)
  if (position < 0) return isHeld && alive.length > 0 ? 'handOver' : 'leave'
  const isAnySettled = alive.some((name) => view.peer(name)?.isSettled === true)
  if (isHeld) return isAnySettled ? 'handOver' : 'hold'
  if (isAnySettled || (isCeded && alive.length > 0)) return 'leave'
  if (view.isSettled) return 'hold'
  const isHeldElsewhere = candidates.some((name) => name !== view.self && view.peer(name)?.mayHold === true)
  // None has settled: the first.
  return isHeldElsewhere || alive.length > 0 ? 'leave' : 'hold'
}
