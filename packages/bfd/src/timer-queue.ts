import type { BfdClock } from './clock.ts'

/** A timer of a {@link TimerQueue}, set again and again by its owner. */
export class QueueTimer {
  readonly onDue: () => void
  /** In milliseconds of the queue's clock; meaningless while it is not set. */
  deadlineMs = 0
  /** Place in the heap, −1 while it is not set. */
  position = -1
  /**
   * It may be called so much before its deadline, together with another one that is due: waking up costs more than what is
   * done then.
   */
  earlyMs = 0

  constructor(onDue: () => void) {
    this.onDue = onDue
  }

  get isSet(): boolean {
    return this.position !== -1
  }
}

/**
 * Many timers on one of the system: a binary heap of those that are set. Setting one moves it and allocates nothing, but
 * when it becomes the first of all.
 */
export class TimerQueue {
  readonly #clock: BfdClock
  readonly #onRound: () => void
  readonly #heap: QueueTimer[] = []
  #armedForMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined
  #isRunning = false

  /** @param onRound called before timers are, each time the system's timer is due */
  constructor(clock: BfdClock, onRound: () => void = () => undefined) {
    this.#clock = clock
    this.#onRound = onRound
  }

  /** Timers that are set. */
  get size(): number {
    return this.#heap.length
  }

  /** Sets, or sets anew. */
  set(timer: QueueTimer, deadlineMs: number): void {
    const isLater = timer.isSet && deadlineMs > timer.deadlineMs
    timer.deadlineMs = deadlineMs
    if (!timer.isSet) this.#place(timer, this.#heap.push(timer) - 1)
    if (isLater) this.#sink(timer)
    else this.#rise(timer)
    this.#arm()
  }

  clear(timer: QueueTimer): void {
    const { position } = timer
    if (position === -1) return
    timer.position = -1
    const last = this.#heap.pop()
    if (last === undefined || last === timer) return
    this.#place(last, position)
    this.#rise(last)
    this.#sink(last)
  }

  /** Clears all. */
  close(): void {
    for (const timer of this.#heap) timer.position = -1
    this.#heap.length = 0
    this.#disarm()
  }

  #arm(): void {
    const first = this.#heap[0]
    if (this.#isRunning || first === undefined || first.deadlineMs >= this.#armedForMs) return
    this.#disarm()
    this.#armedForMs = first.deadlineMs
    // Rounded up: timers of Node count whole milliseconds, and none may be due early.
    const delayMs = Math.max(0, Math.ceil(first.deadlineMs - this.#clock.now()))
    this.#cancel = this.#clock.after(delayMs, () => this.#run())
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#armedForMs = Number.POSITIVE_INFINITY
  }

  #run(): void {
    this.#disarm()
    this.#isRunning = true
    try {
      this.#onRound()
      const nowMs = this.#clock.now()
      // A timer that is set for now while this runs waits for the next round, so that the loop has an end.
      for (let left = this.#heap.length; left > 0; left -= 1) {
        const first = this.#heap[0]
        if (first === undefined || first.deadlineMs - first.earlyMs > nowMs) break
        this.clear(first)
        first.onDue()
      }
    } finally {
      this.#isRunning = false
      this.#arm()
    }
  }

  #rise(timer: QueueTimer): void {
    for (;;) {
      const parent = this.#heap[(timer.position - 1) >> 1]
      if (parent === undefined || parent.deadlineMs <= timer.deadlineMs) return
      this.#swap(parent, timer)
    }
  }

  #sink(timer: QueueTimer): void {
    for (;;) {
      const left = this.#heap[2 * timer.position + 1]
      const right = this.#heap[2 * timer.position + 2]
      const child =
        left !== undefined && right !== undefined && right.deadlineMs < left.deadlineMs ? right : left
      if (child === undefined || child.deadlineMs >= timer.deadlineMs) return
      this.#swap(timer, child)
    }
  }

  #swap(a: QueueTimer, b: QueueTimer): void {
    const { position } = a
    this.#place(a, b.position)
    this.#place(b, position)
  }

  #place(timer: QueueTimer, position: number): void {
    timer.position = position
    this.#heap[position] = timer
  }
}
