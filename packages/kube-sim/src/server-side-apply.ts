import { ApiError } from './api-error.ts'
import {
  changedFields,
  difference,
  exactDifference,
  type FieldSet,
  fieldsOf,
  intersection,
  leafPaths,
  union,
  withoutFields
} from './field-set.ts'
import { fieldShape, isAtomicMap, itemKey, itemShape, listShape, objectShape } from './field-shape.ts'
import { isArray, isObject, type Json, type JsonDraft, type JsonObject } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { type ManagedEntry, ownable, readManaged, type Writer, writeManaged } from './managed-fields.ts'
import { type ResourceType } from './resource-type.ts'
import { pruneObject } from './schema-pruning.ts'

/** How to apply. */
export interface ApplyOptions extends Writer {
  readonly manager: string
  /** Takes fields from their owners instead of refusing. */
  readonly force: boolean
}

/**
 * Server-side apply: the result holds what was applied, loses what this manager applied before and no longer does, and
 * keeps what others own.
 *
 * @param live The object as it is, or `undefined` when it does not exist.
 * @throws {@link ApiError} Conflict that names the fields and their owners.
 */
export function applyObject(
  type: ResourceType,
  live: KubeObject | undefined,
  applied: KubeObject,
  options: ApplyOptions
): KubeObject {
  if ((applied.metadata.managedFields ?? []).length > 0)
    throw ApiError.badRequest('metadata.managedFields must be nil')
  refuseUndeclared(type, applied)
  const schema = objectShape(type.schema)
  const wanted = ownable(type, applied, options.subresource)
  const wantedSet = fieldsOf(wanted, schema)
  const subresource = options.subresource ?? ''
  const isMine = (entry: ManagedEntry): boolean =>
    entry.manager === options.manager && entry.operation === 'Apply' && entry.subresource === subresource
  const entries = readManaged(live)
  const mine = entries.find(isMine)
  let others = entries.filter((entry) => !isMine(entry))

  const before = live === undefined ? {} : ownable(type, live, options.subresource)
  const merged = mergeApplied(before, wanted, schema)
  const changed = changedFields(before, merged, schema) ?? {}
  const contested = intersection(wantedSet, changed)
  const conflicts = others
    .map((entry) => ({ entry, fields: intersection(entry.fields, contested) }))
    .filter(({ fields }) => leafPaths(fields).length > 0)
  if (conflicts.length > 0 && !options.force) throw conflictError(conflicts)
  others = others.map((entry) => ({ ...entry, fields: difference(entry.fields, contested) }))

  const dropped = others.reduce(
    (rest, entry) => exactDifference(rest, entry.fields),
    exactDifference(mine?.fields ?? {}, wantedSet)
  )
  const result = withoutFields(merged, dropped, schema)
  const body = isObject(result) ? result : {}
  const { metadata, ...rest } = body
  const base = live ?? applied
  const status = live === undefined && type.keepsStatusOnCreate ? applied['status'] : undefined
  const object: KubeObject = {
    apiVersion: type.apiVersion,
    kind: type.kind,
    ...rest,
    ...(status === undefined ? {} : { status }),
    metadata: { ...systemMetadata(base), ...(isObject(metadata) ? metadata : {}), name: base.metadata.name }
  }
  const versioned =
    applied.metadata.resourceVersion === undefined
      ? object
      : withMeta(object, { resourceVersion: applied.metadata.resourceVersion })
  const entry: ManagedEntry = {
    manager: options.manager,
    operation: 'Apply',
    subresource,
    apiVersion: type.apiVersion,
    time: options.now,
    fields: wantedSet
  }
  return writeManaged(versioned, [entry, ...others])
}

/** Owners are kept by field, so an apply can name declared fields only. */
function refuseUndeclared(type: ResourceType, applied: KubeObject): void {
  if (!type.isCustom || type.schema === undefined) return
  const [field] = pruneObject(applied, type.schema).removed
  if (field === undefined) return
  const { namespace = 'default', name } = applied.metadata
  const what = `${type.isNamespaced ? `${namespace}/` : '/'}${name}; ${type.apiVersion}, Kind=${type.kind}`
  throw new ApiError(
    'InternalError',
    `failed to create typed patch object (${what}): .${field}: field not declared in schema`
  )
}

function systemMetadata(object: KubeObject): JsonObject {
  const {
    labels: _labels,
    annotations: _annotations,
    finalizers: _finalizers,
    ownerReferences: _owners,
    managedFields: _managed,
    ...rest
  } = object.metadata
  return rest
}

function mergeApplied(live: Json | undefined, applied: Json, schema: JsonObject | undefined): Json {
  if (isObject(applied) && isObject(live) && !isAtomicMap(schema)) {
    const result: JsonDraft = { ...live }
    for (const [name, value] of Object.entries(applied)) {
      if (value === undefined) continue
      result[name] = mergeApplied(live[name], value, fieldShape(schema, name))
    }
    return result
  }
  if (!isArray(applied) || !isArray(live)) return applied
  const list = listShape(schema)
  if (list.type === 'atomic') return applied
  const byKey = new Map(applied.map((item) => [itemKey(item, list, schema), item]))
  const liveKeys = new Set(live.map((item) => itemKey(item, list, schema)))
  const kept = live.map((item) => {
    const wanted = byKey.get(itemKey(item, list, schema))
    return wanted === undefined ? item : mergeApplied(item, wanted, itemShape(schema))
  })
  return [...kept, ...applied.filter((item) => !liveKeys.has(itemKey(item, list, schema)))]
}

interface Conflict {
  readonly entry: ManagedEntry
  readonly fields: FieldSet
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.flatMap(({ entry, fields }) =>
    leafPaths(fields).map((field) => {
      const where = entry.subresource === '' ? '' : ` with subresource "${entry.subresource}"`
      const using = entry.operation === 'Update' ? ` using ${entry.apiVersion}` : ''
      return {
        reason: 'FieldManagerConflict',
        message: `conflict with "${entry.manager}"${where}${using}`,
        field
      }
    })
  )
  const all = conflicts.reduce((set: FieldSet, conflict) => union(set, conflict.fields), {})
  const count = leafPaths(all).length
  const message = `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${causes.map((cause) => `${cause.message}: ${cause.field}`).join('\n')}`
  return new ApiError('Conflict', message, { causes })
}
