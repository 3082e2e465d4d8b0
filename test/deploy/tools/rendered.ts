import { parseAllDocuments } from 'yaml'
import { isObject, type JsonObject, objectAt, textAt } from '../../../deploy/source/json.ts'

/** The objects of a YAML stream. */
export function readObjects(text: string): readonly JsonObject[] {
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((value) => isObject(value))
}

/** The object of a kind and a name. @throws Error when there is none */
export function objectOf(objects: readonly JsonObject[], kind: string, name: string): JsonObject {
  const found = objects.find((object) => object['kind'] === kind && nameOf(object) === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found
}

/** `Kind name` */
export function titleOf(object: JsonObject): string {
  return `${textAt(object, 'kind') ?? ''} ${nameOf(object)}`
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name') ?? ''
}
