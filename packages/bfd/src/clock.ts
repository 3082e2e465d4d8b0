/** Time as sessions see it: replaced by tests with a virtual one. */
export interface BfdClock {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Calls once, not before `delayMs` have passed. Returns what cancels it. */
  after(delayMs: number, call: () => void): () => void
  /** Calls once, when packets that wait to be read have been read. Returns what cancels it. */
  afterInput(call: () => void): () => void
}

/** The clock and the timers of Node. */
export const SYSTEM_CLOCK: BfdClock = {
  now: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
  afterInput(call) {
    // The first may run before the event loop looks at its sockets again, the second cannot.
    let immediate = setImmediate(() => {
      immediate = setImmediate(call)
    })
    return () => clearImmediate(immediate)
  }
}
