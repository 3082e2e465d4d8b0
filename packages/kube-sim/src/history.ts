import { type StoredObject } from './stored-object.ts'

/** A change of one object. */
export interface ChangeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  /** The new state; for a deletion the last state, with the revision of the deletion. */
  readonly current: StoredObject
  readonly previous: StoredObject | undefined
}

/** The latest changes of one resource, bounded. Readers keep a cursor, so nobody's slowness costs memory here. */
export class History {
  readonly #limit: number
  #events: ChangeEvent[] = []
  #offset = 0
  #compactedRevision: number
  #isClosed = false
  readonly #listeners = new Set<() => void>()

  /**
   * @param limit Events that are kept at least; up to twice as many exist for a moment.
   * @param compactedRevision Changes up to here are unknown.
   */
  constructor(limit: number, compactedRevision: number) {
    this.#limit = limit
    this.#compactedRevision = compactedRevision
  }

  /** Changes up to this revision can no longer be replayed. */
  get compactedRevision(): number {
    return this.#compactedRevision
  }

  /** Whether the resource has ended, as when its CustomResourceDefinition is deleted. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The cursor behind the newest event. */
  get end(): number {
    return this.#offset + this.#events.length
  }

  append(event: ChangeEvent): void {
    this.#events.push(event)
    if (this.#events.length > this.#limit * 2) this.#drop(this.#events.length - this.#limit)
    this.#wake()
  }

  /** The cursor of the first event after a revision, or `undefined` when some of those are gone. */
  cursorAfter(revision: number): number | undefined {
    if (revision < this.#compactedRevision) return undefined
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const event = this.#events[middle]
      if (event !== undefined && event.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#offset + low
  }

  /** The event at a cursor; `'gone'` when it was compacted away, `undefined` when it has not happened yet. */
  at(cursor: number): ChangeEvent | 'gone' | undefined {
    if (cursor < this.#offset) return 'gone'
    return this.#events[cursor - this.#offset]
  }

  /** Forgets all changes up to a revision. */
  compact(revision: number): void {
    let count = 0
    for (const event of this.#events) {
      if (event.revision > revision) break
      count++
    }
    this.#drop(count)
    this.#compactedRevision = Math.max(this.#compactedRevision, revision)
  }

  /** Ends the resource; readers see {@link isClosed}. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  /** Calls back after each change; returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #drop(count: number): void {
    const last = this.#events[count - 1]
    if (last === undefined) return
    this.#compactedRevision = Math.max(this.#compactedRevision, last.revision)
    this.#events = this.#events.slice(count)
    this.#offset += count
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
