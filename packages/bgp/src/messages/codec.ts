import { checkHeader, createMessage, HEADER_LENGTH, lengthError, MESSAGE_TYPE } from './header.ts'
import type { BgpMessage, SessionEncoding } from './model.ts'
import { decodeNotification } from './notification-codec.ts'
import { decodeOpen } from './open.ts'
import { decodeRouteRefresh } from './route-refresh.ts'
import { decodeUpdate } from './update-decoder.ts'

export { encodeNotification } from './notification-codec.ts'
export { encodeOpen } from './open.ts'
export { encodeRouteRefresh } from './route-refresh.ts'
export {
  encodeEndOfRib,
  encodeReach,
  encodeUnreach,
  type ReachRequest,
  reachRoom,
  type UnreachRequest,
  unreachRoom
} from './update-encoder.ts'

/** What decoding depends on. */
export type DecodeContext = SessionEncoding

/** Before OPENs are exchanged: the plain messages of RFC 4271. */
export const INITIAL_ENCODING: SessionEncoding = {
  hasFourOctetAsn: false,
  maxMessageLength: 4096,
  hasExtendedNextHop: false,
  families: [4],
  isExternal: true
}

/**
 * Decodes one whole message, header included. Nothing in the result refers to `bytes`.
 *
 * @throws {@link BgpDecodeError} with the NOTIFICATION to answer with (RFC 4271 §6.1–6.3, RFC 7313 §5); nothing else,
 *   whatever the bytes
 */
export function decodeMessage(bytes: Uint8Array, encoding: DecodeContext): BgpMessage {
  if (bytes.length < HEADER_LENGTH) throw lengthError(bytes.length)
  const { type, length } = checkHeader(bytes, encoding.maxMessageLength)
  if (length !== bytes.length) throw lengthError(length)
  const body = bytes.subarray(HEADER_LENGTH)
  switch (type) {
    case MESSAGE_TYPE.OPEN:
      return decodeOpen(body)
    case MESSAGE_TYPE.UPDATE:
      return decodeUpdate(body, encoding)
    case MESSAGE_TYPE.NOTIFICATION:
      return decodeNotification(body)
    case MESSAGE_TYPE.KEEPALIVE:
      return { type: 'keepalive' }
    case MESSAGE_TYPE.ROUTE_REFRESH:
      return decodeRouteRefresh(bytes)
  }
}

/** Encodes a KEEPALIVE message: nothing but a header (RFC 4271 §4.4). */
export function encodeKeepalive(): Uint8Array {
  return createMessage(MESSAGE_TYPE.KEEPALIVE, HEADER_LENGTH)
}
