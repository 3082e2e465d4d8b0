import {
  changedFields,
  difference,
  type FieldSet,
  fieldsOf,
  intersection,
  isEmptySet,
  union
} from './field-set.ts'
import { objectShape } from './field-shape.ts'
import { isEqual, type Json, type JsonObject, objectAt, without } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { type ResourceType } from './resource-type.ts'

/** One entry of `metadata.managedFields`. */
export interface ManagedEntry {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly subresource: string
  readonly apiVersion: string
  readonly time: string
  readonly fields: FieldSet
}

/** Who writes, and when. */
export interface Writer {
  readonly manager: string | undefined
  readonly now: string
  readonly subresource?: string | undefined
}

const SYSTEM_METADATA: readonly string[] = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
  'selfLink'
]

/** Reads `metadata.managedFields`; entries that make no sense are left out. */
export function readManaged(object: KubeObject | undefined): readonly ManagedEntry[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    manager: text(entry['manager']),
    operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
    subresource: text(entry['subresource']),
    apiVersion: text(entry['apiVersion']),
    time: text(entry['time']),
    fields: objectAt(entry, 'fieldsV1') ?? {}
  }))
}

/** Writes `metadata.managedFields`; owners of nothing are left out. */
export function writeManaged(object: KubeObject, entries: readonly ManagedEntry[]): KubeObject {
  const kept = entries.filter((entry) => !isEmptySet(entry.fields))
  const managedFields = kept.map(
    (entry): JsonObject => ({
      manager: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      time: entry.time,
      fieldsType: 'FieldsV1',
      fieldsV1: entry.fields,
      ...(entry.subresource === '' ? {} : { subresource: entry.subresource })
    })
  )
  return withMeta(object, { managedFields: managedFields.length === 0 ? undefined : managedFields })
}

/** What a write can own: with a status sub-resource, the object and its status are written apart. */
export function ownable(type: ResourceType, object: KubeObject, subresource: string | undefined): JsonObject {
  const metadata = without(object.metadata, ...SYSTEM_METADATA)
  const withMetadata = Object.keys(metadata).length === 0 ? {} : { metadata }
  if (subresource === 'status') {
    const status = object['status'] === undefined ? {} : { status: object['status'] }
    return type.statusKeepsMetadata ? { ...status, ...withMetadata } : status
  }
  const rest = without(object, 'apiVersion', 'kind', 'metadata')
  return { ...(type.hasStatus ? without(rest, 'status') : rest), ...withMetadata }
}

/** Gives the fields that an update (not an apply) changed to the writer, and takes them from the others. */
export function trackUpdate(
  type: ResourceType,
  old: KubeObject | undefined,
  object: KubeObject,
  writer: Writer
): KubeObject {
  const schema = objectShape(type.schema)
  const before = old === undefined ? undefined : ownable(type, old, writer.subresource)
  const after = ownable(type, object, writer.subresource)
  const changed = before === undefined ? fieldsOf(after, schema) : changedFields(before, after, schema)
  if (changed === undefined || isEmptySet(changed)) return object
  const manager = writer.manager ?? 'unknown'
  const subresource = writer.subresource ?? ''
  const present = intersection(changed, fieldsOf(after, schema))
  let isFound = false
  const entries = readManaged(object).map((entry): ManagedEntry => {
    const isWriter =
      entry.manager === manager && entry.operation === 'Update' && entry.subresource === subresource
    const rest = difference(entry.fields, changed)
    if (!isWriter) return { ...entry, fields: rest }
    isFound = true
    return { ...entry, fields: union(rest, present), time: writer.now, apiVersion: type.apiVersion }
  })
  const fresh: ManagedEntry = {
    manager,
    operation: 'Update',
    subresource,
    apiVersion: type.apiVersion,
    time: writer.now,
    fields: present
  }
  const wanted = isFound ? entries : [...entries, fresh]
  return isEqual(wanted.map(plain), readManaged(object).map(plain)) ? object : writeManaged(object, wanted)
}

function plain(entry: ManagedEntry): JsonObject {
  return { ...entry, time: '' }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
