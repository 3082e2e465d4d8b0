import type { KubeObject } from './object.ts'

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /** Overrides the client's. For a watch: until it is open. */
  readonly timeoutMs?: number
  /** Overrides the client's. */
  readonly maxRetries?: number
}

export interface SelectorOptions {
  /** All namespaces when absent or empty. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

export interface ListOptions extends RequestOptions, SelectorOptions {
  readonly limit?: number
  /** From the page before. */
  readonly continue?: string | undefined
  readonly resourceVersion?: string | undefined
}

export interface ListPage<T> {
  readonly items: readonly T[]
  /** Where to watch from. */
  readonly resourceVersion: string
  /** Asks for the next page; `undefined` on the last. */
  readonly continue: string | undefined
  readonly remainingItemCount: number | undefined
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface WatchOptions<T extends KubeObject> extends RequestOptions, SelectorOptions {
  /** Events after this version; absent: everything that is there comes first, as ADDED. */
  readonly resourceVersion?: string | undefined
  readonly allowWatchBookmarks?: boolean
  /** The server ends the watch after this long. */
  readonly timeoutSeconds?: number
  /** The server has accepted the watch. */
  readonly onOpen?: () => void
  /** An exception thrown here ends the watch. */
  readonly onEvent: (event: WatchEvent<T>) => void
}

export interface WriteOptions extends RequestOptions {
  readonly subresource?: string | undefined
  /** Who is said to own the fields. */
  readonly fieldManager?: string
  /** `All`: checked, not stored. */
  readonly dryRun?: 'All'
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  /** Takes fields from other managers, instead of a 409. */
  readonly force?: boolean
}

export type Patch =
  /** RFC 7396. */
  | { readonly type: 'merge'; readonly body: object }
  /** RFC 6902. */
  | { readonly type: 'json'; readonly body: readonly object[] }
  /** Kubernetes' own, for built-in kinds. */
  | { readonly type: 'strategic'; readonly body: object }

export interface DeleteOptions extends RequestOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly gracePeriodSeconds?: number
}

export const PATCH_CONTENT_TYPES: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json'
}

export const APPLY_CONTENT_TYPE = 'application/apply-patch+yaml'

interface QueryFields {
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly limit?: number
  readonly continue?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly allowWatchBookmarks?: boolean
  readonly timeoutSeconds?: number
  readonly watch?: boolean
  readonly fieldManager?: string
  readonly dryRun?: string
  readonly force?: boolean
}

const QUERY_NAMES = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'allowWatchBookmarks',
  'timeoutSeconds',
  'watch',
  'fieldManager',
  'dryRun',
  'force'
] as const

/** The query of a request, `?` included; empty when there is nothing to say. */
export function queryOf(fields: QueryFields): string {
  const query = new URLSearchParams()
  for (const name of QUERY_NAMES) {
    const value = fields[name]
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
