import { InterruptibleWait } from './interruptible-wait.ts'
import type { Recovery } from './recovery.ts'
import { monotonicNow } from './sleep.ts'

/**
 * The pause after a failed attempt. It ends early when another informer of the client has reached the server: a server that
 * is back for one is back for all, and what one knows and another does not yet is no good state.
 */
export class RetryPause {
  readonly #wait = new InterruptibleWait()
  readonly #recovery: Recovery
  /** Recoveries that this one knows of. */
  #seen = 0
  #endsAt: number | undefined
  /** Until then no pause is cut short again: two that only seem to be back must not drive each other. */
  #isHeldUntil = 0

  constructor(recovery: Recovery) {
    this.#recovery = recovery
  }

  /** An attempt begins: what others find from now on may be news to it. */
  begin(): void {
    this.#seen = this.#recovery.count
  }

  /** Our own attempt has reached the server. */
  succeed(): void {
    this.#recovery.note()
    this.begin()
  }

  /** Follows what others find, until the function it gives is called. */
  follow(): () => void {
    return this.#recovery.subscribe(() => {
      if (this.#mayEndEarly(this.#endsAt)) this.#wait.interrupt()
    })
  }

  /** @param isOrdered The server named the time itself: it is kept, whatever others find. */
  async afterFailure(ms: number, isOrdered: boolean, signal: AbortSignal): Promise<void> {
    const endsAt = monotonicNow() + ms
    if (isOrdered) return this.wait(ms, signal)
    // The server came back while the attempt was still failing.
    if (this.#seen !== this.#recovery.count && this.#mayEndEarly(endsAt)) return
    this.#endsAt = endsAt
    await this.wait(ms, signal)
    this.#endsAt = undefined
  }

  /** A pause that only {@link interrupt} cuts short. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#wait.wait(ms, signal)
  }

  interrupt(): void {
    this.#wait.interrupt()
  }

  /** Not more than twice as many attempts as without that. */
  #mayEndEarly(endsAt: number | undefined): boolean {
    if (endsAt === undefined || monotonicNow() < this.#isHeldUntil) return false
    this.#isHeldUntil = endsAt
    return true
  }
}
