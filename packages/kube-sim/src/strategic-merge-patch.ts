import { ApiError } from './api-error.ts'
import { fieldShape, itemShape } from './field-shape.ts'
import {
  isArray,
  isEqual,
  isObject,
  type Json,
  type JsonDraft,
  type JsonObject,
  stringAt,
  without
} from './json.ts'

const ORDER_PREFIX = '$setElementOrder/'
const DELETE_PREFIX = '$deleteFromPrimitiveList/'

/**
 * Applies a strategic merge patch. Lists merge by the `x-kubernetes-patch-merge-key` of the schema where it says so, and
 * are replaced elsewhere. The directives `$patch`, `$setElementOrder`, `$deleteFromPrimitiveList` and `$retainKeys` are
 * obeyed.
 *
 * @throws {@link ApiError} BadRequest for directives that make no sense.
 */
export function applyStrategicMergePatch(
  target: Json | undefined,
  patch: Json,
  schema: JsonObject | undefined
): Json {
  if (!isObject(patch)) return patch
  const directive = patch['$patch']
  if (directive === 'replace') return without(patch, '$patch')
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge')
    throw ApiError.badRequest(`unknown patch type: ${JSON.stringify(directive)}`)
  const result: JsonDraft = isObject(target) ? { ...target } : {}
  const retained = patch['$retainKeys']
  if (isArray(retained))
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key === '$patch' || key === '$retainKeys') continue
    if (key.startsWith(ORDER_PREFIX)) continue
    if (key.startsWith(DELETE_PREFIX)) {
      const name = key.slice(DELETE_PREFIX.length)
      const list = result[name]
      if (isArray(list) && isArray(value))
        result[name] = list.filter((item) => !value.some((gone) => isEqual(gone, item)))
    } else if (value === null) delete result[key]
    else result[key] = patchField(result[key], value, fieldShape(schema, key))
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER_PREFIX) || !isArray(order)) continue
    const name = key.slice(ORDER_PREFIX.length)
    const list = result[name]
    if (isArray(list))
      result[name] = inOrder(list, order, stringAt(fieldShape(schema, name), 'x-kubernetes-patch-merge-key'))
  }
  return result
}

function patchField(target: Json | undefined, value: Json, schema: JsonObject | undefined): Json {
  if (isObject(value)) return applyStrategicMergePatch(target, value, schema)
  if (!isArray(value)) return value
  const strategy = stringAt(schema, 'x-kubernetes-patch-strategy') ?? ''
  if (!strategy.split(',').includes('merge')) return value.filter((item) => !isDirective(item))
  const key = stringAt(schema, 'x-kubernetes-patch-merge-key')
  return mergeLists(isArray(target) ? target : [], value, key, schema)
}

function isDirective(item: Json): boolean {
  return isObject(item) && item['$patch'] !== undefined
}

function mergeLists(
  target: readonly Json[],
  patch: readonly Json[],
  key: string | undefined,
  schema: JsonObject | undefined
): readonly Json[] {
  if (key === undefined)
    return [...target, ...patch.filter((item) => !target.some((other) => isEqual(other, item)))]
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace'))
    return patch.filter((item) => !isDirective(item))
  let result = [...target]
  for (const item of patch) {
    if (!isObject(item)) throw ApiError.badRequest(`a list that is merged by ${key} has objects only`)
    const id = item[key]
    if (id === undefined)
      throw ApiError.badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    if (item['$patch'] === 'delete') {
      result = result.filter((other) => !(isObject(other) && isEqual(other[key], id)))
      continue
    }
    const index = result.findIndex((other) => isObject(other) && isEqual(other[key], id))
    const merged = applyStrategicMergePatch(result[index], item, itemShape(schema))
    if (index < 0) result.push(merged)
    else result[index] = merged
  }
  return result
}

/** Items that the order does not name keep their places behind the item that they followed. */
function inOrder(list: readonly Json[], order: readonly Json[], key: string | undefined): readonly Json[] {
  const rank = (item: Json): number =>
    order.findIndex((wanted) =>
      key !== undefined && isObject(item) && isObject(wanted)
        ? isEqual(wanted[key], item[key])
        : isEqual(wanted, item)
    )
  let last = -1
  const ranked = list.map((item, index) => {
    const own = rank(item)
    if (own >= 0) last = own
    return { item, index, rank: own >= 0 ? own : last, isNamed: own >= 0 }
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || Number(b.isNamed) - Number(a.isNamed) || a.index - b.index)
    .map(({ item }) => item)
}
