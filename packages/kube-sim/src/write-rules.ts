import { randomInt } from 'node:crypto'
import { ApiError } from './api-error.ts'
import { isEqual, type Json, type JsonDraft, without } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { type ResourceType } from './resource-type.ts'

/** What a write of the object writes: all but the status, where that is a sub-resource. */
export function mainWrite(type: ResourceType, given: KubeObject, current: KubeObject): KubeObject {
  if (!type.hasStatus) return given
  const { status: _ignored, ...rest } = given
  const object = { ...rest, apiVersion: given.apiVersion, kind: given.kind, metadata: given.metadata }
  return current['status'] === undefined ? object : { ...object, status: current['status'] }
}

/** What a write of the status writes: the status, and the metadata of some kinds. */
export function statusWrite(type: ResourceType, given: KubeObject, current: KubeObject): KubeObject {
  const status = given['status']
  const { status: _old, ...rest } = current
  let metadata = type.statusKeepsMetadata ? given.metadata : current.metadata
  if (given.metadata.managedFields !== undefined)
    metadata = { ...metadata, managedFields: given.metadata.managedFields }
  const base = { ...rest, apiVersion: current.apiVersion, kind: current.kind, metadata }
  return status === undefined ? base : { ...base, status }
}

/** Optimistic concurrency. @throws {@link ApiError} Conflict */
export function checkVersion(
  type: ResourceType,
  current: KubeObject,
  wanted: KubeObject,
  subresource: 'status' | undefined
): void {
  const { name, resourceVersion: version, uid } = wanted.metadata
  if (uid !== undefined && uid !== '' && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`
    throw ApiError.conflict(type, name, why)
  }
  if (version === undefined || version === '' || version === '0') {
    if (type.allowsUnconditionalUpdate || subresource === 'status') return
    const message = 'Invalid value: 0x0: must be specified for an update'
    throw ApiError.invalid({ ...type, kind: type.plural }, name, [
      { type: 'FieldValueInvalid', field: 'metadata.resourceVersion', message }
    ])
  }
  if (!/^\d+$/.test(version)) throw ApiError.badRequest(`metadata.resourceVersion: not a number: ${version}`)
  if (version !== current.metadata.resourceVersion) throw ApiError.conflict(type, name)
}

/** A client cannot change what the server decides about an object. */
export function keepSystemMeta(wanted: KubeObject, current: KubeObject): KubeObject {
  const { metadata } = current
  return withMeta(wanted, {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
    deletionTimestamp: metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata['deletionGracePeriodSeconds'],
    generation: metadata.generation,
    generateName: metadata.generateName,
    selfLink: undefined
  })
}

/** Whether a change is one of what is wanted, and so counts as a new generation. */
export function changesGeneration(type: ResourceType, current: KubeObject, object: KubeObject): boolean {
  if (!type.isCustom) return !isEqual(current['spec'], object['spec'])
  const ignored = type.hasStatus ? ['metadata', 'status', 'apiVersion'] : ['metadata', 'apiVersion']
  return !isEqual(without(current, ...ignored), without(object, ...ignored))
}

/** A write that changes nothing is not written, so that it wakes nobody. */
export function isUnchanged(current: KubeObject, object: KubeObject): boolean {
  const plain = (it: KubeObject): JsonDraft => ({
    ...it,
    apiVersion: undefined,
    metadata: without(it.metadata, 'managedFields')
  })
  if (!isEqual(plain(current), plain(object))) return false
  return isEqual(owners(current), owners(object))
}

/** Managed fields without their times. */
function owners(object: KubeObject): Json {
  return (object.metadata.managedFields ?? []).map((entry) => without(entry, 'time'))
}

/** Five characters as Kubernetes appends them to `generateName`: no vowels, nothing that looks alike. */
export function randomSuffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
  return Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** RFC 3339 with whole seconds, as `metav1.Time` is written. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`
}
