import { formatKey, type ObjectKey } from './object.ts'
import { monotonicNow } from './sleep.ts'

export interface WorkItem {
  readonly key: ObjectKey
  /** When the key was first added since it was last taken, monotonic milliseconds. */
  readonly addedAt: number
}

/**
 * Keys that wait for work. A key that is added while it waits is there once; one that is added while it is being worked
 * on waits until that is finished, so that no two workers ever have the same key. Its size is bounded by the number of
 * different keys.
 */
export class WorkQueue {
  readonly #ready = new Map<string, WorkItem>()
  readonly #busy = new Set<string>()
  /** Added again while busy. */
  readonly #dirty = new Map<string, WorkItem>()
  readonly #delayed = new Map<string, { readonly timer: NodeJS.Timeout; readonly dueAt: number }>()
  readonly #onReady: () => void

  /** @param onReady Called whenever {@link take} has something that it had not before. */
  constructor(onReady: () => void) {
    this.#onReady = onReady
  }

  /** Keys that could be taken now. */
  get depth(): number {
    return this.#ready.size
  }

  get busy(): number {
    return this.#busy.size
  }

  /** Keys that wait for a time to come. */
  get delayed(): number {
    return this.#delayed.size
  }

  /** Adds a key now; a delay that it was waiting for is over. */
  add(key: ObjectKey): void {
    const id = formatKey(key)
    this.#cancelDelay(id)
    if (this.#ready.has(id) || this.#dirty.has(id)) return
    const item = { key, addedAt: monotonicNow() }
    if (this.#busy.has(id)) {
      this.#dirty.set(id, item)
      return
    }
    this.#ready.set(id, item)
    this.#onReady()
  }

  /** Adds a key after `ms` milliseconds, unless it is added before. The earlier of two delays counts. */
  addAfter(key: ObjectKey, ms: number): void {
    const id = formatKey(key)
    if (this.#ready.has(id) || this.#dirty.has(id)) return
    const dueAt = monotonicNow() + ms
    const waiting = this.#delayed.get(id)
    if (waiting !== undefined && waiting.dueAt <= dueAt) return
    this.#cancelDelay(id)
    // A longer delay would overflow the timer and fire at once.
    const timer = setTimeout(() => this.add(key), Math.min(ms, 2 ** 31 - 1))
    this.#delayed.set(id, { timer, dueAt })
  }

  /** The key that waits longest. Whoever takes it calls {@link finish}. */
  take(): WorkItem | undefined {
    const next = this.#ready.entries().next().value
    if (next === undefined) return undefined
    const [id, item] = next
    this.#ready.delete(id)
    this.#busy.add(id)
    return item
  }

  finish(key: ObjectKey): void {
    const id = formatKey(key)
    this.#busy.delete(id)
    const again = this.#dirty.get(id)
    if (again === undefined) return
    this.#dirty.delete(id)
    this.#ready.set(id, again)
    this.#onReady()
  }

  /** Forgets everything that waits. */
  clear(): void {
    for (const { timer } of this.#delayed.values()) clearTimeout(timer)
    this.#delayed.clear()
    this.#ready.clear()
    this.#dirty.clear()
  }

  #cancelDelay(id: string): void {
    const waiting = this.#delayed.get(id)
    if (waiting === undefined) return
    clearTimeout(waiting.timer)
    this.#delayed.delete(id)
  }
}
