import { type KubeObject } from './kube-object.ts'
import { type ResourceHandler } from './resource-handler.ts'
import { type ResourceRequest } from './resource-request.ts'
import { type ResourceType } from './resource-type.ts'
import { type Store } from './store.ts'

/** A write before it is done. */
export interface PlannedWrite {
  readonly type: ResourceType
  readonly subresource: string | undefined
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  /** As it would be; not there for a deletion. */
  readonly object: KubeObject | undefined
  /** As it is; not there for a creation. */
  readonly oldObject: KubeObject | undefined
  readonly isDryRun: boolean
}

/** What a request would do to one object, without doing it; `undefined`: nothing. @throws ApiError as it would itself */
export function planWrite(
  request: ResourceRequest,
  store: Store,
  resources: Pick<ResourceHandler, 'handle'>
): PlannedWrite | undefined {
  const { type, path, query, facts } = request
  const common = { type, subresource: path.subresource, isDryRun: query.has('dryRun') }
  const oldObject = store.get(type.storage, path.namespace, path.name ?? '')?.in(type)
  if (facts.verb === 'delete')
    return oldObject && { ...common, operation: 'DELETE', object: undefined, oldObject }
  if (facts.verb !== 'create' && facts.verb !== 'update' && facts.verb !== 'patch') return undefined
  const dryRun = new URLSearchParams(query)
  dryRun.set('dryRun', 'All')
  const { stored } = resources.handle({ ...request, query: dryRun, warn: () => {} })
  const operation = oldObject === undefined ? 'CREATE' : 'UPDATE'
  return { ...common, operation, object: stored?.in(type), oldObject }
}
