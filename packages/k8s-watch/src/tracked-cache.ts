import type { ObjectChange } from './informer-options.ts'
import { type KubeObject, keyOf, keyTextOf } from './object.ts'
import { type IndexFunction, ObjectCache, type ObjectView } from './object-cache.ts'
import { Signal } from './signal.ts'
import { monotonicNow, yieldToEventLoop } from './sleep.ts'

/** Longest work on one list before I/O gets its turn. */
const SLICE_MS = 10

/** A cache that tells what changes in it. When a listener hears of a change, the cache has it already. */
export class TrackedCache<T extends KubeObject, Index extends string = never> {
  readonly #objects: ObjectCache<T, Index>
  readonly #trim: ((object: T) => T) | undefined
  readonly #changes = new Signal<ObjectChange<T>>()

  constructor(indexes?: Readonly<Record<Index, IndexFunction<T>>>, trim?: (object: T) => T) {
    this.#objects = new ObjectCache(indexes)
    this.#trim = trim
  }

  get view(): ObjectView<T, Index> {
    return this.#objects
  }

  onChange(listener: (change: ObjectChange<T>) => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /** The object without what nobody reads. */
  trimmed(object: T): T {
    const light = withoutManagedFields(object)
    return this.#trim?.(light) ?? light
  }

  /** @param object Trimmed. */
  store(object: T): void {
    const previous = this.#objects.get(keyOf(object))
    if (previous === undefined) {
      this.#objects.set(object)
      this.#changes.emit({ type: 'added', object })
    } else if (previous.metadata?.uid !== object.metadata?.uid) {
      // Deleted and made anew while nobody was watching: whoever held things for the old one must hear of both.
      this.remove(previous)
      this.store(object)
    } else if (previous.metadata?.resourceVersion !== object.metadata?.resourceVersion) {
      this.#objects.set(object)
      this.#changes.emit({ type: 'updated', object, previous })
    }
  }

  /** @param object Trimmed. */
  remove(object: T): void {
    if (this.#objects.delete(keyOf(object)) !== undefined) this.#changes.emit({ type: 'deleted', object })
  }

  /**
   * Makes the cache equal to a list: deletions first, so that what they held is free. A long list is worked on in slices;
   * the signal ends it between two of them.
   *
   * @param listed Trimmed objects by {@link keyTextOf}.
   */
  async replace(listed: ReadonlyMap<string, T>, signal: AbortSignal): Promise<void> {
    const gone = [...this.#objects.values()].filter((object) => !listed.has(keyTextOf(object)))
    await inSlices(gone, signal, (object) => this.remove(object))
    await inSlices(listed.values(), signal, (object) => this.store(object))
  }
}

async function inSlices<T>(items: Iterable<T>, signal: AbortSignal, act: (item: T) => void): Promise<void> {
  let sliceEnd = monotonicNow() + SLICE_MS
  for (const item of items) {
    if (monotonicNow() >= sliceEnd) {
      await yieldToEventLoop()
      sliceEnd = monotonicNow() + SLICE_MS
    }
    if (signal.aborted) return
    act(item)
  }
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { metadata } = object
  if (metadata === undefined || !('managedFields' in metadata)) return object
  const { managedFields: _dropped, ...rest } = metadata
  return { ...object, metadata: rest }
}
