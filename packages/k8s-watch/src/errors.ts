/** What the API server said, by the `reason` of its Status object (or by the HTTP status where it sent none). */
export interface KubeApiErrorFacts {
  /** HTTP status. A watch's ERROR event carries one too. */
  readonly status: number
  /** `NotFound`, `Conflict`, `AlreadyExists`, `Expired`, `Invalid`, `Forbidden`, `TooManyRequests`, … */
  readonly reason: string
  /** The server's own words. */
  readonly serverMessage: string
  /** What was asked, e.g. `PUT services default/web status`. */
  readonly subject: string
  /** How long the server asked to wait, milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** The API server answered, and the answer was no. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError'
  readonly code = 'ERR_K8S_API'
  readonly status: number
  readonly reason: string
  readonly serverMessage: string
  readonly subject: string
  readonly retryAfterMs: number | undefined

  constructor(facts: KubeApiErrorFacts, options?: ErrorOptions) {
    super(`${facts.subject}: ${facts.status} ${facts.reason}: ${facts.serverMessage}`, options)
    this.status = facts.status
    this.reason = facts.reason
    this.serverMessage = facts.serverMessage
    this.subject = facts.subject
    this.retryAfterMs = facts.retryAfterMs
  }
}

export type KubeTransportReason =
  /** No connection: refused, unreachable, name not found, TLS refused. */
  | 'connect'
  /** The connection ended before the answer did. */
  | 'closed'
  /** No answer in time. */
  | 'timeout'
  /** The answer is longer than this client is willing to hold. */
  | 'too-large'
  /** The answer is not what an API server sends. */
  | 'malformed'
  /** The caller's signal was aborted. */
  | 'aborted'

/** There was no usable answer from the API server. Whether a write took place is unknown unless `reason` is `connect`. */
export class KubeTransportError extends Error {
  override readonly name = 'KubeTransportError'
  readonly code = 'ERR_K8S_TRANSPORT'
  readonly reason: KubeTransportReason
  /** What was asked, e.g. `GET services`. */
  readonly subject: string

  constructor(reason: KubeTransportReason, subject: string, detail: string, options?: ErrorOptions) {
    super(`${subject}: ${detail}`, options)
    this.reason = reason
    this.subject = subject
  }
}

export type KubeConfigReason = 'unreadable' | 'malformed' | 'no-context' | 'insecure' | 'credentials'

/** The kubeconfig, or the credentials that it names, cannot be used. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError'
  readonly code = 'ERR_K8S_CONFIG'
  readonly reason: KubeConfigReason

  constructor(reason: KubeConfigReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Whether `error` is an API error, of any loaded version of this package, with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  if (typeof error !== 'object' || error === null) return false
  if (!('code' in error) || error.code !== 'ERR_K8S_API') return false
  return 'status' in error && typeof error.status === 'number' && statuses.includes(error.status)
}

/** How long the server asked to wait, milliseconds, if it did. */
export function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
