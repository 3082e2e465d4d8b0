import { formatKey, type KubeObject, keyTextOf, type ObjectKey } from './object.ts'

/** The index entries of an object: under each of them it is found. Must depend on nothing but the object. */
export type IndexFunction<T> = (object: T) => readonly string[]

/** What a cache shows to those who only read. Objects are shared: they are never changed in place. */
export interface ObjectView<T extends KubeObject, Index extends string = never> {
  readonly size: number
  get(key: ObjectKey): T | undefined
  has(key: ObjectKey): boolean
  /** All objects, in no order that means anything. */
  values(): IterableIterator<T>
  /** The objects that `index` lists under `entry`; found without looking at the others. */
  byIndex(index: Index, entry: string): readonly T[]
  /** The entries of `index` that have at least one object. */
  indexEntries(index: Index): IterableIterator<string>
}

/** Most entries have one object only: a set for each would take more memory than the objects. */
type KeysByEntry = Map<string, string | Set<string>>

/** Objects by key, with named indexes. */
export class ObjectCache<T extends KubeObject, Index extends string = never> implements ObjectView<T, Index> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<Index, { readonly entriesOf: IndexFunction<T>; readonly keys: KeysByEntry }>()

  constructor(indexes?: Readonly<Record<Index, IndexFunction<T>>>) {
    for (const name in indexes) this.#indexes.set(name, { entriesOf: indexes[name], keys: new Map() })
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(formatKey(key))
  }

  has(key: ObjectKey): boolean {
    return this.#objects.has(formatKey(key))
  }

  values(): IterableIterator<T> {
    return this.#objects.values()
  }

  byIndex(index: Index, entry: string): readonly T[] {
    const found: T[] = []
    const listed = this.#indexes.get(index)?.keys.get(entry) ?? []
    for (const key of typeof listed === 'string' ? [listed] : listed) {
      const object = this.#objects.get(key)
      if (object !== undefined) found.push(object)
    }
    return found
  }

  indexEntries(index: Index): IterableIterator<string> {
    return (this.#indexes.get(index)?.keys ?? new Map<string, string>()).keys()
  }

  /** Adds or replaces, and gives what was there before. */
  set(object: T): T | undefined {
    const key = keyTextOf(object)
    const previous = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const { entriesOf, keys } of this.#indexes.values()) {
      const entries = entriesOf(object)
      if (previous !== undefined) {
        const before = entriesOf(previous)
        if (isSameList(before, entries)) continue
        unlist(keys, before, key)
      }
      for (const entry of entries) list(keys, entry, key)
    }
    return previous
  }

  /** Removes, and gives what was there. */
  delete(key: ObjectKey): T | undefined {
    const text = formatKey(key)
    const previous = this.#objects.get(text)
    if (previous === undefined) return undefined
    this.#objects.delete(text)
    for (const { entriesOf, keys } of this.#indexes.values()) unlist(keys, entriesOf(previous), text)
    return previous
  }
}

function list(keys: KeysByEntry, entry: string, key: string): void {
  const listed = keys.get(entry)
  if (listed === undefined || listed === key) keys.set(entry, key)
  else if (typeof listed === 'string') keys.set(entry, new Set([listed, key]))
  else listed.add(key)
}

function unlist(keys: KeysByEntry, entries: readonly string[], key: string): void {
  for (const entry of entries) {
    const listed = keys.get(entry)
    if (listed === undefined) continue
    if (typeof listed === 'string') {
      if (listed === key) keys.delete(entry)
      continue
    }
    listed.delete(key)
    if (listed.size === 0) keys.delete(entry)
  }
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
