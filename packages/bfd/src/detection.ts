import type { BfdClock } from './clock.ts'
import { QueueTimer, type TimerQueue } from './timer-queue.ts'

/** Of the detection time: how long before its end the timer may look whether there is a later end by now. */
const LOOK_EARLY = 0.1

export interface DetectionOptions {
  readonly clock: BfdClock
  readonly timers: TimerQueue
  /** Reads packets that wait to be read. */
  readonly drain: () => void
  readonly onExpired: () => void
}

/** Notices that a peer was not heard for the detection time (RFC 5880 §6.8.4). */
export class Detection {
  readonly #options: DetectionOptions
  readonly #timer: QueueTimer = new QueueTimer(() => this.#due())
  #timeMs: number | undefined
  #lastHeardMs = Number.NEGATIVE_INFINITY
  #cancelConfirmation: (() => void) | undefined
  #isClosed = false

  constructor(options: DetectionOptions) {
    this.#options = options
  }

  /** `undefined` while nothing is to be noticed. */
  get timeMs(): number | undefined {
    return this.#timeMs
  }

  /** Counts from the last packet, but a shorter time only from the next. */
  setTime(timeMs: number | undefined): void {
    this.#timeMs = timeMs
    if (timeMs === undefined) this.#options.timers.clear(this.#timer)
  }

  silentForMs(): number {
    return this.#options.clock.now() - this.#lastHeardMs
  }

  heard(): void {
    this.#lastHeardMs = this.#options.clock.now()
    if (this.#timeMs === undefined) return
    const deadlineMs = this.#lastHeardMs + this.#timeMs
    // A deadline that moves away is looked at when the old one is due: packets come far more often than that.
    if (!this.#timer.isSet || this.#timer.deadlineMs > deadlineMs) this.#setTimer(deadlineMs)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelConfirmation?.()
    this.#options.timers.clear(this.#timer)
  }

  /**
   * A timer of an event loop that was blocked is called before the packets that came in the meantime. So silence counts
   * only after those were read, and the loop has looked at its sockets once more.
   */
  #due(): void {
    if (!this.#isSilent()) return
    this.#options.drain()
    if (!this.#isSilent()) return
    const lastHeardMs = this.#lastHeardMs
    this.#cancelConfirmation?.()
    this.#cancelConfirmation = this.#options.clock.afterInput(() => {
      this.#cancelConfirmation = undefined
      if (this.#timeMs === undefined) return
      this.#options.drain()
      if (this.#lastHeardMs === lastHeardMs) this.#options.onExpired()
      // The loop may have been blocked once more since, so this is no verdict either.
      else this.#setTimer(this.#lastHeardMs + this.#timeMs)
    })
  }

  /** If not, the timer is set anew. */
  #isSilent(): boolean {
    if (this.#isClosed || this.#timeMs === undefined) return false
    const deadlineMs = this.#lastHeardMs + this.#timeMs
    if (this.#options.clock.now() >= deadlineMs) return true
    this.#setTimer(deadlineMs)
    return false
  }

  #setTimer(deadlineMs: number): void {
    // A deadline that has not moved since it was looked at is looked at once more, when it is due.
    const isSame = deadlineMs === this.#timer.deadlineMs
    this.#timer.earlyMs = isSame ? 0 : LOOK_EARLY * (this.#timeMs ?? 0)
    this.#options.timers.set(this.#timer, deadlineMs)
  }
}
