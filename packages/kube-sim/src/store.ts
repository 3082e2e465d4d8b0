import { History } from './history.ts'
import { type KubeObject, objectKey, withMeta } from './kube-object.ts'
import { StoredObject } from './stored-object.ts'

/** Where changes are kept beyond the life of the process. */
export interface Journal {
  put(resource: string, object: KubeObject): void
  remove(resource: string, key: string, revision: number): void
}

/** The state of a {@link Store}, to be put back later. */
export interface StoreSnapshot {
  readonly revision: number
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>
}

/** One change, as the store tells it to its observers. */
export interface StoreChange {
  readonly resource: string
  readonly current: StoredObject | undefined
  readonly previous: StoredObject | undefined
}

interface StoreObserver {
  readonly changed: (change: StoreChange) => void
  readonly reset: () => void
}

interface Bucket {
  readonly objects: Map<string, StoredObject>
  sortedKeys: readonly string[] | undefined
  sorted: readonly StoredObject[] | undefined
  history: History
}

/** Options of a {@link Store}. */
export interface StoreOptions {
  /** Changes kept per resource for watches that resume. Default 10,000. */
  readonly historyLimit?: number
  readonly journal?: Journal | undefined
}

/**
 * All objects, by resource (`group/plural`) and key (`namespace/name`), under one counter of revisions. It knows no
 * rules: whoever writes has checked.
 */
export class Store {
  readonly #historyLimit: number
  readonly #journal: Journal | undefined
  readonly #buckets = new Map<string, Bucket>()
  readonly #observers = new Set<StoreObserver>()
  readonly #droppedAt = new Map<string, number>()
  #revision = 0
  #compactedRevision = 0

  constructor(options: StoreOptions = {}) {
    this.#historyLimit = options.historyLimit ?? 10_000
    this.#journal = options.journal
  }

  /** The revision of the newest change. */
  get revision(): number {
    return this.#revision
  }

  /** The resources that hold objects or were asked for. */
  get resources(): readonly string[] {
    return [...this.#buckets.keys()]
  }

  get(resource: string, namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#buckets.get(resource)?.objects.get(objectKey(namespace, name))
  }

  /** All objects of a resource at this moment, by key. The array is never changed afterwards. */
  list(resource: string): readonly StoredObject[] {
    const bucket = this.#bucket(resource)
    bucket.sortedKeys ??= [...bucket.objects.keys()].sort(compareText)
    bucket.sorted ??= bucket.sortedKeys.flatMap((key) => bucket.objects.get(key) ?? [])
    return bucket.sorted
  }

  /** How many objects a resource has. */
  count(resource: string): number {
    return this.#buckets.get(resource)?.objects.size ?? 0
  }

  history(resource: string): History {
    return this.#bucket(resource).history
  }

  /** Writes an object under the next revision, and tells the watches. */
  put(resource: string, object: KubeObject): StoredObject {
    const bucket = this.#bucket(resource)
    const revision = ++this.#revision
    const key = objectKey(object.metadata.namespace, object.metadata.name)
    const written = withMeta(object, { resourceVersion: String(revision) })
    const previous = bucket.objects.get(key)
    const current = new StoredObject(key, written, revision)
    this.#journal?.put(resource, written)
    this.#place(bucket, current, previous)
    bucket.history.append({
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      revision,
      current,
      previous
    })
    this.#tell({ resource, current, previous })
    return current
  }

  /** Removes an object under the next revision. The result is its last state with that revision. */
  remove(resource: string, namespace: string | undefined, name: string): StoredObject | undefined {
    const bucket = this.#bucket(resource)
    const key = objectKey(namespace, name)
    const previous = bucket.objects.get(key)
    if (previous === undefined) return undefined
    const revision = ++this.#revision
    const last = withMeta(previous.object, { resourceVersion: String(revision) })
    const current = new StoredObject(key, last, revision)
    this.#journal?.remove(resource, key, revision)
    bucket.objects.delete(key)
    bucket.sortedKeys = undefined
    bucket.sorted = undefined
    bucket.history.append({ type: 'DELETED', revision, current, previous })
    this.#tell({ resource, current: undefined, previous })
    return current
  }

  /** Forgets a resource: its watches end. Objects must have been removed before. */
  dropResource(resource: string): void {
    const bucket = this.#buckets.get(resource)
    if (bucket === undefined) return
    this.#buckets.delete(resource)
    this.#droppedAt.set(resource, this.#revision)
    bucket.history.close()
  }

  /** Forgets the history: watches and lists that ask for an older revision are answered with 410. */
  compact(): void {
    this.#compactedRevision = this.#revision
    for (const bucket of this.#buckets.values()) bucket.history.compact(this.#revision)
  }

  /**
   * Calls back for every change, after it was made; returns the function that stops it.
   *
   * @param reset Called before a {@link restore} tells of what it puts back: all that was told before is void.
   */
  observe(changed: (change: StoreChange) => void, reset: () => void = () => {}): () => void {
    const observer: StoreObserver = { changed, reset }
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  snapshot(): StoreSnapshot {
    const objects = new Map<string, readonly KubeObject[]>()
    for (const [resource, bucket] of this.#buckets) {
      objects.set(
        resource,
        [...bucket.objects.values()].map((stored) => stored.object)
      )
    }
    return { revision: this.#revision, objects }
  }

  /** Replaces everything by a snapshot, as after a restart: no history, watches end. */
  restore(snapshot: StoreSnapshot): void {
    for (const bucket of this.#buckets.values()) bucket.history.close()
    this.#buckets.clear()
    this.#droppedAt.clear()
    for (const observer of this.#observers) observer.reset()
    this.#revision = snapshot.revision
    this.#compactedRevision = snapshot.revision
    for (const [resource, objects] of snapshot.objects) {
      const bucket = this.#bucket(resource)
      for (const object of objects) {
        const key = objectKey(object.metadata.namespace, object.metadata.name)
        const current = new StoredObject(key, object, Number(object.metadata.resourceVersion ?? 0))
        this.#place(bucket, current, undefined)
        this.#tell({ resource, current, previous: undefined })
      }
    }
  }

  #place(bucket: Bucket, current: StoredObject, previous: StoredObject | undefined): void {
    bucket.objects.set(current.key, current)
    if (previous === undefined) bucket.sortedKeys = undefined
    bucket.sorted = undefined
  }

  #bucket(resource: string): Bucket {
    let bucket = this.#buckets.get(resource)
    if (bucket === undefined) {
      const history = new History(
        this.#historyLimit,
        Math.max(this.#compactedRevision, this.#droppedAt.get(resource) ?? 0)
      )
      bucket = { objects: new Map(), sortedKeys: undefined, sorted: undefined, history }
      this.#buckets.set(resource, bucket)
    }
    return bucket
  }

  #tell(change: StoreChange): void {
    for (const observer of this.#observers) observer.changed(change)
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
