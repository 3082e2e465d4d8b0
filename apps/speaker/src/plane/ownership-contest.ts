import type { Entry } from './ownership-entry.ts'

/** An announcement has been heard by then, and who gives way to it is silent. */
const HEARD_MS = 500
/** Who has it and hears another one announces it again within this. A claim that comes later is of somebody who tries. */
const CONTEST_MS = 8000
const CESSION_MS = 60_000
const LONGEST_CESSION_MS = 600_000
/** Between those that try again after they gave way at the same time: more than a contest takes. */
const STAGGER_MS = 10_000

/**
 * - `'keep'`: who claims may not have heard yet that this node has it
 * - `'insist'`: tell whoever claims
 * - `'cede'`: it is theirs
 */
export type ClaimAnswer = 'keep' | 'insist' | 'cede'

/**
 * What a node that hears nobody makes of a claim: there are others, and only their datagrams do not come. Those that hear
 * each other hold it dead, and do not give way to it; those that hear nobody either, if a port is closed on all of them,
 * give way to the first. So the first one tells that it is there, and gives way to who claims after that; the others do
 * at once.
 */
export function answerToClaim(entry: Entry, isAnyBefore: boolean): ClaimAnswer {
  if (isAnyBefore) return 'cede'
  const sinceMs = entry.claimedMs - entry.insistedMs
  if (sinceMs > CONTEST_MS) return 'insist'
  return sinceMs < HEARD_MS ? 'keep' : 'cede'
}

/** To whom it was ceded may end without a word that comes here: so it is tried again, ever less often. */
export function cede(entry: Entry, position: number, nowMs: number): void {
  const lifeMs = Math.min(CESSION_MS * 2 ** entry.cessions, LONGEST_CESSION_MS)
  entry.isCeded = true
  entry.cededUntilMs = nowMs + lifeMs + position * STAGGER_MS
  entry.cessions += 1
}

/** For a node that has just come to hear nobody. */
export function forgetCessions(entry: Entry): void {
  entry.isCeded = false
  entry.cededUntilMs = Number.NEGATIVE_INFINITY
  entry.cessions = 0
  entry.insistedMs = Number.NEGATIVE_INFINITY
}
