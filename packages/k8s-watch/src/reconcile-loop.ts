import { backoffDelay } from './backoff.ts'
import { publishReconcile } from './diagnostics.ts'
import { formatKey, type ObjectKey } from './object.ts'
import { monotonicNow, sleep, yieldToEventLoop } from './sleep.ts'
import { TokenBucket } from './token-bucket.ts'
import { type WorkItem, WorkQueue } from './work-queue.ts'

/** What a reconcile asks for next. */
export type ReconcileResult =
  | { readonly type: 'done' }
  /** Look again after `ms` milliseconds, though nothing failed. */
  | { readonly type: 'requeueAfter'; readonly ms: number }

export const DONE: ReconcileResult = { type: 'done' }

/**
 * Makes the world match one object. It is told which object to look at, never what changed, and so may be called
 * at any time, any number of times; never twice at once for one key. `signal` aborts when the loop ends.
 *
 * A rejection is retried with backoff; {@link TerminalError} is not.
 */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>

/** Wraps an error that no retry can mend: it is reported, and the object waits for its next change. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
  readonly code = 'ERR_K8S_TERMINAL'
}

/** A failed attempt. */
export interface ReconcileFailure {
  /** Failures in a row of this key, this one included. */
  readonly attempt: number
  /** When it is tried again, milliseconds; `undefined` when only the next change of the object will. */
  readonly retryMs: number | undefined
}

export interface ReconcileLoopOptions {
  readonly reconcile: Reconcile
  readonly onError: (key: ObjectKey, error: unknown, failure: ReconcileFailure) => void
  /** In diagnostics. @defaultValue '' */
  readonly name?: string
  /** Keys worked on at the same time. @defaultValue 1 */
  readonly concurrency?: number
  /** First retry delay, milliseconds. It doubles with each failure of the key, up to `maxRetryMs`. @defaultValue 50 */
  readonly minRetryMs?: number
  /** @defaultValue 60_000 */
  readonly maxRetryMs?: number
  /** Part of a delay that is random, 0 to 1. @defaultValue 0.25 */
  readonly jitter?: number
  /** Retries in a row after which a key is given up until it is enqueued again. @defaultValue Infinity */
  readonly maxRetries?: number
  /** Reconciles that may start per second, and at once. @defaultValue no limit */
  readonly rateLimit?: { readonly perSecond: number; readonly burst: number }
  /** In [0, 1). */
  readonly random?: () => number
}

/** Counted since the loop was made. */
export interface ReconcileCounters {
  readonly added: number
  readonly reconciled: number
  readonly failed: number
  readonly retried: number
  readonly givenUp: number
  /** Sums, milliseconds: how long keys waited for their turn, and how long reconciles took. */
  readonly waitedMs: number
  readonly workedMs: number
}

/** Longest time that reconciles which never wait may keep I/O from being read. */
const SLICE_MS = 10

type LoopOptions = Required<Omit<ReconcileLoopOptions, 'rateLimit'>>

