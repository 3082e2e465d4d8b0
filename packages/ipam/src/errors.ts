/** What is wrong with a set of pools. */
export type InvalidPoolsReason = 'duplicate-name' | 'overlap'

/** Thrown by `setPools`: the set cannot be used, and the pools in force stay as they are. */
export class InvalidPoolsError extends Error {
  override readonly name = 'InvalidPoolsError'
  readonly code = 'ERR_IPAM_INVALID_POOLS'
  readonly reason: InvalidPoolsReason
  /** Names of the pools concerned; twice the same if a pool overlaps itself. */
  readonly pools: readonly [string, string]

  constructor(reason: InvalidPoolsReason, pools: readonly [string, string], message: string) {
    super(message)
    this.reason = reason
    this.pools = pools
  }
}
