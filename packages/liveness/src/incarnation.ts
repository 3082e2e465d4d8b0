/**
 * An incarnation is a life of a member and how often it was refuted in it, in one number that only grows. A life begins
 * with the wall clock's milliseconds, so that a restarted member is newer than before without memory of its own. If the
 * clock went back, others still know the former life, say so, and the member takes a life after it.
 */
const REFUTATIONS = 1024

/** Of a process that starts now. The clock of a machine without one may stand at 0; 0 itself is nobody's. */
export function firstIncarnation(wallClockMs: number): number {
  const life = Math.min(Math.max(1, Math.floor(wallClockMs)), MAX_LIFE)
  return life * REFUTATIONS
}

/** The one to take when `heard` is said of a member whose incarnation is `own`. */
export function incarnationAfter(own: number, heard: number): number {
  if (heard < own) return own
  // Somebody else's life: not a refutation, but a new life.
  if (lifeOf(heard) !== lifeOf(own)) return Math.min((lifeOf(heard) + 1) * REFUTATIONS, MAX_INCARNATION)
  return Math.min(heard + 1, MAX_INCARNATION)
}

/** Differs between two starts of one member. */
export function lifeOf(incarnation: number): number {
  return Math.floor(incarnation / REFUTATIONS)
}

/** Larger ones are refused by the decoder. */
export const MAX_INCARNATION: number = Number.MAX_SAFE_INTEGER
const MAX_LIFE = Math.floor(MAX_INCARNATION / REFUTATIONS) - 1
