import { type Json, type JsonObject } from './json.ts'
import { type ResourceType } from './resource-type.ts'

/** The operations on one path. */
export interface PathOperations {
  readonly path: string
  readonly operations: JsonObject
}

const PARAMETERS: readonly Json[] = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
  type: 'string'
}))

/** The paths of resources with the query parameters by which kubectl learns what the server can do. */
export function buildPaths(types: readonly ResourceType[]): readonly PathOperations[] {
  return types.flatMap((type) => {
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`
    const collection = `${root}/${type.isNamespaced ? 'namespaces/{namespace}/' : ''}${type.plural}`
    const kind = {
      'x-kubernetes-group-version-kind': { group: type.group, version: type.version, kind: type.kind }
    }
    const write = (action: string): JsonObject => ({
      ...kind,
      'x-kubernetes-action': action,
      parameters: PARAMETERS,
      responses: {}
    })
    const read = (action: string): JsonObject => ({ ...kind, 'x-kubernetes-action': action, responses: {} })
    return [
      { path: collection, operations: { get: read('list'), post: write('post') } },
      {
        path: `${collection}/{name}`,
        operations: { get: read('get'), put: write('put'), patch: write('patch'), delete: write('delete') }
      }
    ]
  })
}
