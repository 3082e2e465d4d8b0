/**
 * What JSON makes of a type of the client library: times are text, nothing is changed in place. The library's own
 * classes promise `Date` fields, which only its slow deserializer produces.
 */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T

/** The part of `metadata` that this package reads. */
export interface ObjectMeta {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** RFC 3339. */
  readonly creationTimestamp?: string
  /** RFC 3339. */
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
}

/** Any Kubernetes object. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMeta
}

/** Names one object. The namespace of a cluster-scoped object is the empty text. */
export interface ObjectKey {
  readonly namespace: string
  readonly name: string
}

/** `namespace/name`, or `name` for a cluster-scoped object. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === '' ? key.name : `${key.namespace}/${key.name}`
}

/** The inverse of {@link formatKey}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return slash === -1
    ? { namespace: '', name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}

export function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' }
}

/** `formatKey(keyOf(object))` without the object between. */
export function keyTextOf(object: KubeObject): string {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The one place where text from the API server becomes a typed object. Only the name is looked at: the server has
 * validated the rest, and whoever reads custom resources validates them.
 */
export function isKubeObject<T extends KubeObject>(value: unknown): value is T {
  if (!isRecord(value)) return false
  const metadata = value['metadata']
  return isRecord(metadata) && typeof metadata['name'] === 'string'
}

/** What a create answers: an object, or, for a review, something that is never stored and has no name. */
export function isCreated<T extends KubeObject>(value: unknown): value is T {
  return (
    isKubeObject(value) || (isRecord(value) && typeof value['kind'] === 'string' && isRecord(value['spec']))
  )
}
