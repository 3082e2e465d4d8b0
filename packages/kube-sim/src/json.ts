/** A JSON value. `null` exists here because it exists on the wire. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. Values are never changed in place: a changed object is a new object. */
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

/** A JSON object under construction. */
export interface JsonDraft {
  [key: string]: Json | undefined
}

/** A place inside a JSON value: keys of objects and indexes of arrays. */
export type JsonPath = readonly (string | number)[]

/** @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): Json {
  // JSON.parse can return nothing but Json.
  return JSON.parse(text) as Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The value at a path, or `undefined` where the path leaves the value. */
export function valueAt(value: Json | undefined, ...path: JsonPath): Json | undefined {
  let current = value
  for (const step of path) {
    if (isObject(current)) current = current[step]
    else if (isArray(current) && typeof step === 'number') current = current[step]
    else return undefined
  }
  return current
}

export function objectAt(value: Json | undefined, ...path: JsonPath): JsonObject | undefined {
  const found = valueAt(value, ...path)
  return isObject(found) ? found : undefined
}

export function arrayAt(value: Json | undefined, ...path: JsonPath): readonly Json[] {
  const found = valueAt(value, ...path)
  return isArray(found) ? found : []
}

export function stringAt(value: Json | undefined, ...path: JsonPath): string | undefined {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : undefined
}

export function numberAt(value: Json | undefined, ...path: JsonPath): number | undefined {
  const found = valueAt(value, ...path)
  return typeof found === 'number' ? found : undefined
}

export function booleanAt(value: Json | undefined, ...path: JsonPath): boolean | undefined {
  const found = valueAt(value, ...path)
  return typeof found === 'boolean' ? found : undefined
}

/** The strings of the array at a path; other items are left out. */
export function stringsAt(value: Json | undefined, ...path: JsonPath): readonly string[] {
  return arrayAt(value, ...path).filter((item) => typeof item === 'string')
}

/** Deep equality; a key whose value is `undefined` is the same as no key. */
export function isEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (isArray(left)) {
    if (!isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => isEqual(item, right[index]))
  }
  if (!isObject(left) || !isObject(right)) return false
  for (const key of Object.keys(left)) if (!isEqual(left[key], right[key])) return false
  for (const key of Object.keys(right)) if (left[key] === undefined && right[key] !== undefined) return false
  return true
}

/** The object without some of its keys. */
export function without(object: JsonObject, ...keys: readonly string[]): JsonObject {
  const rest: JsonDraft = { ...object }
  for (const key of keys) delete rest[key]
  return rest
}

/** The object without the keys that hold `undefined`. */
export function compact(object: JsonObject): JsonObject {
  const rest: JsonDraft = {}
  for (const [key, value] of Object.entries(object)) if (value !== undefined) rest[key] = value
  return rest
}
