import { preservesUnknown } from './field-shape.ts'
import { isArray, isObject, type Json, type JsonDraft, type JsonObject, objectAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/** An object without what its schema does not know. */
export interface Pruned {
  readonly object: KubeObject
  /** Paths of the fields that were removed, as in `spec.foo`. */
  readonly removed: readonly string[]
}

/** Fields that every object has, whatever its schema says. */
const TYPE_FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata']

/** Removes the fields of a custom object that a structural schema does not name. */
export function pruneObject(object: KubeObject, schema: JsonObject): Pruned {
  const removed: string[] = []
  const rest = pruneFields(object, schema, '', { removed, kept: TYPE_FIELDS })
  return {
    object: { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata },
    removed
  }
}

interface Pruning {
  readonly removed: string[]
  /** Field names that are kept untouched. */
  readonly kept: readonly string[]
}

function prune(value: Json, schema: JsonObject, path: string, removed: string[]): Json {
  if (isArray(value)) {
    const items = objectAt(schema, 'items')
    if (items === undefined) return value
    return value.map((item, index) => prune(item, items, `${path}[${index}]`, removed))
  }
  if (!isObject(value)) return value
  const kept = schema['x-kubernetes-embedded-resource'] === true ? TYPE_FIELDS : []
  return pruneFields(value, schema, path, { removed, kept })
}

function pruneFields(
  value: JsonObject,
  schema: JsonObject,
  path: string,
  { removed, kept }: Pruning
): JsonObject {
  const properties = objectAt(schema, 'properties')
  const additional = schema['additionalProperties']
  const keepsUnknown = preservesUnknown(schema) || additional === true
  const result: JsonDraft = {}
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue
    const below = path === '' ? name : `${path}.${name}`
    const childSchema = objectAt(properties, name) ?? (isObject(additional) ? additional : undefined)
    if (kept.includes(name)) result[name] = child
    else if (childSchema !== undefined) result[name] = prune(child, childSchema, below, removed)
    else if (keepsUnknown) result[name] = child
    else removed.push(below)
  }
  return result
}
