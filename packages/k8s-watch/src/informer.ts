import { Backoff } from './backoff.ts'
import { publishInformer } from './diagnostics.ts'
import { hasStatus, KubeTransportError, retryAfterOf } from './errors.ts'
import type { InformerOptions, InformerProblem, ObjectChange, WatchContact } from './informer-options.ts'
import type { WatchEvent } from './kube-request.ts'
import { type ListedObjects, listAll } from './list-all.ts'
import type { KubeObject } from './object.ts'
import type { ObjectView } from './object-cache.ts'
import { isOtherHistory } from './other-history.ts'
import { recoveryOf } from './recovery.ts'
import { isOlderVersion } from './resource-version.ts'
import { RetryPause } from './retry-pause.ts'
import { Signal } from './signal.ts'
import { monotonicNow } from './sleep.ts'
import { TrackedCache } from './tracked-cache.ts'
import { WatchCutError } from './watch-cut-error.ts'

/** A watch that lasted this long, or said something, was a success: delays start small again. */
const HEALTHY_WATCH_MS = 5000

/**
 * Keeps a cache of all objects of one kind equal to the API server's, and tells what changed.
 *
 * It lists in pages, watches from there, and goes on from where it was when a watch ends. It lists again, and tells
 * the differences, when the server has forgotten that point (410), was unreachable, or came back with other data. While the
 * server is away the cache keeps the last known state. When it is back for one informer of a client, the others that wait
 * for their next attempt try at once.
 */
export class Informer<T extends KubeObject, Index extends string = never> {
  readonly #options: InformerOptions<T, Index>
  readonly #cache: TrackedCache<T, Index>
  readonly #pause: RetryPause
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #connection = new Signal<boolean>()
  readonly #problems = new Signal<InformerProblem>()
  readonly #contacts = new Signal<WatchContact>()
  #abort: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #synced: PromiseWithResolvers<void> = Promise.withResolvers()
  #hasSynced = false
  #isConnected = false
  #isAbsent = false
  /** Where to go on watching; `undefined`: a list is needed first. */
  #resumeFrom: string | undefined
  #isFreshlyListed = false

