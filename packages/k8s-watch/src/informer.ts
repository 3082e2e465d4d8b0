import { Backoff } from './backoff.ts'
import { publishInformer } from './diagnostics.ts'
import { hasStatus, KubeTransportError, retryAfterOf } from './errors.ts'
import {
  type InformerOptions,
  type InformerProblem,
  type ObjectChange,
  type WatchContact
} from './informer-options.ts'
import { type WatchEvent } from './kube-request.ts'
import { type KubeObject, keyOf, keyTextOf } from './object.ts'
import { ObjectCache, type ObjectView } from './object-cache.ts'
import { isOlderVersion } from './resource-version.ts'
import { Signal } from './signal.ts'
import { monotonicNow, yieldToEventLoop } from './sleep.ts'

/** A watch that lasted this long, or said something, was a success: delays start small again. */
const HEALTHY_WATCH_MS = 5000
/** Longest work on one list before I/O gets its turn. */
const SLICE_MS = 10

/**
 * Keeps a cache of all objects of one kind equal to the API server's, and tells what changed.
 *
 * It lists in pages, watches from there, and goes on from where it was when a watch ends. It lists again, and tells
 * the differences, when the server has forgotten that point (410), was unreachable, or came back with other data. While the
 * server is away the cache keeps the last known state.
 */
export class Informer<T extends KubeObject, Index extends string = never> {
  readonly #options: InformerOptions<T, Index>
  readonly #cache: ObjectCache<T, Index>
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #changes = new Signal<ObjectChange<T>>()
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
  /** A list ran longer than the server keeps its pages: the next asks for all at once. */
  #isPaging = true
  #wake: (() => void) | undefined

