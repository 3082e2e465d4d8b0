import { fieldShape, isGranular, itemKey, itemShape, listShape } from './field-shape.ts'
import { isArray, isEqual, isObject, type Json, type JsonDraft, type JsonObject } from './json.ts'

/**
 * A set of fields in the form of `fieldsV1`: `f:name` for a field, `k:{…}` for an item of a keyed list, `v:…` for an
 * item of a set, `.` for the container itself. A leaf is an empty object.
 */
export type FieldSet = JsonObject

const LEAF: FieldSet = {}

export function isEmptySet(set: FieldSet): boolean {
  return Object.keys(set).length === 0
}

/** Every field of a value. */
export function fieldsOf(value: Json | undefined, schema: JsonObject | undefined): FieldSet {
  if (!isGranular(value, schema)) return LEAF
  const set: JsonDraft = {}
  for (const [key, child, childSchema] of membersOf(value, schema)) {
    const below = fieldsOf(child, childSchema)
    set[key] = key.startsWith('k:') ? { '.': LEAF, ...below } : below
  }
  return set
}

/** The fields in which two values differ, or `undefined` when they do not. */
export function changedFields(
  left: Json | undefined,
  right: Json | undefined,
  schema: JsonObject | undefined
): FieldSet | undefined {
  if (isEqual(left, right)) return undefined
  const isMixed = isObject(left) !== isObject(right) && left !== undefined && right !== undefined
  if (isMixed || (!isGranular(left, schema) && !isGranular(right, schema))) return LEAF
  const lefts = new Map(membersOf(left, schema).map(([key, value, shape]) => [key, { value, shape }]))
  const rights = new Map(membersOf(right, schema).map(([key, value, shape]) => [key, { value, shape }]))
  const set: JsonDraft = {}
  for (const key of new Set([...lefts.keys(), ...rights.keys()])) {
    const before = lefts.get(key)
    const after = rights.get(key)
    if (before === undefined || after === undefined) {
      const present = before ?? after
      const below = fieldsOf(present?.value, present?.shape)
      set[key] = key.startsWith('k:') ? { '.': LEAF, ...below } : below
      continue
    }
    const changed = changedFields(before.value, after.value, before.shape)
    if (changed !== undefined) set[key] = changed
  }
  return set
}

type Member = readonly [key: string, value: Json | undefined, schema: JsonObject | undefined]

function membersOf(value: Json | undefined, schema: JsonObject | undefined): readonly Member[] {
  if (isObject(value)) {
    const present = Object.entries(value).filter(([, child]) => child !== undefined)
    return present.map(([name, child]): Member => [`f:${name}`, child, fieldShape(schema, name)])
  }
  if (!isArray(value)) return []
  const list = listShape(schema)
  return value.map((item): Member => [itemKey(item, list, schema), item, itemShape(schema)])
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  const set: JsonDraft = { ...left }
  for (const [key, below] of Object.entries(right)) {
    const own = set[key]
    set[key] = isObject(own) && isObject(below) ? union(own, below) : below
  }
  return set
}

/** The fields of `left` that are not in `right`. A leaf of `right` covers all below it. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  const set: JsonDraft = {}
  for (const [key, below] of Object.entries(left)) {
    const other = right[key]
    if (!isObject(other)) set[key] = below
    else if (isObject(below) && !isEmptySet(below) && !isEmptySet(other)) {
      const rest = difference(below, other)
      if (!isEmptySet(rest)) set[key] = rest
    }
  }
  return set
}

/** The fields of `left` that `right` does not name themselves: a container there does not stand for what is in it. */
export function exactDifference(left: FieldSet, right: FieldSet): FieldSet {
  const set: JsonDraft = {}
  for (const [key, below] of Object.entries(left)) {
    const other = right[key]
    if (!isObject(other) || !isObject(below)) set[key] = below
    else if (!isEmptySet(below)) {
      const rest = exactDifference(below, other)
      if (!isEmptySet(rest)) set[key] = rest
    }
  }
  return set
}

/** The fields in both. A leaf on one side meets all that is below it on the other. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const set: JsonDraft = {}
  for (const [key, below] of Object.entries(left)) {
    const other = right[key]
    if (!isObject(other) || !isObject(below)) continue
    if (isEmptySet(below)) set[key] = other
    else if (isEmptySet(other)) set[key] = below
    else {
      const common = intersection(below, other)
      if (!isEmptySet(common)) set[key] = common
    }
  }
  return set
}

/** The paths of the leaves, as a person would write them: `.spec.ports[port=80].name`. */
export function leafPaths(set: FieldSet, prefix = ''): readonly string[] {
  return Object.entries(set).flatMap(([key, below]) => {
    if (key === '.') return []
    const path = prefix + formatStep(key)
    return isObject(below) && Object.keys(below).some((step) => step !== '.')
      ? leafPaths(below, path)
      : [path]
  })
}

function formatStep(key: string): string {
  const text = key.slice(2)
  if (key.startsWith('f:')) return `.${text}`
  return key.startsWith('v:')
    ? `[=${text}]`
    : `[${text
        .slice(1, -1)
        .replaceAll('":', '"=')
        .replaceAll(/"(\w+)"=/g, '$1=')}]`
}

/** The value without the fields of a set. Containers that become empty by it go too. */
export function withoutFields(value: Json, set: FieldSet, schema: JsonObject | undefined): Json | undefined {
  if (isObject(value)) {
    const rest: JsonDraft = { ...value }
    for (const [key, below] of Object.entries(set)) {
      const name = key.slice(2)
      const child = rest[name]
      if (!key.startsWith('f:') || child === undefined) continue
      const left =
        isObject(below) && !isEmptySet(below)
          ? withoutFields(child, below, fieldShape(schema, name))
          : undefined
      if (left === undefined) delete rest[name]
      else rest[name] = left
    }
    return Object.keys(rest).length === 0 && Object.keys(value).length > 0 ? undefined : rest
  }
  if (!isArray(value)) return value
  const list = listShape(schema)
  const rest = value.flatMap((item) => {
    const below = set[itemKey(item, list, schema)]
    if (!isObject(below)) return [item]
    if (isEmptySet(below) || below['.'] !== undefined) return []
    const left = withoutFields(item, below, itemShape(schema))
    return left === undefined ? [] : [left]
  })
  return rest.length === 0 && value.length > 0 ? undefined : rest
}
