import { Reader, WireError, Writer } from '@clarion-lb/wire'
import { LivenessDecodeError } from './errors.ts'
import { MAX_INCARNATION } from './incarnation.ts'
import type { Message, Rumor, RumorKind } from './message.ts'

/*
 * The message inside a sealed datagram:
 *
 *  0                   1                   2                   3
 * +---------------+---------------+-------------------------------+
 * |     type      | rumor count   |          patience, ms         |
 * +---------------+---------------+-------------------------------+
 * |                    incarnation of the sender (64)             |
 * +---------------------------------------------------------------+
 * | ack: boot (64), sequence (64)                                 |
 * | ask: member (64), silent for, ms (16)                         |
 * | vouch: member (64), incarnation (64), age, ms (16)            |
 * +---------------------------------------------------------------+
 * | rumors: kind (4 bits), reason (2), accusers (2), member (64), |
 * |         incarnation (64), each accuser (64)                   |
 * +---------------------------------------------------------------+
 */
const HEADER_BYTES = 12
const BODY_BYTES = { ping: 0, ack: 16, ask: 10, vouch: 18, gossip: 0 } as const
const TYPES = ['ping', 'ack', 'ask', 'vouch', 'gossip'] as const
const KINDS = ['alive', 'accused', 'dead', 'left'] as const
const REASONS = ['silent', 'refused', 'neverHeard'] as const
const MAX_ACCUSERS = { alive: 0, accused: 1, dead: 2, left: 0 } as const
const MAX_UINT16 = 0xffff
/** 1280 octets are what every IPv6 link carries (RFC 8200 §5); less the IPv6 and UDP headers, envelope and tag. */
export const MAX_MESSAGE_BYTES: number = 1280 - 40 - 8 - 40

/** Octets of a rumor in a message. */
export function rumorBytes(rumor: Rumor): number {
  return 17 + 8 * rumor.accusers.length
}

/** Octets of a message without its rumors. */
export function messageBytes(type: Message['type']): number {
  return HEADER_BYTES + BODY_BYTES[type]
}

/** @throws WireError for a message that is longer than {@link MAX_MESSAGE_BYTES}, or has a value without room */
export function encodeMessage(message: Message): Uint8Array {
  let length = messageBytes(message.type)
  for (const rumor of message.rumors) length += rumorBytes(rumor)
  const writer = new Writer(new Uint8Array(Math.min(length, MAX_MESSAGE_BYTES)))
  writer
    .uint8(TYPES.indexOf(message.type) + 1)
    .uint8(message.rumors.length)
    .uint16(toUint16(message.patienceMs))
  writeNumber(writer, message.incarnation)
  switch (message.type) {
    case 'ack':
      writer.uint64(message.echo.boot)
      writeNumber(writer, message.echo.sequence)
      break
    case 'ask':
      writer.uint64(message.member).uint16(toUint16(message.silentMs))
      break
    case 'vouch':
      writer.uint64(message.member)
      writeNumber(writer, message.memberIncarnation)
      writer.uint16(toUint16(message.ageMs))
      break
    case 'ping':
    case 'gossip':
  }
  for (const rumor of message.rumors) {
    const reason = REASONS.indexOf(rumor.reason)
    writer.uint8((KINDS.indexOf(rumor.kind) << 4) | (reason << 2) | rumor.accusers.length)
    writer.uint64(rumor.member)
    writeNumber(writer, rumor.incarnation)
    for (const accuser of rumor.accusers) writer.uint64(accuser)
  }
  return writer.written()
}

/** @throws {@link LivenessDecodeError} */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new LivenessDecodeError('too-long')
  try {
    const reader = new Reader(bytes)
    const message = readMessage(reader)
    if (reader.remaining > 0) throw new LivenessDecodeError('trailing')
    return message
  } catch (error) {
    if (error instanceof WireError) throw new LivenessDecodeError('truncated', { cause: error })
    throw error
  }
}

function readMessage(reader: Reader): Message {
  const type = TYPES[reader.uint8() - 1]
  if (type === undefined) throw new LivenessDecodeError('message-type')
  const rumorCount = reader.uint8()
  const patienceMs = reader.uint16()
  const incarnation = readIncarnation(reader)
  switch (type) {
    case 'ping':
    case 'gossip':
      return { type, incarnation, patienceMs, rumors: readRumors(reader, rumorCount) }
    case 'ack': {
      const echo = { boot: reader.uint64(), sequence: readNumber(reader) }
      return { type, incarnation, patienceMs, echo, rumors: readRumors(reader, rumorCount) }
    }
    case 'ask': {
      const member = reader.uint64()
      const silentMs = reader.uint16()
      return { type, incarnation, patienceMs, member, silentMs, rumors: readRumors(reader, rumorCount) }
    }
    case 'vouch': {
      const member = reader.uint64()
      const memberIncarnation = readIncarnation(reader)
      const ageMs = reader.uint16()
      const rumors = readRumors(reader, rumorCount)
      return { type, incarnation, patienceMs, member, memberIncarnation, ageMs, rumors }
    }
  }
}

function readRumors(reader: Reader, count: number): readonly Rumor[] {
  const rumors: Rumor[] = []
  for (let i = 0; i < count; i += 1) rumors.push(readRumor(reader))
  return rumors
}

function readRumor(reader: Reader): Rumor {
  const first = reader.uint8()
  const kind: RumorKind | undefined = KINDS[first >> 4]
  if (kind === undefined) throw new LivenessDecodeError('rumor-kind')
  const reason = REASONS[(first >> 2) & 3]
  if (reason === undefined) throw new LivenessDecodeError('rumor-kind')
  const count = first & 3
  if (count > MAX_ACCUSERS[kind] || (kind === 'accused' && count !== 1))
    throw new LivenessDecodeError('accusers')
  const member = reader.uint64()
  const incarnation = readNumber(reader)
  // Only who was never heard has 0, and can be accused or dead with it.
  if (incarnation === 0 && (kind === 'alive' || kind === 'left')) throw new LivenessDecodeError('incarnation')
  const accusers: bigint[] = []
  for (let i = 0; i < count; i += 1) accusers.push(reader.uint64())
  return { kind, member, incarnation, accusers, reason }
}

function readIncarnation(reader: Reader): number {
  const value = readNumber(reader)
  if (value === 0) throw new LivenessDecodeError('incarnation')
  return value
}

/** In two halves: a `bigint` would be allocated for each. */
function readNumber(reader: Reader): number {
  const value = reader.uint32() * 0x1_0000_0000 + reader.uint32()
  if (value > MAX_INCARNATION) throw new LivenessDecodeError('incarnation')
  return value
}

function writeNumber(writer: Writer, value: number): void {
  writer.uint32(Math.floor(value / 0x1_0000_0000)).uint32(value % 0x1_0000_0000)
}

function toUint16(value: number): number {
  return Math.min(Math.max(0, Math.round(value)), MAX_UINT16)
}
