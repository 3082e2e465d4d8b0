import { createHash } from 'node:crypto'
import { isObject, type Json, type JsonDraft, type JsonObject, objectAt } from './json.ts'
import { buildPaths } from './openapi-paths.ts'
import { type Registry } from './registry.ts'
import { type ResourceType } from './resource-type.ts'

/** `GET /openapi/v3`: where the document of each group and version is. */
export function openApiV3Index(registry: Registry): JsonObject {
  const paths: JsonDraft = {}
  for (const type of registry.all) {
    const path = groupPath(type)
    // Clients keep documents by this hash, so it changes with the set of resources.
    const hash = createHash('sha256')
      .update(`${path} ${registry.generation}`)
      .digest('hex')
      .slice(0, 32)
      .toUpperCase()
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
  }
  return { paths }
}

function groupPath(type: ResourceType): string {
  return type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`
}

/** `GET /openapi/v3/apis/GROUP/VERSION`. Schemas are those of CustomResourceDefinitions; built-in kinds have none. */
export function openApiV3Group(registry: Registry, path: string): JsonObject | undefined {
  const types = registry.all.filter((type) => groupPath(type) === path)
  if (types.length === 0) return undefined
  const schemas: JsonDraft = {}
  for (const type of types) if (type.isCustom) schemas[schemaName(type)] = kindSchema(type)
  const paths = Object.fromEntries(buildPaths(types).map((entry) => [entry.path, entry.operations]))
  return { openapi: '3.0.0', info: { title: 'kube-sim', version: 'v1.34.0' }, paths, components: { schemas } }
}

function schemaName(type: ResourceType): string {
  return [...type.group.split('.').toReversed(), type.version, type.kind].join('.')
}

function kindSchema(type: ResourceType): JsonObject {
  const schema = type.schema ?? { type: 'object' }
  const properties: JsonObject = {
    apiVersion: { type: 'string', description: 'The versioned schema of this representation of an object.' },
    kind: { type: 'string', description: 'The REST resource that this object represents.' },
    metadata: {
      type: 'object',
      description: "Standard object's metadata.",
      'x-kubernetes-preserve-unknown-fields': true
    },
    ...objectAt(schema, 'properties')
  }
  const kind = { group: type.group, version: type.version, kind: type.kind }
  return {
    ...plainSchema(schema),
    properties: mapSchemas(properties),
    'x-kubernetes-group-version-kind': [kind]
  }
}

function mapSchemas(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      isObject(schema) ? plainSchema(schema) : schema
    ])
  )
}

/** OpenAPI v3 as clients read it: without what only the server evaluates. */
function plainSchema(schema: JsonObject): JsonObject {
  const { 'x-kubernetes-validations': _rules, ...rest } = schema
  const result: JsonDraft = { ...rest }
  const properties = objectAt(schema, 'properties')
  if (properties !== undefined) result['properties'] = mapSchemas(properties)
  for (const key of ['items', 'additionalProperties']) {
    const below: Json | undefined = schema[key]
    if (isObject(below)) result[key] = plainSchema(below)
  }
  return result
}