/** A work queue of object keys, and the loop that reconciles them. */
export class ReconcileLoop {
  readonly #options: LoopOptions
  readonly #bucket: TokenBucket | undefined
  readonly #queue = new WorkQueue(() => this.#wake())
  readonly #failures = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #counters = {
    added: 0,
    reconciled: 0,
    failed: 0,
    retried: 0,
    givenUp: 0,
    waitedMs: 0,
    workedMs: 0
  }
  #wakeUp: (() => void) | undefined
  #done: Promise<void> | undefined

  constructor(options: ReconcileLoopOptions) {
    const { rateLimit, ...rest } = options
    this.#options = {
      name: '',
      concurrency: 1,
      minRetryMs: 50,
      maxRetryMs: 60_000,
      jitter: 0.25,
      maxRetries: Number.POSITIVE_INFINITY,
      random: Math.random,
      ...rest
    }
    this.#bucket = rateLimit && new TokenBucket(rateLimit)
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Keys that are being reconciled. */
  get busy(): number {
    return this.#queue.busy
  }

  /** Keys that wait for a delay to pass. */
  get delayed(): number {
    return this.#queue.delayed
  }

  get counters(): ReconcileCounters {
    return { ...this.#counters }
  }

  /** Adds a key. A key that is already waiting is not added twice; a delay that it was waiting for is over. */
  enqueue(key: ObjectKey): void {
    if (this.#stopping.signal.aborted) return
    this.#counters.added += 1
    this.#queue.add(key)
  }

  /** Adds a key after `ms` milliseconds, unless it is added before. */
  enqueueAfter(key: ObjectKey, ms: number): void {
    if (!this.#stopping.signal.aborted) this.#queue.addAfter(key, ms)
  }

  /** Reconciles until `signal` aborts or {@link stop}; resolves when what was under way has ended. Called once. */
  async run(signal?: AbortSignal): Promise<void> {
    this.#done ??= this.#loop(signal)
    await this.#done
  }

  /** Takes no more keys, and resolves when what was under way has ended. */
  async stop(): Promise<void> {
    this.#stop()
    await this.#done
  }

  #stop(): void {
    this.#stopping.abort()
    this.#queue.clear()
    this.#wake()
  }

  async #loop(signal: AbortSignal | undefined): Promise<void> {
    const onAbort = (): void => this.#stop()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) this.#stop()
    let sliceEnd = monotonicNow() + SLICE_MS
    while (!this.#stopping.signal.aborted) {
      if (monotonicNow() >= sliceEnd) {
        await yieldToEventLoop()
        sliceEnd = monotonicNow() + SLICE_MS
        continue
      }
      // Being woken is no proof that I/O was read: reconciles that never wait end in the same turn.
      if (this.#queue.depth === 0 || this.#running.size >= this.#options.concurrency) await this.#woken()
      else if (this.#bucket?.tryTake() === false) await sleep(this.#bucket.waitMs(), this.#stopping.signal)
      else this.#begin()
    }
    await Promise.all(this.#running)
    signal?.removeEventListener('abort', onAbort)
  }

  #begin(): void {
    const item = this.#queue.take()
    if (item === undefined) return
    const work: Promise<void> = this.#reconcile(item).finally(() => {
      this.#running.delete(work)
      this.#queue.finish(item.key)
      this.#wake()
    })
    this.#running.add(work)
  }

  async #reconcile({ key, addedAt }: WorkItem): Promise<void> {
    const startedAt = monotonicNow()
    this.#counters.waitedMs += startedAt - addedAt
    this.#counters.reconciled += 1
    let outcome: 'done' | 'requeued' | 'retried' | 'given-up' = 'done'
    let failure: unknown
    try {
      const result = await this.#options.reconcile(key, this.#stopping.signal)
      this.#failures.delete(formatKey(key))
      if (result.type === 'requeueAfter') {
        outcome = 'requeued'
        this.enqueueAfter(key, result.ms)
      }
    } catch (error) {
      failure = error
      outcome = this.#retry(key, error)
    }
    const durationMs = monotonicNow() - startedAt
    this.#counters.workedMs += durationMs
    publishReconcile({ loop: this.#options.name, key, outcome, durationMs, error: failure })
  }

  #retry(key: ObjectKey, error: unknown): 'retried' | 'given-up' {
    // What fails because the loop ends is no failure of the key.
    if (this.#stopping.signal.aborted) return 'given-up'
    const id = formatKey(key)
    const attempt = (this.#failures.get(id) ?? 0) + 1
    this.#counters.failed += 1
    if (isTerminal(error) || attempt > this.#options.maxRetries) {
      this.#failures.delete(id)
      this.#counters.givenUp += 1
      this.#options.onError(key, error, { attempt, retryMs: undefined })
      return 'given-up'
    }
    const { minRetryMs: minMs, maxRetryMs: maxMs, jitter, random } = this.#options
    const retryMs = backoffDelay(attempt, { minMs, maxMs, jitter, random })
    this.#failures.set(id, attempt)
    this.#counters.retried += 1
    this.#queue.addAfter(key, retryMs)
    this.#options.onError(key, error, { attempt, retryMs })
    return 'retried'
  }

  #wake(): void {
    this.#wakeUp?.()
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeUp = () => {
        this.#wakeUp = undefined
        resolve()
      }
    })
  }
}

/** By code: two versions of this package may be loaded. */
function isTerminal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_K8S_TERMINAL'
}
