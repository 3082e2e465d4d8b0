import type { NotificationMessage } from './model.ts'
import { decodePeerText, encodeText } from './text.ts'

/**
 * NOTIFICATION codes, each with its subcodes, named as in the IANA registry "BGP Error (Notification) Codes":
 * RFC 4271 §4.5, RFC 4486 (Cease), RFC 6608 (FSM), RFC 7313 (ROUTE-REFRESH), RFC 8538 (Hard Reset), RFC 9384 (BFD Down),
 * RFC 9687 (Send Hold Timer).
 */
export const NOTIFICATION = {
  MESSAGE_HEADER_ERROR: {
    code: 1,
    CONNECTION_NOT_SYNCHRONIZED: 1,
    BAD_MESSAGE_LENGTH: 2,
    BAD_MESSAGE_TYPE: 3
  },
  OPEN_MESSAGE_ERROR: {
    code: 2,
    UNSPECIFIC: 0,
    UNSUPPORTED_VERSION_NUMBER: 1,
    BAD_PEER_AS: 2,
    BAD_BGP_IDENTIFIER: 3,
    UNSUPPORTED_OPTIONAL_PARAMETER: 4,
    UNACCEPTABLE_HOLD_TIME: 6,
    UNSUPPORTED_CAPABILITY: 7,
    ROLE_MISMATCH: 11
  },
  UPDATE_MESSAGE_ERROR: {
    code: 3,
    MALFORMED_ATTRIBUTE_LIST: 1,
    UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE: 2,
    MISSING_WELL_KNOWN_ATTRIBUTE: 3,
    ATTRIBUTE_FLAGS_ERROR: 4,
    ATTRIBUTE_LENGTH_ERROR: 5,
    INVALID_ORIGIN_ATTRIBUTE: 6,
    INVALID_NEXT_HOP_ATTRIBUTE: 8,
    OPTIONAL_ATTRIBUTE_ERROR: 9,
    INVALID_NETWORK_FIELD: 10,
    MALFORMED_AS_PATH: 11
  },
  HOLD_TIMER_EXPIRED: { code: 4, UNSPECIFIC: 0 },
  FINITE_STATE_MACHINE_ERROR: {
    code: 5,
    UNSPECIFIED_ERROR: 0,
    RECEIVE_UNEXPECTED_MESSAGE_IN_OPEN_SENT_STATE: 1,
    RECEIVE_UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM_STATE: 2,
    RECEIVE_UNEXPECTED_MESSAGE_IN_ESTABLISHED_STATE: 3
  },
  CEASE: {
    code: 6,
    UNSPECIFIC: 0,
    MAXIMUM_NUMBER_OF_PREFIXES_REACHED: 1,
    ADMINISTRATIVE_SHUTDOWN: 2,
    PEER_DE_CONFIGURED: 3,
    ADMINISTRATIVE_RESET: 4,
    CONNECTION_REJECTED: 5,
    OTHER_CONFIGURATION_CHANGE: 6,
    CONNECTION_COLLISION_RESOLUTION: 7,
    OUT_OF_RESOURCES: 8,
    HARD_RESET: 9,
    BFD_DOWN: 10
  },
  ROUTE_REFRESH_MESSAGE_ERROR: { code: 7, INVALID_MESSAGE_LENGTH: 1 },
  SEND_HOLD_TIMER_EXPIRED: { code: 8, UNSPECIFIC: 0 }
} as const

