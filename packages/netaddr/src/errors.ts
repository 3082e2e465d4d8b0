/** Why a text or bytes do not name what was asked for. */
export type InvalidAddressReason =
  | 'address'
  | 'prefix'
  | 'range'
  | 'mac'
  | 'family'
  | 'host-bits'
  | 'reversed'

/** Thrown when text or bytes do not name an address, a prefix or a range. */
export class InvalidAddressError extends Error {
  override readonly name = 'InvalidAddressError'
  readonly code = 'ERR_NETADDR_INVALID'
  readonly reason: InvalidAddressReason
  /** The input as it was given. */
  readonly input: string

  constructor(reason: InvalidAddressReason, input: string, message: string, options?: ErrorOptions) {
    super(`${message}: ${JSON.stringify(input)}`, options)
    this.reason = reason
    this.input = input
  }
}
