import {
  booleanAt,
  isArray,
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  stringsAt
} from './json.ts'

/** How the items of a list are told apart when lists are merged. */
export type ListShape =
  | { readonly type: 'atomic' }
  | { readonly type: 'set' }
  | { readonly type: 'map'; readonly keys: readonly string[] }

const ATOMIC: ListShape = { type: 'atomic' }

const METADATA: JsonObject = {
  type: 'object',
  properties: {
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: {
      type: 'array',
      items: { type: 'string' },
      'x-kubernetes-list-type': 'set',
      'x-kubernetes-patch-strategy': 'merge'
    },
    ownerReferences: {
      type: 'array',
      items: { type: 'object' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'uid'
    }
  }
}

/** The schema of a whole object: the given one, and what is the same for all in `metadata`. */
export function objectShape(schema: JsonObject | undefined): JsonObject {
  return { ...schema, properties: { ...objectAt(schema, 'properties'), metadata: METADATA } }
}

/** The schema of a field of an object. */
export function fieldShape(schema: JsonObject | undefined, name: string): JsonObject | undefined {
  return objectAt(schema, 'properties', name) ?? objectAt(schema, 'additionalProperties')
}

/** The schema of the items of a list. */
export function itemShape(schema: JsonObject | undefined): JsonObject | undefined {
  return objectAt(schema, 'items')
}

export function listShape(schema: JsonObject | undefined): ListShape {
  const type = stringAt(schema, 'x-kubernetes-list-type')
  if (type === 'set') return { type }
  if (type === 'map') return { type, keys: stringsAt(schema, 'x-kubernetes-list-map-keys') }
  return ATOMIC
}

/** Whether an object is replaced as a whole instead of key by key. */
export function isAtomicMap(schema: JsonObject | undefined): boolean {
  return stringAt(schema, 'x-kubernetes-map-type') === 'atomic'
}

/** Whether a value has members that have owners of their own. */
export function isGranular(value: Json | undefined, schema: JsonObject | undefined): boolean {
  if (isObject(value)) return !isAtomicMap(schema)
  return isArray(value) && listShape(schema).type !== 'atomic'
}

/** The text that identifies an item of a list inside a field set: `k:{…}` or `v:…`. */
export function itemKey(item: Json, list: ListShape, schema: JsonObject | undefined): string {
  if (list.type !== 'map' || !isObject(item)) return `v:${JSON.stringify(item)}`
  const key: Record<string, Json> = {}
  for (const name of [...list.keys].sort()) {
    const value = item[name] ?? objectAt(schema, 'items', 'properties', name)?.['default']
    if (value !== undefined) key[name] = value
  }
  return `k:${JSON.stringify(key)}`
}

/** Whether unknown fields below here are kept. */
export function preservesUnknown(schema: JsonObject | undefined): boolean {
  return booleanAt(schema, 'x-kubernetes-preserve-unknown-fields') === true
}
