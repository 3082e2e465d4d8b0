/**
 * Why a packet is discarded before a session is looked up (RFC 5880 §6.8.6, in its order):
 * - `'too-short'`: fewer than 24 octets
 * - `'version'`: not 1
 * - `'length'`: the Length field is below the minimum, or above what was received
 * - `'detect-multiplier'`, `'my-discriminator'`: zero
 * - `'multipoint'`: the bit is set
 * - `'your-discriminator'`: zero in a state in which the sender must know it
 * - `'authentication-type'`, `'authentication-length'`: a section that RFC 5880 §4.2 – §4.4 does not know
 */
export type BfdDecodeReason =
  | 'too-short'
  | 'version'
  | 'length'
  | 'detect-multiplier'
  | 'multipoint'
  | 'my-discriminator'
  | 'your-discriminator'
  | 'authentication-type'
  | 'authentication-length'

/** Thrown by {@link decodeControlPacket}. Bytes from the wire: expected, never a bug. */
export class BfdDecodeError extends Error {
  override readonly name = 'BfdDecodeError'
  readonly code = 'ERR_BFD_DECODE'
  readonly reason: BfdDecodeReason

  constructor(reason: BfdDecodeReason, options?: ErrorOptions) {
    super(`malformed BFD control packet: ${reason}`, options)
    this.reason = reason
  }
}

/**
 * Why options are refused:
 * - `'range'`: not a number that the field may have
 * - `'unsupported'`: a function that is not implemented here
 * - `'mismatch'`: it does not go with another field
 * - `'duplicate'`: there is a session with this peer on this interface
 * - `'limit'`: there are as many sessions as the speaker takes
 */
export type BfdOptionsReason = 'range' | 'unsupported' | 'mismatch' | 'duplicate' | 'limit'

/** Thrown for options that a session cannot have; nothing was changed. */
export class BfdOptionsError extends Error {
  override readonly name = 'BfdOptionsError'
  readonly code = 'ERR_BFD_OPTIONS'
  readonly reason: BfdOptionsReason
  /** Name of the option. */
  readonly field: string

  constructor(reason: BfdOptionsReason, field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options)
    this.reason = reason
    this.field = field
  }
}