  constructor(options: InformerOptions<T, Index>) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#cache = new TrackedCache(options.indexes, options.trim)
    this.#pause = new RetryPause(recoveryOf(options.client))
    const { minRetryMs = 100, maxRetryMs = 5000 } = options
    this.#backoff = new Backoff({ minMs: minRetryMs, maxMs: maxRetryMs, jitter: 0.5, random: this.#random })
  }

  /** The objects. */
  get cache(): ObjectView<T, Index> {
    return this.#cache.view
  }

  /** The cache was complete once: either all objects were read, or the server said that it has no such kind. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** The cache follows the server: the last attempt to reach it succeeded. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** The server does not know this kind (its CustomResourceDefinition is missing). */
  get isAbsent(): boolean {
    return this.#isAbsent
  }

  /** Calls `listener` for each change from now on; gives a function that ends that. */
  onChange(listener: (change: ObjectChange<T>) => void): () => void {
    return this.#cache.onChange(listener)
  }

  /** Calls `listener` with each new value of {@link isConnected}. */
  onConnectionChange(listener: (isConnected: boolean) => void): () => void {
    return this.#connection.subscribe(listener)
  }

  /** Calls `listener` whenever the watch proves that it works. */
  onContact(listener: (contact: WatchContact) => void): () => void {
    return this.#contacts.subscribe(listener)
  }

  /** Calls `listener` for each failed attempt. */
  onProblem(listener: (problem: InformerProblem) => void): () => void {
    return this.#problems.subscribe(listener)
  }

  /** Begins, until `signal` aborts or {@link stop}. */
  start(signal?: AbortSignal): void {
    if (this.#abort !== undefined) return
    const abort = new AbortController()
    this.#abort = abort
    const onAbort = (): void => abort.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) abort.abort()
    this.#running = this.#run(abort.signal).finally(() => signal?.removeEventListener('abort', onAbort))
  }

  /** Ends; the cache stays as it is. */
  async stop(): Promise<void> {
    this.#abort?.abort()
    await this.#running
  }

  /** Ends the wait before the next attempt, e.g. when a CustomResourceDefinition has just arrived. */
  retryNow(): void {
    this.#pause.interrupt()
  }

  /** Resolves when {@link hasSynced}. @throws The signal's reason when it aborts first. */
  async waitForSync(signal?: AbortSignal): Promise<void> {
    if (this.#hasSynced) return
    signal?.throwIfAborted()
    const aborted = Promise.withResolvers<void>()
    const onAbort = (): void => aborted.resolve()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([this.#synced.promise, aborted.promise])
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    if (!this.#hasSynced) signal?.throwIfAborted()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { absentRetryMs = 10_000 } = this.#options
    const unfollow = this.#pause.follow()
    while (!signal.aborted) {
      this.#pause.begin()
      try {
        if (this.#resumeFrom === undefined) await this.#list(signal)
        else if (!this.#isFreshlyListed) await this.#checkResume(this.#resumeFrom, signal)
        if (this.#resumeFrom !== undefined && !this.#isAbsent) await this.#watch(this.#resumeFrom, signal)
        if (this.#isAbsent) await this.#pause.wait(absentRetryMs * (1 - 0.25 * this.#random()), signal)
      } catch (error) {
        if (signal.aborted) break
        await this.#recover(error, signal)
      }
    }
    unfollow()
    this.#setConnected(false)
  }

  /** Reads everything and makes the cache equal to it. */
  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, pageSize = 500 } = this.#options
    let listed: ListedObjects<T>
    try {
      listed = await listAll(client, resource, {
        ...this.#selectors(),
        pageSize,
        trim: (object) => this.#cache.trimmed(object),
        signal,
        maxRetries: 0
      })
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
      await this.#becomeAbsent(signal)
      return
    }
    this.#isAbsent = false
    await this.#cache.replace(listed.objects, signal)
    if (signal.aborted) return
    this.#resumeFrom = listed.resourceVersion
    this.#isFreshlyListed = true
    this.#contact('listed')
    this.#setSynced()
  }

  async #becomeAbsent(signal: AbortSignal): Promise<void> {
    this.#isAbsent = true
    this.#resumeFrom = undefined
    await this.#cache.replace(new Map(), signal)
    this.#backoff.reset()
    this.#contact('absent')
    this.#setSynced()
  }

  /** One small list tells whether the server is still the one that {@link #resumeFrom} is from. */
  async #checkResume(resumeFrom: string, signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options
    const page = await client.list(resource, { ...this.#selectors(), limit: 1, signal, maxRetries: 0 })
    this.#contact('checked')
    if (isOtherHistory(page, this.#cache.view, resumeFrom)) this.#resumeFrom = undefined
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource, silenceMs = 90_000, watchMs = 300_000 } = this.#options
    this.#isFreshlyListed = false
    // A listener added to a signal that has aborted is never called.
    if (signal.aborted) return
    const silence = new AbortController()
    const onAbort = (): void => silence.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => silence.abort(), silenceMs)
    const startedAt = monotonicNow()
    let events = 0
    let isOpen = false
    try {
      await client.watch(resource, {
        ...this.#selectors(),
        resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: Math.ceil((watchMs * (1 + this.#random())) / 1000),
        signal: silence.signal,
        onOpen: () => {
          isOpen = true
          timer.refresh()
          this.#contact('watching')
        },
        onEvent: (event) => {
          events += 1
          timer.refresh()
          this.#handle(event)
        }
      })
      if (events === 0 && monotonicNow() - startedAt < 1000)
        throw new WatchCutError('the watch ended at once')
    } catch (error) {
      if (signal.aborted) return
      // Silence proves nothing: what comes next is a check that the server is there.
      if (silence.signal.aborted && isOpen) return
      const wasCut = isOpen && error instanceof KubeTransportError
      throw wasCut ? new WatchCutError('the watch was cut', { cause: error }) : error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (events > 0 || (isOpen && monotonicNow() - startedAt >= HEALTHY_WATCH_MS)) this.#backoff.reset()
    }
  }

  #handle(event: WatchEvent<T>): void {
    const version = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata?.resourceVersion
    if (version !== undefined && isOlderVersion(version, this.#resumeFrom ?? '')) {
      this.#resumeFrom = undefined
      throw new WatchCutError('the server went back in time')
    }
    if (event.type === 'DELETED') this.#cache.remove(this.#cache.trimmed(event.object))
    else if (event.type !== 'BOOKMARK') this.#cache.store(this.#cache.trimmed(event.object))
    if (version !== undefined) this.#resumeFrom = version
    this.#contacts.emit('heard')
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const wasCut = error instanceof WatchCutError
    const isExpired = hasStatus(error, 410)
    // Only a server that answered, and is still the same, may be asked to go on from a version.
    const canResume = wasCut || hasStatus(error, 401, 403, 429, 500)
    if (!canResume) this.#resumeFrom = undefined
    this.#isFreshlyListed = false
    if (!wasCut && !isExpired) this.#setConnected(false)
    const orderedMs = retryAfterOf(error)
    const retryMs = this.#backoff.next(orderedMs)
    const problem = { error, retryMs, attempt: this.#backoff.attempt }
    publishInformer({ resource: this.#options.resource.plural, event: 'problem', problem })
    this.#problems.emit(problem)
    await this.#pause.afterFailure(retryMs, orderedMs !== undefined, signal)
  }

  #selectors(): Pick<InformerOptions<T, Index>, 'namespace' | 'labelSelector' | 'fieldSelector'> {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return { namespace, labelSelector, fieldSelector }
  }

  #contact(event: 'listed' | 'absent' | 'watching' | 'checked'): void {
    publishInformer({ resource: this.#options.resource.plural, event, objects: this.#cache.view.size })
    // A list alone follows nothing yet, unless there is nothing to follow.
    if (event === 'watching' || event === 'absent') this.#setConnected(true)
    if (event === 'watching') this.#contacts.emit('opened')
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return
    this.#isConnected = isConnected
    if (isConnected) this.#pause.succeed()
    this.#connection.emit(isConnected)
  }

  #setSynced(): void {
    if (this.#hasSynced) return
    this.#hasSynced = true
    this.#synced.resolve()
  }
}
