import { frameMessage, HEADER_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE_TYPE } from './header.ts'
import type { NotificationMessage } from './model.ts'

/** Room in a message that every peer takes; RFC 8654 is not always agreed on when one is sent. */
const MAX_DATA_LENGTH = MAX_MESSAGE_LENGTH - HEADER_LENGTH - 2

/** Decodes the body of a NOTIFICATION message, two octets at least: code (1), subcode (1), data (RFC 4271 §4.5). */
export function decodeNotification(body: Uint8Array): NotificationMessage {
  const [code = 0, subcode = 0] = body
  return { type: 'notification', code, subcode, data: body.slice(2) }
}

/** Encodes a NOTIFICATION message; data that would make it longer than 4096 octets is cut off. */
export function encodeNotification({ code, subcode, data }: Omit<NotificationMessage, 'type'>): Uint8Array {
  const kept = data.subarray(0, MAX_DATA_LENGTH)
  return frameMessage(MESSAGE_TYPE.NOTIFICATION, Uint8Array.of(code, subcode, ...kept))
}
