export interface BackoffOptions {
  /** First delay, milliseconds. */
  readonly minMs: number
  readonly maxMs: number
  /** The part of a delay, 0 to 1, that is random. @defaultValue 0.25 */
  readonly jitter?: number
  /** In [0, 1). */
  readonly random?: () => number
}

/** The delay before retry number `attempt` (from 1): it doubles up to `maxMs`, less a random part of it. */
export function backoffDelay(attempt: number, options: BackoffOptions): number {
  const { minMs, maxMs, jitter = 0.25, random = Math.random } = options
  // Beyond 2^40 the exponent only risks Infinity.
  const full = Math.min(minMs * 2 ** Math.min(attempt - 1, 40), maxMs)
  return full * (1 - jitter * random())
}

/** Counts failures in a row and gives the delay before the next attempt. */
export class Backoff {
  readonly #options: BackoffOptions
  #attempt = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  get attempt(): number {
    return this.#attempt
  }

  /** @param atLeastMs What the server asked for (Retry-After). */
  next(atLeastMs = 0): number {
    this.#attempt += 1
    return Math.max(backoffDelay(this.#attempt, this.#options), atLeastMs)
  }

  reset(): void {
    this.#attempt = 0
  }
}
