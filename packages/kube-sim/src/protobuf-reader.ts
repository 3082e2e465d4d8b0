import { arrayAt, type Json, type JsonDraft, type JsonObject, objectAt } from './json.ts'

/** How a field of a protobuf message becomes JSON. Empty scalars are left out, as `omitempty` does. */
type ProtobufField = readonly [
  name: string,
  type:
    | 'string'
    | 'bytes'
    | 'int'
    | 'optional-int'
    | 'optional-bool'
    | 'int-or-string'
    | 'skip'
    | ProtobufMessage,
  repeated?: 'list' | 'map'
]

/** Fields of a message by their numbers. */
export interface ProtobufMessage {
  readonly [number: number]: ProtobufField
}

const INT_OR_STRING: ProtobufMessage = {
  1: ['type', 'int'],
  2: ['int', 'int'],
  3: ['text', 'string']
}

/**
 * Reads a protobuf message.
 *
 * @throws RangeError for a message that is cut off or has a field that is not described: rather no answer than one
 *   that drops what was asked.
 */
export function readProtobuf(bytes: Uint8Array, message: ProtobufMessage): JsonDraft {
  const result: JsonDraft = {}
  for (const { number, value } of readFields(bytes)) {
    const field = message[number]
    if (field === undefined) throw new RangeError(`field ${number} is not known`)
    const [name, type, repeated] = field
    if (repeated === 'map') result[name] = withEntry(objectAt(result, name) ?? {}, type, value)
    else if (repeated === 'list') {
      result[name] = [...arrayAt(result, name), convert(value, type) ?? '']
    } else {
      const converted = convert(value, type)
      if (converted !== undefined) result[name] = converted
    }
  }
  return result
}

/** The bytes of one length-delimited field. */
export function protobufBytes(bytes: Uint8Array, number: number): Uint8Array {
  for (const field of readFields(bytes)) {
    if (field.number === number && typeof field.value !== 'bigint') return field.value
  }
  return new Uint8Array()
}

interface RawField {
  readonly number: number
  readonly value: bigint | Uint8Array
}

function* readFields(bytes: Uint8Array): Generator<RawField> {
  let offset = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[offset++]
      if (byte === undefined || shift > 63n) throw new RangeError('the message is cut off')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
  }
  while (offset < bytes.length) {
    const tag = Number(varint())
    const wireType = tag & 7
    if (wireType === 0) yield { number: tag >>> 3, value: varint() }
    else if (wireType === 2) {
      const length = Number(varint())
      if (length < 0 || offset + length > bytes.length) throw new RangeError('the message is cut off')
      yield { number: tag >>> 3, value: bytes.subarray(offset, offset + length) }
      offset += length
    } else throw new RangeError(`wire type ${wireType} is not known`)
  }
}

function withEntry(map: JsonObject, type: ProtobufField[1], value: bigint | Uint8Array): JsonObject {
  if (typeof value === 'bigint') throw new RangeError('a map entry is a message')
  const entry = readProtobuf(value, { 1: ['key', 'string'], 2: ['value', type] })
  const key = typeof entry['key'] === 'string' ? entry['key'] : ''
  return { ...map, [key]: entry['value'] ?? '' }
}

function convert(value: bigint | Uint8Array, type: ProtobufField[1]): Json | undefined {
  if (type === 'skip') return undefined
  if (typeof value === 'bigint') {
    if (type === 'optional-bool') return value !== 0n
    if (type === 'optional-int') return Number(value)
    return value === 0n ? undefined : Number(value)
  }
  if (type === 'string') return Buffer.from(value).toString('utf8') || undefined
  if (type === 'bytes') return Buffer.from(value).toString('base64')
  if (type === 'int-or-string') {
    const { type: kind, int = 0, text = '' } = readProtobuf(value, INT_OR_STRING)
    return (kind === 1 ? text : int) || undefined
  }
  if (typeof type === 'string') throw new RangeError(`not a field of type ${type}`)
  return readProtobuf(value, type)
}
