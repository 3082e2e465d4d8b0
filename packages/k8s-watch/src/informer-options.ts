import type { KubeClient } from './kube-client.ts'
import type { SelectorOptions } from './kube-request.ts'
import type { KubeObject } from './object.ts'
import type { IndexFunction } from './object-cache.ts'
import type { ResourceRef } from './resource.ts'

export type InformerClient = Pick<KubeClient, 'list' | 'watch'>

export interface InformerOptions<T extends KubeObject, Index extends string = never> extends SelectorOptions {
  readonly client: InformerClient
  readonly resource: ResourceRef<T>
  readonly indexes?: Readonly<Record<Index, IndexFunction<T>>>
  /** Leaves out what nobody reads. `managedFields` are gone already. It must keep `metadata` and change nothing in place. */
  readonly trim?: (object: T) => T
  /** Objects per request of a list. @defaultValue 500 */
  readonly pageSize?: number
  /** A watch that says nothing for this long is opened again, milliseconds. @defaultValue 90_000 (bookmarks come each minute) */
  readonly silenceMs?: number
  /** A watch is asked to last between this and twice this, milliseconds. @defaultValue 300_000 */
  readonly watchMs?: number
  /** First and longest delay between failed attempts, milliseconds. @defaultValue 100 and 5000 */
  readonly minRetryMs?: number
  readonly maxRetryMs?: number
  /** How often a kind that the server does not know is asked for, milliseconds. @defaultValue 10_000 */
  readonly absentRetryMs?: number
  /** In [0, 1). */
  readonly random?: () => number
}

/** One change of the cache. When a listener hears of it, the cache has it already. */
export type ObjectChange<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  /** `object` is the last that was known of it. */
  | { readonly type: 'deleted'; readonly object: T }

/** A failed attempt. It is repeated by itself. */
export interface InformerProblem {
  readonly error: unknown
  /** When it will be repeated. */
  readonly retryMs: number
  /** Failures in a row, this one included. */
  readonly attempt: number
}

/** `opened`: the server accepted a watch. `heard`: something came on it, be it a bookmark. */
export type WatchContact = 'opened' | 'heard'
