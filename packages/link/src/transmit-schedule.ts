export interface TransmitScheduleOptions {
  /** Items handed out in one interval. @defaultValue 100 */
  readonly burst?: number
  /** @defaultValue 10 */
  readonly intervalMs?: number
}

interface Plan<T> {
  readonly key: string
  readonly item: T
  readonly dueMs: readonly number[]
  next: number
}

interface Deadline<T> {
  readonly atMs: number
  /** Breaks ties, so that equal deadlines come in the order of planning. */
  readonly order: number
  readonly plan: Plan<T>
}

/**
 * What to send when: for each key an item and its deadlines, handed out when they are due, so many at a time that neither
 * a transmit queue nor a switch loses them. Reads no clock and arms no timer: times come from the caller, who sleeps for
 * {@link TransmitSchedule.waitMs}.
 */
export class TransmitSchedule<T> {
  readonly #plans = new Map<string, Plan<T>>()
  readonly #heap: Deadline<T>[] = []
  readonly #burst: number
  readonly #intervalMs: number
  #order = 0
  #intervalStartMs = Number.NEGATIVE_INFINITY
  #handedOut = 0

  constructor({ burst = 100, intervalMs = 10 }: TransmitScheduleOptions = {}) {
    this.#burst = burst
    this.#intervalMs = intervalMs
  }

  /** Keys that have something to send yet. */
  get size(): number {
    return this.#plans.size
  }

  /** Plans an item, instead of what the key had planned. Delays are in ascending order, from `nowMs` on. */
  set(key: string, item: T, delaysMs: readonly number[], nowMs: number): void {
    this.delete(key)
    if (delaysMs.length === 0) return
    const plan = { key, item, dueMs: delaysMs.map((delay) => nowMs + delay), next: 0 }
    this.#plans.set(key, plan)
    this.#push(plan)
    // Deadlines of plans that are gone stay until they are due; they must not pile up meanwhile.
    if (this.#heap.length > 2 * this.#plans.size + 64) this.#rebuild()
  }

  /** Returns whether there was anything to send yet. */
  delete(key: string): boolean {
    return this.#plans.delete(key)
  }

  clear(): void {
    this.#plans.clear()
    this.#heap.length = 0
  }

  /** Until something may be taken; 0 if it may now, `undefined` if nothing is planned. */
  waitMs(nowMs: number): number | undefined {
    this.#dropStale()
    const first = this.#heap[0]
    if (first === undefined) return undefined
    const isFull = this.#handedOut >= this.#burst && nowMs < this.#intervalStartMs + this.#intervalMs
    const paceMs = isFull ? this.#intervalStartMs + this.#intervalMs - nowMs : 0
    return Math.max(0, first.atMs - nowMs, paceMs)
  }

  /** What is due, the oldest first, as much as the pace allows. */
  take(nowMs: number): readonly T[] {
    if (nowMs >= this.#intervalStartMs + this.#intervalMs) {
      this.#intervalStartMs = nowMs
      this.#handedOut = 0
    }
    const due: T[] = []
    while (this.#handedOut < this.#burst) {
      this.#dropStale()
      const first = this.#heap[0]
      if (first === undefined || first.atMs > nowMs) break
      this.#pop()
      due.push(first.plan.item)
      this.#handedOut += 1
      first.plan.next += 1
      if (first.plan.next < first.plan.dueMs.length) this.#push(first.plan)
      else this.#plans.delete(first.plan.key)
    }
    return due
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#plans.get(first.plan.key) === first.plan) return
      this.#pop()
    }
  }

  #rebuild(): void {
    const current = this.#heap.filter(({ plan }) => this.#plans.get(plan.key) === plan)
    // A sorted array is a heap.
    current.sort(compare)
    this.#heap.splice(0, this.#heap.length, ...current)
  }

  #push(plan: Plan<T>): void {
    this.#order += 1
    const heap = this.#heap
    const added = { atMs: plan.dueMs[plan.next] ?? 0, order: this.#order, plan }
    let index = heap.length
    heap.push(added)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || compare(parent, added) <= 0) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = added
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      const right = heap[childIndex + 1]
      let child = heap[childIndex]
      if (child !== undefined && right !== undefined && compare(right, child) < 0) {
        child = right
        childIndex += 1
      }
      if (child === undefined || compare(last, child) <= 0) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function compare<T>(a: Deadline<T>, b: Deadline<T>): number {
  return a.atMs - b.atMs || a.order - b.order
}
