import { Ipv4Address } from '@clarion-lb/netaddr'
import { Reader, WireError, Writer } from '@clarion-lb/wire'
import { BgpDecodeError, type BgpDecodeReason } from '../errors.ts'
import {
  type DecodedCapabilities,
  decodeCapabilities,
  encodeCapabilities,
  type RawCapability
} from './capabilities.ts'
import { frameMessage, MESSAGE_TYPE } from './header.ts'
import type { OpenMessage } from './model.ts'
import { NOTIFICATION, notification } from './notification.ts'

/** Stands for an AS number that two octets cannot hold (RFC 6793 §9). */
export const AS_TRANS = 23_456

const VERSION = 4
const PARAMETER_CAPABILITIES = 2
/** Type of a first parameter that says: lengths have two octets (RFC 9072 §2). */
const PARAMETER_EXTENDED_LENGTH = 255
const MAX_HOLD_TIME_S = 0xffff

const { OPEN_MESSAGE_ERROR } = NOTIFICATION

/**
 * Decodes the body of an OPEN message.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |    version    |     autonomous system     |   hold time (s)   |
 * |                        BGP identifier                         |
 * | params length | optional parameters …
 * ```
 *
 * @see RFC 4271 §4.2, RFC 5492 §4, RFC 6286 §2.1 (identifier), RFC 6793 §3 (AS number), RFC 7607 §2 (AS 0), RFC 9072
 * @throws {@link BgpDecodeError} with code 2 (RFC 4271 §6.2)
 */
export function decodeOpen(body: Uint8Array): OpenMessage {
  try {
    const reader = new Reader(body)
    const version = reader.uint8()
    // The answer names the version that would have done.
    if (version !== VERSION)
      throw openError('version', OPEN_MESSAGE_ERROR.UNSUPPORTED_VERSION_NUMBER, `version ${version}`, VERSION)
    const twoOctetAsn = reader.uint16()
    const holdTimeS = reader.uint16()
    const bgpIdentifier = Ipv4Address.fromNumber(reader.uint32())
    const { capabilities, fourOctetAsn } = decodeOptionalParameters(reader.rest())
    const asn = fourOctetAsn ?? twoOctetAsn
    if (asn === 0 || twoOctetAsn === 0) throw openError('asn', OPEN_MESSAGE_ERROR.BAD_PEER_AS, 'AS 0')
    if (bgpIdentifier.isUnspecified)
      throw openError('identifier', OPEN_MESSAGE_ERROR.BAD_BGP_IDENTIFIER, 'BGP identifier 0.0.0.0')
    if (holdTimeS === 1 || holdTimeS === 2)
      throw openError('hold-time', OPEN_MESSAGE_ERROR.UNACCEPTABLE_HOLD_TIME, `a hold time of ${holdTimeS} s`)
    return { type: 'open', asn, holdTimeMs: holdTimeS * 1000, bgpIdentifier, capabilities }
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw openError('malformed', OPEN_MESSAGE_ERROR.UNSPECIFIC, `OPEN: ${cause.message}`)
  }
}

/** @throws {@link WireError} if a length goes past what contains it, or bytes are left over */
function decodeOptionalParameters(bytes: Uint8Array): DecodedCapabilities {
  const reader = new Reader(bytes)
  let length = reader.uint8()
  // RFC 9072 §2: recognised by the type; the one-octet length means nothing then, but is not 0.
  const isExtended = length !== 0 && bytes[1] === PARAMETER_EXTENDED_LENGTH
  if (isExtended) {
    reader.skip(1)
    length = reader.uint16()
  }
  if (length !== reader.remaining) {
    throw new WireError(
      'truncated',
      reader.offset,
      `${length} octets of parameters, ${reader.remaining} there`
    )
  }
  const list: RawCapability[] = []
  while (reader.remaining > 0) {
    const type = reader.uint8()
    const value = reader.sub(isExtended ? reader.uint16() : reader.uint8())
    if (type !== PARAMETER_CAPABILITIES) {
      throw openError(
        'optional-parameter',
        OPEN_MESSAGE_ERROR.UNSUPPORTED_OPTIONAL_PARAMETER,
        `optional parameter ${type}`
      )
    }
    while (value.remaining > 0) list.push({ code: value.uint8(), value: value.bytes(value.uint8()) })
  }
  return decodeCapabilities(list)
}

function openError(reason: BgpDecodeReason, subcode: number, message: string, data?: number): BgpDecodeError {
  const octets = data === undefined ? undefined : Uint8Array.of(data >>> 8, data & 0xff)
  return new BgpDecodeError(reason, notification(OPEN_MESSAGE_ERROR.code, subcode, octets), message)
}

/**
 * Encodes an OPEN message. An AS number of four octets is AS_TRANS in the old field (RFC 6793 §4.1), and lengths take
 * two octets only if they must (RFC 9072 §2).
 */
export function encodeOpen(open: Omit<OpenMessage, 'type'>): Uint8Array {
  const parameters = encodeOptionalParameters(encodeCapabilities(open.capabilities, open.asn))
  const writer = new Writer(new Uint8Array(9 + parameters.length))
    .uint8(VERSION)
    .uint16(open.asn > 0xffff ? AS_TRANS : open.asn)
    .uint16(Math.min(MAX_HOLD_TIME_S, Math.floor(open.holdTimeMs / 1000)))
    .uint32(open.bgpIdentifier.toNumber())
    .bytes(parameters)
  return frameMessage(MESSAGE_TYPE.OPEN, writer.written())
}

/** Optional parameters with their length: one parameter with all capabilities. */
export function encodeOptionalParameters(list: readonly RawCapability[]): Uint8Array {
  const valueLength = list.reduce((sum, { value }) => sum + 2 + value.length, 0)
  const isExtended = 2 + valueLength > 255
  const writer = new Writer(new Uint8Array(valueLength + (isExtended ? 7 : 3)))
  if (list.length === 0) return Uint8Array.of(0)
  if (isExtended) {
    writer
      .uint8(255)
      .uint8(PARAMETER_EXTENDED_LENGTH)
      .uint16(valueLength + 3)
    writer.uint8(PARAMETER_CAPABILITIES).uint16(valueLength)
  } else {
    writer.uint8(valueLength + 2)
    writer.uint8(PARAMETER_CAPABILITIES).uint8(valueLength)
  }
  for (const { code, value } of list) writer.uint8(code).uint8(value.length).bytes(value)
  return writer.written()
}
