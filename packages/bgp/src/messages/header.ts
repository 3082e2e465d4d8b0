import { BgpDecodeError, type BgpDecodeReason } from '../errors.ts'
import { NOTIFICATION, notification } from './notification.ts'

/** Octets of marker, length and type (RFC 4271 §4.1). */
export const HEADER_LENGTH = 19
/** Octets of the largest message without RFC 8654, and of any OPEN and KEEPALIVE. */
export const MAX_MESSAGE_LENGTH = 4096
/** Octets of the largest message with RFC 8654. */
export const MAX_EXTENDED_MESSAGE_LENGTH = 65_535

const MARKER_LENGTH = 16

/** RFC 4271 §4.1, RFC 2918 §3. */
export const MESSAGE_TYPE = { OPEN: 1, UPDATE: 2, NOTIFICATION: 3, KEEPALIVE: 4, ROUTE_REFRESH: 5 } as const
export type MessageType = (typeof MESSAGE_TYPE)[keyof typeof MESSAGE_TYPE]

/**
 * Octets of the shortest message of a type (RFC 4271 §4.2–4.5). That of ROUTE-REFRESH is left to its decoder: RFC 7313 §5
 * has an error of its own for it.
 */
const MIN_LENGTH: Readonly<Record<MessageType, number>> = { 1: 29, 2: 23, 3: 21, 4: 19, 5: 19 }

export interface MessageHeader {
  readonly type: MessageType
  /** Octets of the message, header included. */
  readonly length: number
}

/**
 * Checks a message header (RFC 4271 §6.1).
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |                                                               |
 * +                      marker (16 × 0xff)                       +
 * |                                                               |
 * |            length             |     type      |
 * ```
 *
 * @param bytes at least {@link HEADER_LENGTH} of them
 * @throws {@link BgpDecodeError} with code 1; its data is what RFC 4271 §6.1 says: the length or type field
 */
export function checkHeader(bytes: Uint8Array, maxMessageLength: number): MessageHeader {
  const { MESSAGE_HEADER_ERROR } = NOTIFICATION
  for (let i = 0; i < MARKER_LENGTH; i += 1) {
    if (bytes[i] !== 0xff)
      throw headerError(
        'marker',
        MESSAGE_HEADER_ERROR.CONNECTION_NOT_SYNCHRONIZED,
        'the marker is not all ones'
      )
  }
  const [high = 0, low = 0, type = 0] = bytes.subarray(MARKER_LENGTH)
  const length = high * 256 + low
  if (length < HEADER_LENGTH || length > maxMessageLength) throw lengthError(length)
  if (!isMessageType(type)) {
    throw headerError(
      'message-type',
      MESSAGE_HEADER_ERROR.BAD_MESSAGE_TYPE,
      `type ${type} is not known`,
      Uint8Array.of(type)
    )
  }
  const isShort = type === MESSAGE_TYPE.OPEN || type === MESSAGE_TYPE.KEEPALIVE
  // RFC 8654 §4: OPEN and KEEPALIVE do not grow. A KEEPALIVE is nothing but its header.
  const max = type === MESSAGE_TYPE.KEEPALIVE ? HEADER_LENGTH : MAX_MESSAGE_LENGTH
  if (length < MIN_LENGTH[type] || (isShort && length > max)) throw lengthError(length)
  return { type, length }
}

/** The error for a message whose length its type does not allow (RFC 4271 §6.1). */
export function lengthError(length: number): BgpDecodeError {
  return headerError(
    'length',
    NOTIFICATION.MESSAGE_HEADER_ERROR.BAD_MESSAGE_LENGTH,
    `a length of ${length} octets`,
    Uint8Array.of((length >>> 8) & 0xff, length & 0xff)
  )
}

/** A new message of `length` octets, header filled in and body zero. */
export function createMessage(type: MessageType, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.fill(0xff, 0, MARKER_LENGTH)
  bytes[16] = length >>> 8
  bytes[17] = length & 0xff
  bytes[18] = type
  return bytes
}

/** A message with this body. */
export function frameMessage(type: MessageType, body: Uint8Array): Uint8Array {
  const bytes = createMessage(type, HEADER_LENGTH + body.length)
  bytes.set(body, HEADER_LENGTH)
  return bytes
}

function isMessageType(type: number): type is MessageType {
  return type in MIN_LENGTH
}

function headerError(
  reason: BgpDecodeReason,
  subcode: number,
  message: string,
  data?: Uint8Array
): BgpDecodeError {
  return new BgpDecodeError(
    reason,
    notification(NOTIFICATION.MESSAGE_HEADER_ERROR.code, subcode, data),
    message
  )
}
