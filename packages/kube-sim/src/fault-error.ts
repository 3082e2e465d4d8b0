import { ApiError } from './api-error.ts'
import type { RequestFacts } from './faults.ts'
import { type JsonObject } from './json.ts'

/** The refusal that a fault stands for. */
export function faultError(
  code: number,
  retryAfterSeconds: number | undefined,
  facts: RequestFacts
): ApiError {
  const details: JsonObject = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  switch (code) {
    case 400:
      return ApiError.badRequest('injected fault')
    case 401:
      return new ApiError('Unauthorized', 'Unauthorized')
    case 403:
      return new ApiError('Forbidden', `injected fault: ${denialOf(facts)}`, details)
    case 404:
      return new ApiError('NotFound', 'injected fault', details)
    case 409:
      return new ApiError('Conflict', 'injected fault', details)
    case 410:
      return new ApiError('Expired', 'injected fault: too old resource version', details)
    case 422:
      return new ApiError('Invalid', 'injected fault', details)
    case 429:
      return new ApiError(
        'TooManyRequests',
        'injected fault: too many requests, please try again later',
        details
      )
    case 503:
      return new ApiError('ServiceUnavailable', 'injected fault', details)
    case 504:
      return new ApiError('Timeout', 'injected fault', details)
    default:
      return new ApiError('InternalError', 'injected fault', details)
  }
}

/** In the words of an authorizer. */
function denialOf(facts: RequestFacts): string {
  const { verb, group = '', resource = '', subresource = '', namespace = '' } = facts
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  return `User "kube-sim" cannot ${verb} resource "${what}" in API group "${group}" ${where}`
}
