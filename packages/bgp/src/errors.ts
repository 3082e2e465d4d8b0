import type { NotificationMessage } from './messages/model.ts'

/** Why bytes are not a BGP message that a session can live with. */
export type BgpDecodeReason =
  | 'marker'
  | 'length'
  | 'message-type'
  | 'version'
  | 'asn'
  | 'identifier'
  | 'hold-time'
  | 'optional-parameter'
  | 'attribute-list'
  | 'well-known-attribute'
  | 'network-field'
  | 'next-hop'
  | 'refresh-length'
  | 'malformed'

/** Thrown by the decoders: what was wrong, and what to answer the peer with. */
export class BgpDecodeError extends Error {
  override readonly name = 'BgpDecodeError'
  readonly code = 'ERR_BGP_DECODE'
  readonly reason: BgpDecodeReason
  /** Sent before the connection is closed (RFC 4271 §6). */
  readonly notification: NotificationMessage

  constructor(
    reason: BgpDecodeReason,
    notification: NotificationMessage,
    message: string,
    options?: ErrorOptions
  ) {
    super(`malformed BGP message: ${message}`, options)
    this.reason = reason
    this.notification = notification
  }
}
