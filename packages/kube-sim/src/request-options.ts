import { ApiError, type FieldProblem } from './api-error.ts'
import { forbidden, required, unsupported } from './service-problems.ts'

/** Checks what a list or watch asks for. @throws {@link ApiError} */
export function checkListOptions(query: URLSearchParams): void {
  const limit = query.get('limit') ?? '0'
  if (!/^-?\d+$/.test(limit)) throw ApiError.badRequest(`limit: ${JSON.stringify(limit)} is not a number`)
  const version = query.get('resourceVersion') ?? ''
  if ((query.get('continue') ?? '') !== '' && version !== '' && version !== '0')
    throw ApiError.badRequest('specifying resource version is not allowed when using continue')
  refuse('ListOptions', [...matchProblems(query, version), ...initialEventsProblems(query)])
}

/** Checks the options of a write. @throws {@link ApiError} */
export function checkWriteOptions(method: string, query: URLSearchParams): void {
  const kind = method === 'POST' ? 'CreateOptions' : method === 'PUT' ? 'UpdateOptions' : 'PatchOptions'
  const dryRun = query.getAll('dryRun')
  const validation = query.get('fieldValidation') ?? 'Warn'
  refuse(kind, [
    ...(dryRun.every((value) => value === 'All') ? [] : [unsupported('dryRun', dryRun, ['All'])]),
    ...(['Ignore', 'Warn', 'Strict'].includes(validation)
      ? []
      : [unsupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn'])])
  ])
}

/** Server-side apply is by somebody. @throws {@link ApiError} */
export function checkFieldManager(manager: string): void {
  refuse('PatchOptions', manager === '' ? [required('fieldManager')] : [])
}

function matchProblems(query: URLSearchParams, version: string): readonly FieldProblem[] {
  const field = 'resourceVersionMatch'
  const match = query.get(field) ?? ''
  // With initial events it means something else.
  if (match === '' || query.has('sendInitialEvents')) return []
  if (query.get('watch') === 'true') return [forbidden(field, 'resourceVersionMatch is forbidden for watch')]
  if (version === '')
    return [forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided')]
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return [unsupported(field, match, ['Exact', 'NotOlderThan'])]
  if (match === 'Exact' && version === '0')
    return [forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
  return []
}

function initialEventsProblems(query: URLSearchParams): readonly FieldProblem[] {
  if (!query.has('sendInitialEvents')) return []
  const field = 'resourceVersionMatch'
  const match = query.get(field) ?? ''
  if (query.get('watch') !== 'true')
    return [forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')]
  if (match === '')
    return [forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]
  return match === 'NotOlderThan' ? [] : [unsupported(field, match, ['NotOlderThan'])]
}

function refuse(kind: string, problems: readonly FieldProblem[]): void {
  if (problems.length > 0) throw ApiError.invalid({ group: 'meta.k8s.io', plural: '', kind }, '', problems)
}
