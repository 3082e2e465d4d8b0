import { BadReviewError, fieldOf, isRecord, textOf } from './json.ts'

/** What is to be done to an object (`admission.k8s.io/v1`, AdmissionRequest), as far as it is looked at. */
export interface AdmissionRequest {
  readonly uid: string
  readonly kind: string
  readonly operation: string
  readonly namespace: string
  readonly name: string
  readonly subResource: string
  /** As it will be; not there for a deletion. */
  readonly object: unknown
  /** As it is; not there for a creation. */
  readonly oldObject: unknown
  readonly username: string
}

export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  /** Shown by kubectl, a line each. */
  readonly warnings?: readonly string[]
  readonly status?: RefusalStatus
}

/** A `metav1.Status`. */
export interface RefusalStatus {
  readonly code: 403
  readonly reason: 'Forbidden'
  readonly message: string
  readonly details: {
    readonly kind: string
    readonly name: string
    readonly causes: readonly { readonly field: string; readonly message: string }[]
  }
}

const API_VERSION = 'admission.k8s.io/v1'
const KIND = 'AdmissionReview'

/** @throws BadReviewError */
export function parseAdmissionReview(body: unknown): AdmissionRequest {
  if (textOf(body, 'kind') !== KIND || textOf(body, 'apiVersion') !== API_VERSION)
    throw new BadReviewError(`the body is no ${KIND} of ${API_VERSION}`)
  const request = fieldOf(body, 'request')
  const uid = textOf(request, 'uid')
  if (uid === '') throw new BadReviewError('request.uid is missing')
  const [object, oldObject] = [fieldOf(request, 'object'), fieldOf(request, 'oldObject')]
  const subject = isRecord(object) ? object : oldObject
  return {
    uid,
    kind: textOf(fieldOf(request, 'kind'), 'kind'),
    operation: textOf(request, 'operation'),
    namespace: textOf(request, 'namespace'),
    // The name that the server has made of generateName is in the object only.
    name: textOf(request, 'name') || textOf(fieldOf(subject, 'metadata'), 'name'),
    subResource: textOf(request, 'subResource'),
    object,
    oldObject,
    username: textOf(fieldOf(request, 'userInfo'), 'username')
  }
}

/** The body of the answer. */
export function formatAdmissionReview(response: AdmissionResponse): object {
  return { apiVersion: API_VERSION, kind: KIND, response }
}
