/**
 * Why a datagram is dropped:
 * - `'too-short'`, `'too-long'`: no sealed datagram has this length
 * - `'version'`: not one that is known here
 * - `'unauthenticated'`: none of the keys opens it
 * - `'truncated'`, `'trailing'`: fewer or more bytes than the message says
 * - `'message-type'`, `'rumor-kind'`, `'accusers'`, `'incarnation'`: a value that its field cannot have
 */
export type LivenessDecodeReason =
  | 'too-short'
  | 'too-long'
  | 'version'
  | 'unauthenticated'
  | 'truncated'
  | 'trailing'
  | 'message-type'
  | 'rumor-kind'
  | 'accusers'
  | 'incarnation'

/** Thrown by the decoders. Bytes from the wire: expected, never a bug. */
export class LivenessDecodeError extends Error {
  override readonly name = 'LivenessDecodeError'
  readonly code = 'ERR_LIVENESS_DECODE'
  readonly reason: LivenessDecodeReason

  constructor(reason: LivenessDecodeReason, options?: ErrorOptions) {
    super(`malformed liveness datagram: ${reason}`, options)
    this.reason = reason
  }
}

/**
 * Why options are refused:
 * - `'range'`: not a value that the field may have
 * - `'duplicate'`: two members with one id
 * - `'limit'`: more members than are taken
 * - `'mismatch'`: it does not go with another field
 */
export type LivenessOptionsReason = 'range' | 'duplicate' | 'limit' | 'mismatch'

/** Thrown for options, keys and members that cannot be; nothing was changed. */
export class LivenessOptionsError extends Error {
  override readonly name = 'LivenessOptionsError'
  readonly code = 'ERR_LIVENESS_OPTIONS'
  readonly reason: LivenessOptionsReason
  /** Name of the option. */
  readonly field: string

  constructor(reason: LivenessOptionsReason, field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options)
    this.reason = reason
    this.field = field
  }
}
