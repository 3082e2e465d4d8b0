import { isArray, isObject, type Json, type JsonDraft, type JsonObject, objectAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/**
 * Fills in the `default` values of a structural schema. A `null` where the schema allows none counts as absent: it is
 * replaced by the default, or removed.
 */
export function defaultObject(object: KubeObject, schema: JsonObject): KubeObject {
  const { apiVersion, kind, metadata } = object
  return { ...defaultFields(object, schema), apiVersion, kind, metadata }
}

function defaults(value: Json, schema: JsonObject): Json {
  if (isArray(value)) {
    const items = objectAt(schema, 'items')
    if (items === undefined) return value
    return value.map((item) =>
      item === null && !isNullable(items) ? (items['default'] ?? item) : defaults(item, items)
    )
  }
  return isObject(value) ? defaultFields(value, schema) : value
}

function defaultFields(value: JsonObject, schema: JsonObject): JsonObject {
  const properties = objectAt(schema, 'properties') ?? {}
  const additional = objectAt(schema, 'additionalProperties')
  const result: JsonDraft = { ...value }
  for (const [name, child] of Object.entries(properties)) {
    if (!isObject(child)) continue
    const given = result[name]
    const isAbsent = given === undefined || (given === null && !isNullable(child))
    const chosen = isAbsent ? child['default'] : given
    if (chosen === undefined) delete result[name]
    else result[name] = defaults(chosen, child)
  }
  if (additional === undefined) return result
  for (const [name, child] of Object.entries(result)) {
    if (child === undefined || properties[name] !== undefined) continue
    const chosen = child === null && !isNullable(additional) ? additional['default'] : child
    if (chosen === undefined) delete result[name]
    else result[name] = defaults(chosen, additional)
  }
  return result
}

function isNullable(schema: JsonObject): boolean {
  // A schema without a type and without properties takes anything.
  return (
    schema['nullable'] === true ||
    (schema['type'] === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true)
  )
}
