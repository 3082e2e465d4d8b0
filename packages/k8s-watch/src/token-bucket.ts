import { monotonicNow } from './sleep.ts'

export interface TokenBucketOptions {
  readonly perSecond: number
  readonly burst: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** Allows `burst` at once and `perSecond` on average. */
export class TokenBucket {
  readonly #options: Required<TokenBucketOptions>
  #tokens: number
  #filledAt: number

  constructor(options: TokenBucketOptions) {
    this.#options = { now: monotonicNow, ...options }
    this.#tokens = options.burst
    this.#filledAt = this.#options.now()
  }

  /** Takes one token if there is one. */
  tryTake(): boolean {
    this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Milliseconds until {@link tryTake} would succeed; 0 if now. */
  waitMs(): number {
    this.#fill()
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#options.perSecond) * 1000)
  }

  #fill(): void {
    const now = this.#options.now()
    const gained = ((now - this.#filledAt) / 1000) * this.#options.perSecond
    this.#tokens = Math.min(this.#options.burst, this.#tokens + gained)
    this.#filledAt = now
  }
}
