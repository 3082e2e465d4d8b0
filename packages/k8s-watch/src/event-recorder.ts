import { Backoff } from './backoff.ts'
import { hasStatus, KubeApiError } from './errors.ts'
import { EventCorrelator, type EventCorrelatorOptions, LruMap } from './event-correlator.ts'
import { InterruptibleWait } from './interruptible-wait.ts'
import type { KubeClient } from './kube-client.ts'
import { formatTime } from './micro-time.ts'
import type { KubeObject } from './object.ts'
import { EVENTS } from './resource.ts'
import { sleep } from './sleep.ts'
import type { V1Event } from './types.ts'

export interface EventRecorderOptions extends EventCorrelatorOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>
  /** Source component, e.g. `metallb-controller`. */
  readonly component: string
  /** Source host: the node. */
  readonly host?: string
  /** Series that wait to be sent; events beyond that are dropped. @defaultValue 1000 */
  readonly maxQueued?: number
  /**
   * How long the first event after a silence waits, milliseconds: what an event tells of is often written at the same
   * time, and somebody may wait for that. @defaultValue 0: what is recorded in the same turn goes out as one
   */
  readonly delayMs?: number
  /**
   * Asked after each event: while it is true, the next one waits 100 ms, so that the server's time goes to what events tell
   * of. @defaultValue never
   */
  readonly isBusy?: () => boolean
  /** Attempts before an event is dropped. @defaultValue 8 */
  readonly maxAttempts?: number
  /** An event could not be stored and was dropped. */
  readonly onProblem?: (error: unknown) => void
  /** Milliseconds since 1970, for the times inside the events. */
  readonly wallClock?: () => number
}

export interface EventCounters {
  readonly recorded: number
  /** Requests that succeeded. */
  readonly sent: number
  /** Too many about one object. */
  readonly suppressed: number
  /** Queue full, or the server would not have it. */
  readonly dropped: number
}

interface Series {
  readonly name: string
  readonly namespace: string
  readonly regarding: KubeObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly firstTimestamp: string
  message: string
  lastTimestamp: string
  count: number
  isStored: boolean
}

/** Longest message that every version of the API takes. */
const MAX_MESSAGE = 1024
/** Between events while there is something better to do, milliseconds. */
const BUSY_PAUSE_MS = 100
/** How long {@link EventRecorder.stop} lets the last events go out, milliseconds. */
const FLUSH_MS = 3000

