import { ApiError } from './api-error.ts'
import { isArray, isEqual, isObject, type Json, type JsonDraft, stringAt } from './json.ts'

/**
 * Applies a JSON patch; all of it or nothing.
 *
 * @see RFC 6902 §4
 * @throws {@link ApiError} BadRequest for a malformed patch, Invalid for one that does not fit or whose test fails.
 */
export function applyJsonPatch(target: Json, patch: Json): Json {
  if (!isArray(patch)) throw ApiError.badRequest('a JSON patch is an array of operations')
  if (patch.length > 10_000)
    throw new ApiError('RequestEntityTooLarge', 'the JSON patch has more than 10000 operations')
  let document = target
  for (const operation of patch) document = applyOperation(document, operation)
  return document
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation) || typeof operation['op'] !== 'string') {
    throw ApiError.badRequest('a JSON patch operation needs "op"')
  }
  const path = parsePointer(operation['path'])
  switch (operation['op']) {
    case 'add':
      return edit(document, path, () => required(operation['value']), 'add')
    case 'remove':
      return edit(document, path, () => undefined, 'remove')
    case 'replace':
      return edit(document, path, () => required(operation['value']), 'replace')
    case 'move': {
      const from = parsePointer(operation['from'])
      const value = read(document, from)
      return edit(
        edit(document, from, () => undefined, 'remove'),
        path,
        () => value,
        'add'
      )
    }
    case 'copy': {
      const value = read(document, parsePointer(operation['from']))
      return edit(document, path, () => value, 'add')
    }
    case 'test':
      if (!isEqual(read(document, path), required(operation['value']))) {
        throw new ApiError(
          'Invalid',
          `the server rejected our request due to an error in our request: testing path ${stringAt(operation, 'path')} failed`,
          {}
        )
      }
      return document
    default:
      throw ApiError.badRequest(`unknown JSON patch operation ${JSON.stringify(operation['op'])}`)
  }
}

/** @see RFC 6901 §3 and §4 */
function parsePointer(pointer: Json | undefined): readonly string[] {
  if (pointer === '') return []
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) {
    throw ApiError.badRequest(`not a JSON pointer: ${JSON.stringify(pointer)}`)
  }
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function required(value: Json | undefined): Json {
  if (value === undefined) throw ApiError.badRequest('the JSON patch operation needs "value"')
  return value
}

function missing(step: string | undefined): ApiError {
  return new ApiError(
    'Invalid',
    `the server rejected our request due to an error in our request: the path has no ${JSON.stringify(step)}`,
    {}
  )
}

function read(document: Json, path: readonly string[]): Json {
  let current: Json | undefined = document
  for (const step of path) {
    if (isArray(current)) current = current[indexOf(step, current.length - 1)]
    else current = isObject(current) && Object.hasOwn(current, step) ? current[step] : undefined
    if (current === undefined) throw missing(step)
  }
  return current
}

function indexOf(step: string, last: number): number {
  if (!/^(0|[1-9]\d*)$/.test(step) || Number(step) > last) throw missing(step)
  return Number(step)
}

/** Replaces what is at a path; `undefined` from `change` removes it. */
function edit(
  node: Json,
  path: readonly string[],
  change: () => Json | undefined,
  mode: 'add' | 'remove' | 'replace'
): Json {
  const [step, ...rest] = path
  if (step === undefined) return change() ?? null
  if (isArray(node)) return editArray(node, step, rest, change, mode)
  if (!isObject(node)) throw missing(step)
  const copy: JsonDraft = { ...node }
  const child = Object.hasOwn(node, step) ? node[step] : undefined
  if (rest.length > 0) {
    if (child === undefined) throw missing(step)
    copy[step] = edit(child, rest, change, mode)
    return copy
  }
  if (mode !== 'add' && child === undefined) throw missing(step)
  const value = change()
  delete copy[step]
  if (value !== undefined)
    Object.defineProperty(copy, step, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

function editArray(
  node: readonly Json[],
  step: string,
  rest: readonly string[],
  change: () => Json | undefined,
  mode: 'add' | 'remove' | 'replace'
): Json {
  const copy = [...node]
  const isLast = rest.length === 0
  const index =
    isLast && mode === 'add' && step === '-'
      ? copy.length
      : indexOf(step, isLast && mode === 'add' ? copy.length : copy.length - 1)
  if (!isLast) {
    const child = copy[index]
    if (child === undefined) throw missing(step)
    copy[index] = edit(child, rest, change, mode)
    return copy
  }
  const value = change()
  if (mode === 'remove') copy.splice(index, 1)
  else if (value !== undefined) copy.splice(index, mode === 'add' ? 0 : 1, value)
  return copy
}
