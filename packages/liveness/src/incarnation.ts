/**
 * An incarnation is a life of a member and how often it was refuted in it, in one number that only grows. A life begins
 * with the wall clock, so that a restarted member is newer than before without memory of its own. If the clock went back, or
 * stood still, others still know the former life, say so, and the member takes a life after it.
 */
const LIFE_MS = 256
/** More than a day of them, one after the other as fast as a member can be accused: else the next one looks like a restart. */
const REFUTATIONS = 2 ** 18

/** Of a process that starts now. The clock of a machine without one may stand at 0; 0 itself is nobody's. */
export function firstIncarnation(wallClockMs: number): number {
  const life = Math.min(Math.max(1, Math.floor(wallClockMs / LIFE_MS)), MAX_LIFE)
  return life * REFUTATIONS
}

/** Of a process whose member had this one in a life before. */
export function nextLife(incarnation: number): number {
  return Math.min((Math.floor(incarnation / REFUTATIONS) + 1) * REFUTATIONS, MAX_INCARNATION)
}

/** The one to take when this one is refuted. */
export function nextIncarnation(incarnation: number): number {
  return Math.min(incarnation + 1, MAX_INCARNATION)
}

/** When the life began, by the wall clock of the member, in steps of 256 ms. Differs between two lives of one member. */
export function lifeOf(incarnation: number): number {
  return Math.floor(incarnation / REFUTATIONS) * LIFE_MS
}

/** Larger ones are refused by the decoder. */
export const MAX_INCARNATION: number = Number.MAX_SAFE_INTEGER
const MAX_LIFE = Math.floor(MAX_INCARNATION / REFUTATIONS) - 1
