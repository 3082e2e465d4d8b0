interface Entry {
  readonly atMs: number
  readonly order: number
  readonly call: () => void
}

/** Virtual time: calls in the order of their times, equal ones in the order in which they were asked for. */
export class Schedule {
  readonly #heap: Entry[] = []
  #nowMs = 0
  #order = 0

  get nowMs(): number {
    return this.#nowMs
  }

  at(atMs: number, call: () => void): void {
    this.#order += 1
    const entry = { atMs: Math.max(atMs, this.#nowMs), order: this.#order, call }
    const heap = this.#heap
    let position = heap.push(entry) - 1
    while (position > 0) {
      const parent = heap[(position - 1) >> 1]
      if (parent === undefined || isBefore(parent, entry)) break
      heap[position] = parent
      position = (position - 1) >> 1
    }
    heap[position] = entry
  }

  /** Runs what is due until then. */
  runUntil(untilMs: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst()
      this.#nowMs = first.atMs
      first.call()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let position = 0
    for (;;) {
      const left = 2 * position + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (a === undefined) break
      const [child, next] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left]
      if (isBefore(last, child)) break
      heap[position] = child
      position = next
    }
    heap[position] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