const NAMES: Readonly<Record<number, readonly [string, Readonly<Record<number, string>>]>> = {
  1: [
    'Message Header Error',
    { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' }
  ],
  2: [
    'OPEN Message Error',
    {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
      11: 'Role Mismatch'
    }
  ],
  3: [
    'UPDATE Message Error',
    {
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH'
    }
  ],
  4: ['Hold Timer Expired', {}],
  5: [
    'Finite State Machine Error',
    {
      1: 'Receive Unexpected Message in OpenSent State',
      2: 'Receive Unexpected Message in OpenConfirm State',
      3: 'Receive Unexpected Message in Established State'
    }
  ],
  6: [
    'Cease',
    {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset',
      10: 'BFD Down'
    }
  ],
  7: ['ROUTE-REFRESH Message Error', { 1: 'Invalid Message Length' }],
  8: ['Send Hold Timer Expired', {}]
}

/** RFC 9003 §2: the length is one octet. */
const MAX_SHUTDOWN_TEXT = 255
const MAX_DESCRIBED_DATA = 16

/** A NOTIFICATION as a value: `subcode` 0 is "unspecific", `data` is empty unless given. */
export function notification(
  code: number,
  subcode = 0,
  data: Uint8Array = new Uint8Array()
): NotificationMessage {
  return { type: 'notification', code, subcode, data }
}

/**
 * The data of Cease/2 and Cease/4: a length and UTF-8 text for the operator of the peer (RFC 9003 §2). What is longer
 * than 255 octets is cut between two characters.
 */
export function shutdownData(text: string): Uint8Array {
  const octets = encodeText(text, MAX_SHUTDOWN_TEXT)
  return Uint8Array.of(octets.length, ...octets)
}

/**
 * What the operator of the peer wrote, of a Cease/2 or Cease/4, also inside a hard reset. Control characters are left
 * out and bytes that are no UTF-8 replaced, as it ends up in logs; `undefined` if there is no text or its length is
 * wrong, which RFC 9003 §2 says to log only.
 */
export function shutdownTextOf(message: Omit<NotificationMessage, 'type'>): string | undefined {
  const { code, subcode, data } = unwrapHardReset(message) ?? message
  const { CEASE } = NOTIFICATION
  if (code !== CEASE.code) return undefined
  if (subcode !== CEASE.ADMINISTRATIVE_SHUTDOWN && subcode !== CEASE.ADMINISTRATIVE_RESET) return undefined
  const [length = 0] = data
  if (length === 0 || length !== data.length - 1) return undefined
  const text = decodePeerText(data.subarray(1))
  return text === '' ? undefined : text
}

/** Wraps a NOTIFICATION so that it ends graceful restart too: Cease/9 (RFC 8538 §3.1). */
export function hardReset(message: Omit<NotificationMessage, 'type'>): NotificationMessage {
  const data = Uint8Array.of(message.code, message.subcode, ...message.data)
  return notification(NOTIFICATION.CEASE.code, NOTIFICATION.CEASE.HARD_RESET, data)
}

/** What a hard reset carries (RFC 8538 §3.1); `undefined` if it is none, or carries nothing. */
export function unwrapHardReset(message: Omit<NotificationMessage, 'type'>): NotificationMessage | undefined {
  const { CEASE } = NOTIFICATION
  if (message.code !== CEASE.code || message.subcode !== CEASE.HARD_RESET) return undefined
  const [code, subcode] = message.data
  if (code === undefined || subcode === undefined) return undefined
  return notification(code, subcode, message.data.slice(2))
}

/** One line for people: `Cease/Administrative Shutdown: "rack 4 moves at noon"`. */
export function describeNotification(message: Omit<NotificationMessage, 'type'>): string {
  const inner = unwrapHardReset(message)
  // What is inside is not unwrapped again: the depth would be the peer's to choose.
  return inner === undefined ? describeOne(message) : `${nameOf(message)} (${describeOne(inner)})`
}

function describeOne(message: Omit<NotificationMessage, 'type'>): string {
  const text = unwrapHardReset(message) === undefined ? shutdownTextOf(message) : undefined
  if (text !== undefined) return `${nameOf(message)}: ${JSON.stringify(text)}`
  if (message.data.length === 0) return nameOf(message)
  const octets = Array.from(message.data.subarray(0, MAX_DESCRIBED_DATA), (octet) =>
    octet.toString(16).padStart(2, '0')
  ).join('')
  return `${nameOf(message)} (data ${octets}${message.data.length > MAX_DESCRIBED_DATA ? '…' : ''})`
}

function nameOf({ code, subcode }: Omit<NotificationMessage, 'type'>): string {
  const [codeName, subcodes] = NAMES[code] ?? [`code ${code}`, {}]
  return subcode === 0 ? codeName : `${codeName}/${subcodes[subcode] ?? `subcode ${subcode}`}`
}
