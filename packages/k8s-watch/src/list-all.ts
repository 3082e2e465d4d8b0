import { hasStatus } from './errors.ts'
import type { InformerClient } from './informer-options.ts'
import type { ListOptions } from './kube-request.ts'
import { type KubeObject, keyTextOf } from './object.ts'
import type { ResourceRef } from './resource.ts'

export interface ListAllOptions<T extends KubeObject> extends Omit<ListOptions, 'limit' | 'continue'> {
  /** Objects per request. */
  readonly pageSize: number
  /** Applied to each object as it arrives, so that a page is not kept whole. */
  readonly trim: (object: T) => T
}

export interface ListedObjects<T extends KubeObject> {
  /** By {@link keyTextOf}. */
  readonly objects: ReadonlyMap<string, T>
  /** The one state that all pages show: where to watch from. */
  readonly resourceVersion: string
}

/** Reads all objects of a kind, in pages; all at once if that takes longer than the server keeps its pages (410). */
export async function listAll<T extends KubeObject>(
  client: Pick<InformerClient, 'list'>,
  resource: ResourceRef<T>,
  options: ListAllOptions<T>
): Promise<ListedObjects<T>> {
  try {
    return await listPages(client, resource, options, options.pageSize)
  } catch (error) {
    if (!hasStatus(error, 410)) throw error
  }
  return listPages(client, resource, options, undefined)
}

async function listPages<T extends KubeObject>(
  client: Pick<InformerClient, 'list'>,
  resource: ResourceRef<T>,
  { pageSize: _pageSize, trim, ...request }: ListAllOptions<T>,
  limit: number | undefined
): Promise<ListedObjects<T>> {
  const objects = new Map<string, T>()
  let resourceVersion: string | undefined
  let next: string | undefined
  do {
    const page = await client.list(resource, {
      ...request,
      ...(limit === undefined ? {} : { limit }),
      continue: next
    })
    for (const item of page.items) objects.set(keyTextOf(item), trim(item))
    // All pages show the state of the first.
    resourceVersion ??= page.resourceVersion
    next = page.continue
  } while (next !== undefined)
  return { objects, resourceVersion }
}