  constructor(options: InformerOptions<T, Index>) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#cache = new ObjectCache(options.indexes)
    const { minRetryMs = 100, maxRetryMs = 15_000 } = options
    this.#backoff = new Backoff({ minMs: minRetryMs, maxMs: maxRetryMs, jitter: 0.5, random: this.#random })
  }

  /** The objects. */
  get cache(): ObjectView<T, Index> {
    return this.#cache
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
    return this.#changes.subscribe(listener)
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
    this.#wake?.()
    await this.#running
  }

  /** Ends the wait before the next attempt, e.g. when a CustomResourceDefinition has just arrived. */
  retryNow(): void {
    this.#wake?.()
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
    while (!signal.aborted) {
      try {
        if (this.#resumeFrom === undefined) await this.#list(signal)
        else if (!this.#isFreshlyListed) await this.#checkResume(signal)
        if (this.#resumeFrom !== undefined && !this.#isAbsent) await this.#watch(this.#resumeFrom, signal)
        if (this.#isAbsent) await this.#wait(this.#absentRetryMs(), signal)
      } catch (error) {
        if (signal.aborted) break
        await this.#recover(error, signal)
      }
    }
    this.#setConnected(false)
  }

  /** Reads everything and makes the cache equal to it. */
  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, pageSize = 500 } = this.#options
    const listed = new Map<string, T>()
    let resourceVersion: string | undefined
    let next: string | undefined
    try {
      do {
        const page = await client.list(resource, {
          ...this.#selectors(),
          ...(this.#isPaging ? { limit: pageSize } : {}),
          continue: next,
          signal,
          maxRetries: 0
        })
        for (const item of page.items) listed.set(keyTextOf(item), this.#trimmed(item))
        // All pages show the state of the first.
        resourceVersion ??= page.resourceVersion
        next = page.continue
      } while (next !== undefined)
    } catch (error) {
      if (hasStatus(error, 404)) {
        await this.#becomeAbsent(signal)
        return
      }
      if (hasStatus(error, 410) && next !== undefined) this.#isPaging = false
      throw error
    }
    this.#isPaging = true
    this.#isAbsent = false
    await this.#replace(listed, signal)
    if (signal.aborted) return
    this.#resumeFrom = resourceVersion
    this.#isFreshlyListed = true
    this.#contact('listed')
    this.#setSynced()
  }

  async #becomeAbsent(signal: AbortSignal): Promise<void> {
    this.#isAbsent = true
    this.#resumeFrom = undefined
    await this.#replace(new Map(), signal)
    this.#backoff.reset()
    this.#contact('absent')
    this.#setSynced()
  }

  /** Delivers what changed while nobody was watching: deletions first, so that what they held is free. */
  async #replace(listed: ReadonlyMap<string, T>, signal: AbortSignal): Promise<void> {
    let sliceEnd = monotonicNow() + SLICE_MS
    const gone = [...this.#cache.values()].filter((object) => !listed.has(keyTextOf(object)))
    for (const objects of [gone.map((object) => ({ object, isGone: true })), toPresent(listed)]) {
      for (const { object, isGone } of objects) {
        if (isGone) this.#remove(object)
        else this.#store(object)
        if (monotonicNow() < sliceEnd) continue
        await yieldToEventLoop()
        if (signal.aborted) return
        sliceEnd = monotonicNow() + SLICE_MS
      }
    }
  }

  /**
   * A server that was restored from a backup accepts a watch from a version that it has not reached, and stays silent.
   * One small list tells: it is older than we are, or its first object is not the one that we know.
   */
  async #checkResume(signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options
    const page = await client.list(resource, { ...this.#selectors(), limit: 1, signal, maxRetries: 0 })
    this.#contact('checked')
    const [first] = page.items
    const known = first && this.#cache.get(keyOf(first))
    const isEmptied = first === undefined && this.#cache.size > 0
    const isReplaced = isEmptied || (known !== undefined && known.metadata?.uid !== first?.metadata?.uid)
    if (isReplaced || isOlderVersion(page.resourceVersion, this.#resumeFrom ?? ''))
      this.#resumeFrom = undefined
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource, silenceMs = 90_000, watchMs = 300_000 } = this.#options
    this.#isFreshlyListed = false
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
    if (event.type === 'DELETED') this.#remove(this.#trimmed(event.object))
    else if (event.type !== 'BOOKMARK') this.#store(this.#trimmed(event.object))
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
    const retryMs = this.#backoff.next(retryAfterOf(error))
    const problem = { error, retryMs, attempt: this.#backoff.attempt }
    publishInformer({ resource: this.#options.resource.plural, event: 'problem', problem })
    this.#problems.emit(problem)
    await this.#wait(retryMs, signal)
  }

  #store(object: T): void {
    const previous = this.#cache.get(keyOf(object))
    if (previous === undefined) {
      this.#cache.set(object)
      this.#changes.emit({ type: 'added', object })
    } else if (previous.metadata?.uid !== object.metadata?.uid) {
      // Deleted and made anew while nobody was watching: whoever held things for the old one must hear of both.
      this.#remove(previous)
      this.#store(object)
    } else if (previous.metadata?.resourceVersion !== object.metadata?.resourceVersion) {
      this.#cache.set(object)
      this.#changes.emit({ type: 'updated', object, previous })
    }
  }

  #remove(object: T): void {
    if (this.#cache.delete(keyOf(object)) !== undefined) this.#changes.emit({ type: 'deleted', object })
  }

  #trimmed(object: T): T {
    const light = withoutManagedFields(object)
    return this.#options.trim?.(light) ?? light
  }

  #selectors(): Pick<InformerOptions<T, Index>, 'namespace' | 'labelSelector' | 'fieldSelector'> {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return { namespace, labelSelector, fieldSelector }
  }

  #absentRetryMs(): number {
    return (this.#options.absentRetryMs ?? 10_000) * (1 - 0.25 * this.#random())
  }

  #contact(event: 'listed' | 'absent' | 'watching' | 'checked'): void {
    publishInformer({ resource: this.#options.resource.plural, event, objects: this.#cache.size })
    // A list alone follows nothing yet, unless there is nothing to follow.
    if (event === 'watching' || event === 'absent') this.#setConnected(true)
    if (event === 'watching') this.#contacts.emit('heard')
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return
    this.#isConnected = isConnected
    this.#connection.emit(isConnected)
  }

  #setSynced(): void {
    if (this.#hasSynced) return
    this.#hasSynced = true
    this.#synced.resolve()
  }

  /** Ends early by {@link retryNow}, {@link stop} and the signal. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(finish, ms)
      signal.addEventListener('abort', finish, { once: true })
      this.#wake = finish
    })
  }
}

/** The stream ended, but nothing says that the server did. */
class WatchCutError extends Error {
  override readonly name = 'WatchCutError'
}

function* toPresent<T>(listed: ReadonlyMap<string, T>): Generator<{ object: T; isGone: false }> {
  for (const object of listed.values()) yield { object, isGone: false }
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { metadata } = object
  if (metadata === undefined || !('managedFields' in metadata)) return object
  const { managedFields: _dropped, ...rest } = metadata
  return { ...object, metadata: rest }
}
