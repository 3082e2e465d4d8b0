import type { LivenessClock } from './clock.ts'

interface Deadline {
  readonly atMs: number
  readonly call: () => void
}

/**
 * Time for a thread without an event loop, which sleeps in poll(2): deadlines instead of timers. The thread sleeps for
 * {@link PolledClock.waitMs}, and then calls {@link PolledClock.run}.
 */
export class PolledClock implements LivenessClock {
  readonly #deadlines: Set<Deadline> = new Set()

  now(): number {
    return performance.now()
  }

  wallClockMs(): number {
    return Date.now()
  }

  after(delayMs: number, call: () => void): () => void {
    const deadline = { atMs: this.now() + delayMs, call }
    this.#deadlines.add(deadline)
    return () => void this.#deadlines.delete(deadline)
  }

  /** Milliseconds until something is due, 0 if it is; `undefined` if there is nothing. */
  waitMs(): number | undefined {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#deadlines) nextMs = Math.min(nextMs, atMs)
    return Number.isFinite(nextMs) ? Math.max(0, nextMs - this.now()) : undefined
  }

  /** Calls what is due. */
  run(): void {
    const nowMs = this.now()
    for (const deadline of this.#deadlines) {
      if (deadline.atMs > nowMs) continue
      this.#deadlines.delete(deadline)
      deadline.call()
    }
  }
}
