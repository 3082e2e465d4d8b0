/** Time as a member sees it: replaced by tests with a virtual one. */
export interface LivenessClock {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Milliseconds since 1970; looked at once, at the start. */
  wallClockMs(): number
  /** Calls once, not before `delayMs` have passed. Returns what cancels it. */
  after(delayMs: number, call: () => void): () => void
}

/** The clocks and the timers of Node. */
export const SYSTEM_CLOCK: LivenessClock = {
  now: () => performance.now(),
  wallClockMs: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  }
}
