import type { ListPage } from './kube-request.ts'
import { type KubeObject, keyOf } from './object.ts'
import type { ObjectView } from './object-cache.ts'
import { isOlderVersion } from './resource-version.ts'

/**
 * Whether a server cannot be the one that `cache` was read from at `version`: it was restored from a backup, or another
 * took its place. Such a server accepts a watch from a version that it has not reached, and stays silent. The first object
 * of a list tells enough: one that is as old as `version` must be there as we know it.
 *
 * @param page The first page of a list, from now.
 */
export function isOtherHistory<T extends KubeObject>(
  page: Pick<ListPage<T>, 'items' | 'resourceVersion'>,
  cache: Pick<ObjectView<T>, 'get' | 'size'>,
  version: string
): boolean {
  if (isOlderVersion(page.resourceVersion, version)) return true
  const [first] = page.items
  if (first === undefined) return cache.size > 0
  const { uid, resourceVersion = '' } = first.metadata ?? {}
  const known = cache.get(keyOf(first))?.metadata
  if (known !== undefined && known.uid !== uid) return true
  const isFromBefore = resourceVersion === version || isOlderVersion(resourceVersion, version)
  return isFromBefore && known?.resourceVersion !== resourceVersion
}