/**
 * Records core/v1 Events. Repeats are counted in one Event object; floods about one object are combined, then
 * suppressed. Recording never waits, never throws, and holds a bounded number of events.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #correlator: EventCorrelator
  readonly #series: LruMap<Series>
  readonly #queue = new Map<string, Series>()
  readonly #abort = new AbortController()
  readonly #delay = new InterruptibleWait()
  readonly #counters = { recorded: 0, sent: 0, suppressed: 0, dropped: 0 }
  #isStopping = false
  #sending: Promise<void> | undefined
  #lastNameMs = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#correlator = new EventCorrelator(options)
    this.#series = new LruMap(options.maxRemembered ?? 4096)
  }

  get counters(): EventCounters {
    return { ...this.#counters }
  }

  /** Series that wait to be sent. */
  get queued(): number {
    return this.#queue.size
  }

  /** Records that something happened to `object`, which must state its `apiVersion`, `kind` and name. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#isStopping) return
    this.#counters.recorded += 1
    const { namespace, name, uid } = object.metadata ?? {}
    const subject = JSON.stringify([object.apiVersion, object.kind, namespace, name, uid])
    const found = this.#correlator.observe({ subject, type, reason, message })
    if (found === undefined) {
      this.#counters.suppressed += 1
      return
    }
    const isQueued = this.#queue.has(found.key)
    if (!isQueued && this.#queue.size >= (this.#options.maxQueued ?? 1000)) {
      this.#counters.dropped += 1
      return
    }
    const series = this.#series.getOrAdd(found.key, () =>
      this.#newSeries(object, type, reason, found.message)
    )
    series.count += 1
    series.message = found.message.slice(0, MAX_MESSAGE)
    series.lastTimestamp = this.#time()
    this.#queue.set(found.key, series)
    this.#sending ??= this.#sendAll()
  }

  /** Sends what waits, for a short while; then ends. Nothing is recorded any more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    const timer = setTimeout(() => this.#abort.abort(), FLUSH_MS)
    this.#delay.interrupt()
    await this.#sending
    clearTimeout(timer)
    this.#abort.abort()
  }

  async #sendAll(): Promise<void> {
    const { delayMs = 0, isBusy = () => false } = this.#options
    if (delayMs > 0) await this.#delay.wait(delayMs, this.#abort.signal)
    else await Promise.resolve()
    for (;;) {
      const next = this.#queue.entries().next().value
      if (next === undefined || this.#abort.signal.aborted) break
      const [key, series] = next
      this.#queue.delete(key)
      await this.#send(key, series)
      if (isBusy() && !this.#isStopping) await this.#delay.wait(BUSY_PAUSE_MS, this.#abort.signal)
    }
    this.#counters.dropped += this.#queue.size
    this.#queue.clear()
    this.#sending = undefined
  }

  async #send(key: string, series: Series): Promise<void> {
    const { maxAttempts = 8, onProblem } = this.#options
    const backoff = new Backoff({ minMs: 250, maxMs: 10_000, jitter: 0.5 })
    for (;;) {
      try {
        await this.#store(series)
        this.#counters.sent += 1
        return
      } catch (error) {
        if (isRefusal(error) || backoff.attempt + 1 >= maxAttempts || this.#abort.signal.aborted) {
          this.#counters.dropped += 1
          if (!series.isStored) this.#series.delete(key)
          onProblem?.(error)
          return
        }
      }
      await sleep(backoff.next(), this.#abort.signal)
    }
  }

  async #store(series: Series): Promise<void> {
    const { client } = this.#options
    const { name, namespace } = series
    const { signal } = this.#abort
    if (series.isStored) {
      try {
        const { count, lastTimestamp, message } = series
        await client.patch(
          EVENTS,
          { namespace, name },
          { type: 'merge', body: { count, lastTimestamp, message } },
          { signal }
        )
        return
      } catch (error) {
        // Events live an hour.
        if (!hasStatus(error, 404)) throw error
        series.isStored = false
      }
    }
    try {
      await client.create(EVENTS, this.#eventOf(series), { signal })
    } catch (error) {
      // An earlier attempt of ours whose answer was lost.
      if (!hasStatus(error, 409)) throw error
    }
    series.isStored = true
  }

  #newSeries(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): Series {
    const { namespace = '', name = '' } = object.metadata ?? {}
    const now = this.#time()
    // Names must differ even when many are made within one millisecond, or after the clock was set back.
    this.#lastNameMs = Math.max(this.#lastNameMs + 1, this.#wallClock() * 1000)
    return {
      name: `${name.slice(0, 200)}.${this.#lastNameMs.toString(16)}`,
      namespace: namespace === '' ? 'default' : namespace,
      regarding: referenceOf(object),
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      firstTimestamp: now,
      lastTimestamp: now,
      count: 0,
      isStored: false
    }
  }

  #eventOf(series: Series): V1Event {
    const { component, host } = this.#options
    const {
      apiVersion = '',
      kind = '',
      metadata: { name = '', namespace, uid, resourceVersion } = {}
    } = series.regarding
    return {
      metadata: { name: series.name, namespace: series.namespace },
      involvedObject: {
        apiVersion,
        kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion })
      },
      type: series.type,
      reason: series.reason,
      message: series.message,
      count: series.count,
      firstTimestamp: series.firstTimestamp,
      lastTimestamp: series.lastTimestamp,
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      reportingInstance: host ?? ''
    }
  }

  #wallClock(): number {
    return (this.#options.wallClock ?? Date.now)()
  }

  #time(): string {
    return formatTime(this.#wallClock())
  }
}

/** What an event says of its object: the object itself would be kept alive for as long as the series is remembered. */
function referenceOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata ?? {}
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion })
    }
  }
}

/** No later attempt would be accepted either. */
function isRefusal(error: unknown): boolean {
  return error instanceof KubeApiError && error.status >= 400 && error.status < 500 && error.status !== 429
}
