import { ApiError } from './api-error.ts'
import { isArray, isObject, type Json, type JsonObject } from './json.ts'

/** `metadata` of an object, with the fields that the server reads. */
export interface ObjectMeta extends JsonObject {
  readonly name: string
  readonly namespace?: string | undefined
  readonly generateName?: string | undefined
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly generation?: number | undefined
  readonly creationTimestamp?: string | null | undefined
  readonly deletionTimestamp?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly finalizers?: readonly string[] | undefined
  readonly ownerReferences?: readonly JsonObject[] | undefined
  readonly managedFields?: readonly JsonObject[] | undefined
}

/** Any Kubernetes object. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

const STRINGS = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp'
]
const STRING_MAPS = ['labels', 'annotations']
const LISTS = ['finalizers', 'ownerReferences', 'managedFields']

/**
 * Checks the shape that every object shares.
 *
 * @throws {@link ApiError} BadRequest that names the offending field.
 */
export function decodeKubeObject(value: Json | undefined): KubeObject {
  if (!isObject(value)) throw ApiError.badRequest('the body is not an object')
  const metadata = value['metadata'] ?? {}
  if (!isObject(metadata)) throw ApiError.badRequest('metadata: expected an object')
  const meta: Record<string, Json | undefined> = { ...metadata }
  for (const key of Object.keys(meta))
    if (meta[key] === null || isEmptyContainer(key, meta[key])) delete meta[key]
  for (const key of STRINGS) {
    if (meta[key] !== undefined && typeof meta[key] !== 'string') {
      throw ApiError.badRequest(`metadata.${key}: expected a string`)
    }
  }
  for (const key of STRING_MAPS) checkStringMap(key, meta[key])
  const finalizers = meta['finalizers']
  if (
    finalizers !== undefined &&
    !(isArray(finalizers) && finalizers.every((it) => typeof it === 'string'))
  ) {
    throw ApiError.badRequest('metadata.finalizers: expected an array of strings')
  }
  for (const key of ['ownerReferences', 'managedFields']) {
    const list = meta[key]
    if (list !== undefined && !(isArray(list) && list.every(isObject))) {
      throw ApiError.badRequest(`metadata.${key}: expected an array of objects`)
    }
  }
  const { apiVersion, kind, ...rest } = value
  const object = { apiVersion, kind, ...rest, metadata: { ...meta, name: meta['name'] ?? '' } }
  if (!isKubeObject(object)) throw ApiError.badRequest('apiVersion and kind must be strings')
  return object
}

/** `omitempty`: no labels are the same as empty labels. */
function isEmptyContainer(key: string, value: Json | undefined): boolean {
  if (STRING_MAPS.includes(key)) return isObject(value) && Object.keys(value).length === 0
  return LISTS.includes(key) && isArray(value) && value.length === 0
}

function isKubeObject(value: JsonObject): value is KubeObject {
  return typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string'
}

function checkStringMap(key: string, value: Json | undefined): void {
  if (value === undefined) return
  if (!isObject(value)) throw ApiError.badRequest(`metadata.${key}: expected an object`)
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw ApiError.badRequest(`metadata.${key}.${name}: expected a string`)
  }
}

/** The object with some of its metadata replaced; a field set to `undefined` is left out. */
export function withMeta(object: KubeObject, changes: Partial<ObjectMeta>): KubeObject {
  const metadata: Record<string, Json | undefined> & ObjectMeta = { ...object.metadata, ...changes }
  for (const key of Object.keys(changes)) if (metadata[key] === undefined) delete metadata[key]
  return { ...object, metadata }
}

/** The key of an object inside its resource: `namespace/name`, or `/name` without a namespace. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}
