import type { TimerName } from './fsm-types.ts'

interface Entry {
  deadlineMs: number
  handle: NodeJS.Timeout | undefined
}

/**
 * The timers of a session, one of each name. Beginning anew costs no system timer: one that is running fires at its old
 * time and then waits for the rest, so a hold timer is as cheap as a field however many messages come.
 *
 * A timer that is late, because the event loop was blocked, runs before the messages that came in time are read. So
 * before it counts as expired, the loop goes through its poll phase, twice; if the timer was begun anew meanwhile, it
 * was a false alarm.
 */
export class Timers {
  readonly #entries: Map<TimerName, Entry> = new Map()
  readonly #onExpired: (timer: TimerName) => void

  constructor(onExpired: (timer: TimerName) => void) {
    this.#onExpired = onExpired
  }

  start(timer: TimerName, durationMs: number): void {
    const deadlineMs = performance.now() + durationMs
    const entry = this.#entries.get(timer)
    if (entry === undefined) {
      const created: Entry = { deadlineMs, handle: undefined }
      this.#entries.set(timer, created)
      this.#wait(timer, created)
      return
    }
    const isEarlier = deadlineMs < entry.deadlineMs
    entry.deadlineMs = deadlineMs
    if (!isEarlier) return
    clearTimeout(entry.handle)
    this.#wait(timer, entry)
  }

  stop(timer: TimerName): void {
    clearTimeout(this.#entries.get(timer)?.handle)
    this.#entries.delete(timer)
  }

  stopAll(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.handle)
    this.#entries.clear()
  }

  /** Milliseconds until it expires; `undefined` if it is not running. */
  remainingMs(timer: TimerName): number | undefined {
    const entry = this.#entries.get(timer)
    return entry === undefined ? undefined : Math.max(0, entry.deadlineMs - performance.now())
  }

  #wait(timer: TimerName, entry: Entry): void {
    const remainingMs = Math.max(0, entry.deadlineMs - performance.now())
    entry.handle = setTimeout(() => {
      if (entry.deadlineMs > performance.now()) this.#wait(timer, entry)
      else setImmediate(() => setImmediate(() => this.#expire(timer, entry)))
    }, Math.ceil(remainingMs))
  }

  #expire(timer: TimerName, entry: Entry): void {
    if (this.#entries.get(timer) !== entry) return
    if (entry.deadlineMs > performance.now()) {
      this.#wait(timer, entry)
      return
    }
    this.#entries.delete(timer)
    this.#onExpired(timer)
  }
}
