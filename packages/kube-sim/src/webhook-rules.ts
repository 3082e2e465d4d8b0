import { arrayAt, booleanAt, type Json, type JsonObject, stringAt, stringsAt } from './json.ts'
import { type PlannedWrite } from './write-plan.ts'

/** A write that admission webhooks may be asked about. */
export interface ReviewedWrite {
  readonly group: string
  readonly version: string
  /** With the sub-resource, as `pools/status`. */
  readonly resource: string
  readonly operation: PlannedWrite['operation']
  /** Versions that the resource is served in. */
  readonly served: readonly string[]
}

/**
 * The version that a webhook wants an object in; `undefined`: it is not asked. Without `matchPolicy: Exact` any served
 * version of the resource counts.
 */
export function versionFor(webhook: JsonObject, write: ReviewedWrite): string | undefined {
  const isExact = stringAt(webhook, 'matchPolicy') === 'Exact'
  const versions = isExact ? [write.version] : [write.version, ...write.served]
  return versions.find((version) =>
    arrayAt(webhook, 'rules').some(
      (rule) =>
        holds(rule, 'apiGroups', write.group) &&
        holds(rule, 'apiVersions', version) &&
        holds(rule, 'operations', write.operation) &&
        holds(rule, 'resources', write.resource)
    )
  )
}

function holds(rule: Json, field: string, value: string): boolean {
  const listed = stringsAt(rule, field)
  // Without a slash `*` means all resources, and none of their sub-resources.
  const isAny = listed.includes('*') && !value.includes('/')
  return isAny || listed.includes('*/*') || listed.includes(value)
}

/** What a webhook said. */
export interface ReviewVerdict {
  readonly isAllowed: boolean
  readonly message: string
  readonly warnings: readonly string[]
}

/** Reads the answer of a webhook. `undefined`: it is none. */
export function readVerdict(answer: Json, uid: string): ReviewVerdict | undefined {
  const isAllowed = booleanAt(answer, 'response', 'allowed')
  if (stringAt(answer, 'kind') !== 'AdmissionReview' || stringAt(answer, 'response', 'uid') !== uid)
    return undefined
  return isAllowed === undefined
    ? undefined
    : {
        isAllowed,
        message: stringAt(answer, 'response', 'status', 'message') ?? '',
        warnings: stringsAt(answer, 'response', 'warnings')
      }
}
