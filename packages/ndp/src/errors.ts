/**
 * Why a frame is not a valid neighbour solicitation or advertisement (RFC 4861 §7.1):
 * - `'truncated'`: shorter than its headers say
 * - `'not-neighbor-discovery'`: another protocol, or another ICMPv6 type
 * - `'hop-limit'`: not 255, so it may come through a router
 * - `'checksum'`, `'code'`: not what it must be
 * - `'target'`: a multicast address
 * - `'option-length'`: an option of length 0, or one that ends behind the message
 * - `'unspecified-source'`: from `::`, but not to a solicited-node group, or with a source link-layer address
 * - `'solicited-flag'`: a solicited advertisement to a group
 */
export type NdpDecodeReason =
  | 'truncated'
  | 'not-neighbor-discovery'
  | 'hop-limit'
  | 'checksum'
  | 'code'
  | 'target'
  | 'option-length'
  | 'unspecified-source'
  | 'solicited-flag'

/** Thrown by {@link decodeNeighborMessage}. Bytes from the wire: expected, never a bug. */
export class NdpDecodeError extends Error {
  override readonly name = 'NdpDecodeError'
  readonly code = 'ERR_NDP_DECODE'
  readonly reason: NdpDecodeReason

  constructor(reason: NdpDecodeReason, message: string) {
    super(message)
    this.reason = reason
  }
}
