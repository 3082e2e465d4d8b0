import { hasStatus } from './errors.ts'
import type { ResourceRef } from './resource.ts'

/** Verbs of RBAC that this package asks for. */
export type AccessVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

/** What a request needs a right for. */
export interface AccessRequest {
  readonly verb: AccessVerb
  /** Plural, its group after a dot and its sub-resource after a slash: `services/status`, `leases.coordination.k8s.io`. */
  readonly resource: string
}

/** Whether a right is there, as an answer of the API server tells. */
export interface AccessVerdict extends AccessRequest {
  readonly isAllowed: boolean
}

/** Words of every authorizer of an API server. What admission forbids is a 403 too, and says otherwise. */
const DENIED = /\bcannot [a-z]+ resource "/

export function accessRequestOf(
  verb: AccessVerb,
  { group, plural }: ResourceRef,
  subresource?: string
): AccessRequest {
  const resource = group === '' ? plural : `${plural}.${group}`
  return { verb, resource: subresource === undefined ? resource : `${resource}/${subresource}` }
}

/** What an answer that was no success tells of the right; `undefined`: nothing. */
export function isAllowedBy(error: unknown): boolean | undefined {
  if (hasStatus(error, 403)) return !(error instanceof Error && DENIED.test(error.message))
  // What is looked at after rights are.
  return hasStatus(error, 404, 409, 410, 422) ? true : undefined
}
