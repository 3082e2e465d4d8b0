/** A JSON object as it was read: nothing is known of its values. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that a text holds. @throws SyntaxError when it is no JSON, or another kind of value */
export function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new SyntaxError('not a JSON object')
  return value
}

/** A member that is an object; an empty one if it is missing or something else. */
export function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = parent[name]
  return isObject(value) ? value : {}
}

/** A member that is a text; `undefined` if it is missing or something else. */
export function textAt(parent: JsonObject, name: string): string | undefined {
  const value = parent[name]
  return typeof value === 'string' ? value : undefined
}

/** The texts of a member that is a list; none if it is missing or something else. */
export function textsAt(parent: JsonObject, name: string): readonly string[] {
  const value = parent[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The objects of a member that is a list; none if it is missing or something else. */
export function objectsAt(parent: JsonObject, name: string): readonly JsonObject[] {
  const value = parent[name]
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : []
}
