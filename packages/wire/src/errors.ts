/**
 * What was wrong:
 * - `'truncated'`: fewer bytes than the format needs
 * - `'overflow'`: no room left in the buffer that is written to
 * - `'value'`: a number that its field cannot hold
 */
export type WireErrorReason = 'truncated' | 'overflow' | 'value'

/** The only error that this package throws. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly code = 'ERR_WIRE_BOUNDS'
  readonly reason: WireErrorReason
  /** Offset in the buffer, in bytes. */
  readonly offset: number

  constructor(reason: WireErrorReason, offset: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.offset = offset
  }
}
