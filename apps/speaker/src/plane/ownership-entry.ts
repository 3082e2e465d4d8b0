import type { OwnershipView } from './ownership-decision.ts'

/** One address that this node is a candidate of. There are thousands, so it is changed in place. */
export interface Entry {
  readonly address: string
  interfaces: readonly string[] | undefined
  candidates: readonly string[]
  isHeld: boolean
  /** Somebody before this node has announced it, or somebody whom this node does not hear: settled or not, it is theirs. */
  isCeded: boolean
  /** When a node that hears nobody tries again what it ceded. */
  cededUntilMs: number
  /** How often it was ceded since this node hears nobody. */
  cessions: number
  /** When this node, hearing nobody, last announced it to whoever might have it. */
  insistedMs: number
  /** Whose it was, as far as this node knew. */
  expected: string | undefined
  /** When another host announced it, while this node holds it. */
  claimedMs: number
  /** Since when it is kept only until its owner is heard. */
  handOverSinceMs: number | undefined
  /** When it is asked next whether its owner has it, while it is handed over. */
  askDueMs: number
}

export function createEntry(
  address: string,
  interfaces: readonly string[] | undefined,
  candidates: readonly string[]
): Entry {
  return {
    address,
    interfaces,
    candidates,
    isHeld: false,
    isCeded: false,
    cededUntilMs: Number.NEGATIVE_INFINITY,
    cessions: 0,
    insistedMs: Number.NEGATIVE_INFINITY,
    expected: undefined,
    claimedMs: Number.NEGATIVE_INFINITY,
    handOverSinceMs: undefined,
    askDueMs: Number.POSITIVE_INFINITY
  }
}

export function hold(entry: Entry): void {
  entry.isHeld = true
  entry.isCeded = false
  entry.claimedMs = Number.NEGATIVE_INFINITY
  entry.expected = undefined
}

/** Whether one of the candidates before this node is alive. */
export function isAnyBefore({ candidates }: Entry, { self, peer }: OwnershipView): boolean {
  return candidates.slice(0, candidates.indexOf(self)).some((name) => peer(name) !== undefined)
}

/** The first candidate beside this node that is alive. */
export function firstOther({ candidates }: Entry, { self, peer }: OwnershipView): string | undefined {
  return candidates.find((name) => name !== self && peer(name) !== undefined)
}
