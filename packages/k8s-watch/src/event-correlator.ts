import { monotonicNow } from './sleep.ts'
import { TokenBucket } from './token-bucket.ts'

/** What happened, to which object. */
export interface ObservedEvent {
  /** Names the object, its kind and its uid. */
  readonly subject: string
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** One Event object on the server: repeats are counted in it. */
export interface EventSeries {
  /** Series with the same key are the same. */
  readonly key: string
  readonly message: string
}

export interface EventCorrelatorOptions {
  /** Objects, and series, that are remembered; the longest unused are forgotten. @defaultValue 4096 */
  readonly maxRemembered?: number
  /** Different messages with one reason on one object within ten minutes, before they are combined. @defaultValue 10 */
  readonly maxSimilar?: number
  /** Events about one object: at once, and per second after that. @defaultValue 25 and one in 300 s */
  readonly burst?: number
  readonly perSecond?: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

const SIMILAR_WINDOW_MS = 600_000
export const COMBINED_PREFIX = '(combined from similar events): '

interface Similar {
  readonly messages: Set<string>
  seenAt: number
}

/** Decides which events are worth a request, and which are repeats: the rules of client-go's correlator. Pure but for the clock. */
export class EventCorrelator {
  readonly #options: Required<EventCorrelatorOptions>
  readonly #buckets: LruMap<TokenBucket>
  readonly #similar: LruMap<Similar>

  constructor(options: EventCorrelatorOptions = {}) {
    this.#options = {
      maxRemembered: 4096,
      maxSimilar: 10,
      burst: 25,
      perSecond: 1 / 300,
      now: monotonicNow,
      ...options
    }
    this.#buckets = new LruMap(this.#options.maxRemembered)
    this.#similar = new LruMap(this.#options.maxRemembered)
  }

  /** The series that an event belongs to; `undefined`: its object has had too many. */
  observe(event: ObservedEvent): EventSeries | undefined {
    const { burst, perSecond, now } = this.#options
    const bucket = this.#buckets.getOrAdd(event.subject, () => new TokenBucket({ burst, perSecond, now }))
    if (!bucket.tryTake()) return undefined
    const key = JSON.stringify([event.subject, event.type, event.reason])
    if (!this.#isOneOfMany(key, event.message)) {
      return { key: JSON.stringify([key, event.message]), message: event.message }
    }
    return { key, message: COMBINED_PREFIX + event.message }
  }

  #isOneOfMany(key: string, message: string): boolean {
    const now = this.#options.now()
    const similar = this.#similar.getOrAdd(key, () => ({ messages: new Set(), seenAt: now }))
    if (now - similar.seenAt > SIMILAR_WINDOW_MS) similar.messages.clear()
    similar.seenAt = now
    if (similar.messages.has(message)) return false
    if (similar.messages.size >= this.#options.maxSimilar) return true
    similar.messages.add(message)
    return false
  }
}

/** A map that forgets what was not asked for for the longest time. */
export class LruMap<V> {
  readonly #limit: number
  readonly #entries = new Map<string, V>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  getOrAdd(key: string, create: () => V): V {
    const value = this.get(key) ?? create()
    this.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return
    const oldest = this.#entries.keys().next().value
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
