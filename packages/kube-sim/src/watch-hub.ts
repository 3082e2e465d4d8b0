import { type ApiError } from './api-error.ts'
import { type FaultMatch, matchesFault, type RequestFacts } from './faults.ts'
import { type Watcher } from './watcher.ts'

interface Entry {
  readonly watcher: Watcher
  readonly facts: RequestFacts
  /** Ends the connection without a farewell. */
  readonly cut: () => void
}

/** All open watches: gives them bookmarks in one rhythm, and faults when asked. */
export class WatchHub {
  readonly #entries = new Set<Entry>()
  readonly #revision: () => number
  #timer: NodeJS.Timeout | undefined

  constructor(revision: () => number) {
    this.#revision = revision
  }

  get size(): number {
    return this.#entries.size
  }

  start(bookmarkIntervalMs: number): void {
    this.stop()
    this.#timer = setInterval(() => this.bookmark(), bookmarkIntervalMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const { watcher } of this.#entries) watcher.stop()
    this.#entries.clear()
  }

  /** @returns the function that forgets the watch. */
  add(entry: Entry): () => void {
    this.#entries.add(entry)
    return () => {
      this.#entries.delete(entry)
      entry.watcher.stop()
    }
  }

  /** Sends a bookmark to all watches that want them. */
  bookmark(): void {
    const revision = this.#revision()
    for (const { watcher } of this.#entries) watcher.bookmark(revision)
  }

  cut(match: FaultMatch): number {
    return this.#each(match, (entry) => entry.cut())
  }

  silence(match: FaultMatch): number {
    return this.#each(match, ({ watcher }) => watcher.silence())
  }

  fail(match: FaultMatch, error: ApiError): number {
    return this.#each(match, ({ watcher }) => watcher.fail(error))
  }

  #each(match: FaultMatch, act: (entry: Entry) => void): number {
    const met = [...this.#entries].filter(({ facts }) => matchesFault(match, facts))
    for (const entry of met) act(entry)
    return met.length
  }
}
