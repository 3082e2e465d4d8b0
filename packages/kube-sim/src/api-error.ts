import { compact, type JsonObject } from './json.ts'

/** Why a request was refused, in the words of `metav1.StatusReason`. */
export type ApiErrorReason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'Timeout'
  | 'TooManyRequests'
  | 'ServiceUnavailable'
  | 'Unauthorized'
  | 'UnsupportedMediaType'

/** One offending field of an object (`metav1.StatusCause`). */
export interface FieldProblem {
  readonly type:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueDuplicate'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldManagerConflict'
    | 'ResourceVersionTooLarge'
    | 'FieldValueNotFound'
  /** Dotted path, as in `spec.ports[0].port`. */
  readonly field: string
  readonly message: string
}

/** Names the resource of a refused request. */
export interface ResourceName {
  readonly group: string
  readonly plural: string
  readonly kind: string
}

const HTTP_CODES: Readonly<Record<ApiErrorReason, number>> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  InternalError: 500,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  RequestEntityTooLarge: 413,
  ServiceUnavailable: 503,
  Timeout: 504,
  TooManyRequests: 429,
  Unauthorized: 401,
  UnsupportedMediaType: 415
}

/** A refused request: what the server answers as a `Status` object. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code = 'ERR_KUBE_SIM_API'
  readonly reason: ApiErrorReason
  /** `details` of the Status object. */
  readonly details: JsonObject | undefined

  constructor(reason: ApiErrorReason, message: string, details?: JsonObject) {
    super(message)
    this.reason = reason
    this.details = details
  }

  /** The HTTP status code of the answer. */
  get httpCode(): number {
    return HTTP_CODES[this.reason]
  }

  /** Seconds for the `Retry-After` header. */
  get retryAfterSeconds(): number | undefined {
    const seconds = this.details?.['retryAfterSeconds']
    return typeof seconds === 'number' ? seconds : undefined
  }

  /** The `Status` object that tells the client. */
  toStatus(): JsonObject {
    return compact({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      details: this.details,
      code: this.httpCode
    })
  }

  static badRequest(message: string): ApiError {
    return new ApiError('BadRequest', message)
  }

  static notFound(resource: ResourceName, name: string): ApiError {
    return new ApiError('NotFound', `${qualified(resource)} "${name}" not found`, named(resource, name))
  }

  static alreadyExists(resource: ResourceName, name: string): ApiError {
    const details = named(resource, name)
    return new ApiError('AlreadyExists', `${qualified(resource)} "${name}" already exists`, details)
  }

  static conflict(resource: ResourceName, name: string, why?: string): ApiError {
    const reason =
      why ?? 'the object has been modified; please apply your changes to the latest version and try again'
    const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${reason}`
    return new ApiError('Conflict', message, named(resource, name))
  }

  static invalid(resource: ResourceName, name: string, problems: readonly FieldProblem[]): ApiError {
    const texts = problems.map((problem) => `${problem.field}: ${problem.message}`)
    const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
    const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`
    return new ApiError('Invalid', `${kind} "${name}" is invalid: ${text}`, {
      ...(name === '' ? {} : { name }),
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.kind,
      causes: problems.map(({ type, field, message }) => ({ reason: type, message, field }))
    })
  }

  static expired(message: string): ApiError {
    return new ApiError('Expired', message)
  }

  static tooLargeResourceVersion(wanted: number, current: number): ApiError {
    return new ApiError('Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1
    })
  }
}

function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
}

function named(resource: ResourceName, name: string): JsonObject {
  return { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural }
}
