import { type FieldProblem } from './api-error.ts'
import { itemKey, listShape } from './field-shape.ts'
import {
  isArray,
  isEqual,
  isObject,
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  stringAt,
  stringsAt
} from './json.ts'
import { numberProblems, objectSizeProblems, stringProblems } from './schema-values.ts'

/** A place in an object. */
export interface Place {
  /** As in `spec.ports[0].port`. */
  readonly path: string
  readonly schema: JsonObject
  /** What was stored there before, where that can be told; an unchanged value is not checked again. */
  readonly old: Json | undefined
}

/** Names a value in messages as the API server does. */
export function typeName(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

/** Everything that is wrong with a value, the fields that a rule of the same schema would need included. */
export function validateValue(value: Json, place: Place): readonly FieldProblem[] {
  const { path, schema, old } = place
  if (old !== undefined && isEqual(value, old)) return []
  if (value === null && schema['nullable'] === true) return []
  const mistyped = typeProblem(value, path, schema)
  if (mistyped !== undefined) return [mistyped]
  const problems = [...enumProblems(value, path, schema), ...combinationProblems(value, place)]
  if (typeof value === 'string') return [...problems, ...stringProblems(value, path, schema)]
  if (typeof value === 'number') return [...problems, ...numberProblems(value, path, schema)]
  if (isArray(value)) return [...problems, ...arrayProblems(value, place)]
  if (isObject(value)) return [...problems, ...objectProblems(value, place)]
  return problems
}

/** The members of a value with their schemas and what was stored of them before. */
export function membersOf(
  value: Json,
  { path, schema, old }: Place
): readonly (readonly [value: Json, place: Place])[] {
  if (isArray(value)) {
    const items = objectAt(schema, 'items')
    if (items === undefined) return []
    const list = listShape(schema)
    const olds = new Map(
      list.type === 'map' && isArray(old) ? old.map((item) => [itemKey(item, list, schema), item]) : []
    )
    return value.map(
      (item, index) =>
        [
          item,
          { path: `${path}[${index}]`, schema: items, old: olds.get(itemKey(item, list, schema)) }
        ] as const
    )
  }
  if (!isObject(value)) return []
  const properties = objectAt(schema, 'properties')
  const additional = objectAt(schema, 'additionalProperties')
  return Object.entries(value).flatMap(([name, child]) => {
    const below = objectAt(properties, name) ?? additional
    if (below === undefined || child === undefined) return []
    const before = isObject(old) ? old[name] : undefined
    return [[child, { path: fieldPath(path, name, properties), schema: below, old: before }] as const]
  })
}

function fieldPath(path: string, name: string, properties: JsonObject | undefined): string {
  if (properties === undefined) return `${path}[${name}]`
  return path === '' ? name : `${path}.${name}`
}

function typeProblem(value: Json, path: string, schema: JsonObject): FieldProblem | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return undefined
    return mistyped(value, path, 'integer,string')
  }
  const type = stringAt(schema, 'type')
  if (type === undefined) return undefined
  const actual = typeName(value)
  if (actual === type || (type === 'number' && actual === 'integer')) return undefined
  return mistyped(value, path, type)
}

function mistyped(value: Json, path: string, type: string): FieldProblem {
  const actual = JSON.stringify(typeName(value))
  return {
    type: 'FieldValueTypeInvalid',
    field: path,
    message: `Invalid value: ${actual}: ${path} in body must be of type ${type}: ${actual}`
  }
}

function enumProblems(value: Json, path: string, schema: JsonObject): readonly FieldProblem[] {
  const allowed = schema['enum']
  if (!isArray(allowed) || allowed.some((item) => isEqual(item, value))) return []
  const supported = allowed.map((item) => JSON.stringify(item)).join(', ')
  return [
    {
      type: 'FieldValueNotSupported',
      field: path,
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`
    }
  ]
}

/** `allOf`, `anyOf`, `oneOf`, `not`. */
function combinationProblems(value: Json, place: Place): readonly FieldProblem[] {
  const { path, schema } = place
  const below = (key: string): readonly (readonly FieldProblem[])[] => {
    const schemas = schema[key]
    if (!isArray(schemas)) return []
    return schemas
      .filter(isObject)
      .map((part) => validateValue(value, { path, schema: part, old: undefined }))
  }
  const invalid = (text: string): FieldProblem => ({
    type: 'FieldValueInvalid',
    field: path,
    message: `Invalid value: ${JSON.stringify(value)}: ${path} in body ${text}`
  })
  const problems = [...below('allOf').flat()]
  const any = below('anyOf')
  if (any.length > 0 && any.every((found) => found.length > 0))
    problems.push(invalid('must validate at least one schema (anyOf)'), ...(any[0] ?? []))
  const one = below('oneOf')
  if (one.length > 0 && one.filter((found) => found.length === 0).length !== 1)
    problems.push(invalid('must validate one and only one schema (oneOf)'))
  const not = objectAt(schema, 'not')
  if (not !== undefined && validateValue(value, { path, schema: not, old: undefined }).length === 0)
    problems.push(invalid('must not validate the schema (not)'))
  return problems
}

function arrayProblems(value: readonly Json[], place: Place): readonly FieldProblem[] {
  const { path, schema } = place
  const problems: FieldProblem[] = []
  const minItems = numberAt(schema, 'minItems')
  const maxItems = numberAt(schema, 'maxItems')
  if (minItems !== undefined && value.length < minItems) {
    problems.push({
      type: 'FieldValueInvalid',
      field: path,
      message: `Invalid value: ${value.length}: ${path} in body should have at least ${minItems} items`
    })
  }
  if (maxItems !== undefined && value.length > maxItems) {
    problems.push({
      type: 'FieldValueTooMany',
      field: path,
      message: `Too many: ${value.length}: must have at most ${maxItems} items`
    })
  }
  problems.push(...duplicateProblems(value, path, schema))
  for (const [item, below] of membersOf(value, place)) problems.push(...validateValue(item, below))
  return problems
}

function duplicateProblems(
  value: readonly Json[],
  path: string,
  schema: JsonObject
): readonly FieldProblem[] {
  const list = listShape(schema)
  if (list.type === 'atomic') return []
  const seen = new Set<string>()
  return value.flatMap((item, index): FieldProblem[] => {
    const key = itemKey(item, list, schema)
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
      ? []
      : [
          {
            type: 'FieldValueDuplicate',
            field: `${path}[${index}]`,
            message: `Duplicate value: ${key.slice(2)}`
          }
        ]
  })
}

function objectProblems(value: JsonObject, place: Place): readonly FieldProblem[] {
  const { path, schema } = place
  const properties = objectAt(schema, 'properties')
  const missing = stringsAt(schema, 'required').filter((name) => value[name] === undefined)
  const problems: FieldProblem[] = missing.map((name) => ({
    type: 'FieldValueRequired',
    field: fieldPath(path, name, properties ?? {}),
    message: 'Required value'
  }))
  problems.push(...objectSizeProblems(Object.keys(value).length, path, schema))
  for (const [child, below] of membersOf(value, place)) problems.push(...validateValue(child, below))
  return problems
}
