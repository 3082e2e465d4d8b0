import assert from 'node:assert/strict'
import type { IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import { encodeAttributes } from './attribute-encoder.ts'
import { ATTRIBUTE, FLAG, OPTIONAL_NON_TRANSITIVE } from './attribute-types.ts'
import { afiSafiOf } from './family.ts'
import { createMessage, HEADER_LENGTH, MESSAGE_TYPE } from './header.ts'
import type { NextHop, PathAttributes, SessionEncoding } from './model.ts'
import { encodeNextHop } from './next-hop.ts'
import { measurePrefixes, type PrefixRun, writePrefixes } from './prefixes.ts'

/** Routes that share attributes and a next hop. */
export interface ReachRequest {
  /** Of all prefixes. */
  readonly family: IpFamily
  /** IPv4 only for IPv4 prefixes; IPv6 for those only if RFC 8950 was agreed on. */
  readonly nextHop: NextHop
  readonly attributes: PathAttributes
  readonly prefixes: readonly IpPrefix[]
  readonly encoding: SessionEncoding
}

/** Routes to withdraw. */
export interface UnreachRequest {
  /** Of all prefixes. */
  readonly family: IpFamily
  readonly prefixes: readonly IpPrefix[]
  readonly encoding: SessionEncoding
}

/** One way to lay out messages that differ in their prefixes only. */
interface Layout {
  readonly maxMessageLength: number
  /** Octets beside the prefixes, at most: header and lengths included. */
  readonly overhead: number
  /** A message with room for these prefixes, all else filled in, and where they go. */
  readonly create: (run: PrefixRun) => { readonly message: Uint8Array; readonly offset: number }
}

/** Withdrawn routes length and total path attribute length. */
const LENGTHS = 4
/** Of an attribute that has extended length. */
const ATTRIBUTE_HEAD = 4

/**
 * Encodes an announcement in as few messages as it takes. IPv4 prefixes with an IPv4 next hop go into the NLRI field, all
 * others into MP_REACH_NLRI, which is the first attribute (RFC 7606 §5.1). A peer of two-octet AS numbers gets AS_TRANS
 * and the AS4 attributes (RFC 6793 §4.2.2). LOCAL_PREF is for internal peers, 100 unless given (RFC 4271 §5.1.5);
 * communities are sorted, each once.
 *
 * @throws RangeError if the attributes leave no room for a prefix in a message
 */
export function encodeReach(request: ReachRequest): Uint8Array[] {
  return pack(request.prefixes, reachLayout(request))
}

/** Octets of prefixes, in their wire form, that one message of such an announcement has room for; none: 0 or less. */
export function reachRoom(request: Omit<ReachRequest, 'prefixes'>): number {
  return roomOf(reachLayout(request))
}

function reachLayout({ family, nextHop, attributes, encoding }: Omit<ReachRequest, 'prefixes'>): Layout {
  const isClassic = family === 4 && nextHop.global.family === 4
  assert(isClassic || nextHop.global.family === 6, 'IPv6 prefixes have an IPv6 next hop')
  assert(family === 6 || isClassic || encoding.hasExtendedNextHop, 'RFC 8950 was not agreed on')
  const nextHopBytes = encodeNextHop(nextHop)
  const block = encodeAttributes(attributes, isClassic ? nextHopBytes : undefined, encoding)
  if (isClassic) return classicReach(block, encoding)
  const { afi, safi } = afiSafiOf(family)
  const prefix = Uint8Array.of(0, afi, safi, nextHopBytes.length, ...nextHopBytes, 0)
  return multiprotocol(ATTRIBUTE.MP_REACH_NLRI, prefix, block, encoding)
}

/**
 * Encodes a withdrawal in as few messages as it takes: in the withdrawn routes field for IPv4, in MP_UNREACH_NLRI for
 * IPv6, and for IPv4 if RFC 8950 was agreed on.
 */
export function encodeUnreach({ family, prefixes, encoding }: UnreachRequest): Uint8Array[] {
  return pack(prefixes, withdrawalLayout(family, encoding))
}

/** {@link reachRoom} of a withdrawal. */
export function unreachRoom({ family, encoding }: Omit<UnreachRequest, 'prefixes'>): number {
  return roomOf(withdrawalLayout(family, encoding))
}

function withdrawalLayout(family: IpFamily, encoding: SessionEncoding): Layout {
  return family === 4 && !encoding.hasExtendedNextHop
    ? classicUnreach(encoding)
    : unreachLayout(family, encoding)
}

/** End-of-RIB (RFC 4724 §2): an empty UPDATE for IPv4, an empty MP_UNREACH_NLRI for IPv6. */
export function encodeEndOfRib(family: IpFamily, encoding: SessionEncoding): Uint8Array {
  if (family === 4) return createMessage(MESSAGE_TYPE.UPDATE, HEADER_LENGTH + LENGTHS)
  return unreachLayout(family, encoding).create({ end: 0, length: 0 }).message
}

function roomOf({ maxMessageLength, overhead }: Layout): number {
  return maxMessageLength - overhead
}

function pack(prefixes: readonly IpPrefix[], layout: Layout): Uint8Array[] {
  const room = roomOf(layout)
  const messages: Uint8Array[] = []
  let start = 0
  while (start < prefixes.length) {
    const run = measurePrefixes(prefixes, start, room)
    if (run.end === start)
      throw new RangeError(`${layout.overhead} octets of attributes leave no room for a prefix`)
    const { message, offset } = layout.create(run)
    writePrefixes(prefixes, { start, end: run.end }, message, offset)
    messages.push(message)
    start = run.end
  }
  return messages
}

function classicReach(block: Uint8Array, { maxMessageLength }: SessionEncoding): Layout {
  const overhead = HEADER_LENGTH + LENGTHS + block.length
  return {
    maxMessageLength,
    overhead,
    create: ({ length }) => {
      const message = createMessage(MESSAGE_TYPE.UPDATE, overhead + length)
      setUint16(message, HEADER_LENGTH + 2, block.length)
      message.set(block, HEADER_LENGTH + LENGTHS)
      return { message, offset: overhead }
    }
  }
}

function classicUnreach({ maxMessageLength }: SessionEncoding): Layout {
  const overhead = HEADER_LENGTH + LENGTHS
  return {
    maxMessageLength,
    overhead,
    create: ({ length }) => {
      const message = createMessage(MESSAGE_TYPE.UPDATE, overhead + length)
      setUint16(message, HEADER_LENGTH, length)
      return { message, offset: HEADER_LENGTH + 2 }
    }
  }
}

function unreachLayout(family: IpFamily, encoding: SessionEncoding): Layout {
  const { afi, safi } = afiSafiOf(family)
  return multiprotocol(ATTRIBUTE.MP_UNREACH_NLRI, Uint8Array.of(0, afi, safi), new Uint8Array(), encoding)
}

/** Prefixes at the end of the first attribute, whose value starts with `head`; other attributes follow. */
function multiprotocol(
  type: number,
  head: Uint8Array,
  block: Uint8Array,
  { maxMessageLength }: SessionEncoding
): Layout {
  return {
    maxMessageLength,
    overhead: HEADER_LENGTH + LENGTHS + ATTRIBUTE_HEAD + head.length + block.length,
    create: ({ length }) => {
      const valueLength = head.length + length
      const isLong = valueLength > 255
      const valueStart = HEADER_LENGTH + LENGTHS + (isLong ? ATTRIBUTE_HEAD : ATTRIBUTE_HEAD - 1)
      const end = valueStart + valueLength
      const message = createMessage(MESSAGE_TYPE.UPDATE, end + block.length)
      setUint16(message, HEADER_LENGTH + 2, message.length - HEADER_LENGTH - LENGTHS)
      message[HEADER_LENGTH + LENGTHS] = OPTIONAL_NON_TRANSITIVE | (isLong ? FLAG.EXTENDED_LENGTH : 0)
      message[HEADER_LENGTH + LENGTHS + 1] = type
      if (isLong) setUint16(message, valueStart - 2, valueLength)
      else message[valueStart - 1] = valueLength
      message.set(head, valueStart)
      message.set(block, end)
      return { message, offset: valueStart + head.length }
    }
  }
}

function setUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes.set([value >>> 8, value & 0xff], offset)
}
