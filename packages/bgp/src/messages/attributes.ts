import { BgpDecodeError } from '../errors.ts'
import { ATTRIBUTE_RULES, type RawAttributes } from './attribute-rules.ts'
import { ATTRIBUTE, CATEGORY_MASK, FLAG } from './attribute-types.ts'
import type { SessionEncoding, UnknownAttribute, UpdateProblem } from './model.ts'
import { NOTIFICATION, notification } from './notification.ts'

/** A problem, and the NOTIFICATION to send should the session have to end for it. */
export interface AttributeFault {
  readonly problem: UpdateProblem
  readonly subcode: number
  readonly data: Uint8Array
}

/** The attributes of one UPDATE. */
export interface AttributeList {
  readonly raw: RawAttributes
  readonly unknown: readonly UnknownAttribute[]
  readonly faults: readonly AttributeFault[]
  /** Attributes that there are, malformed and repeated ones included. */
  readonly types: ReadonlySet<number>
}

interface WireAttribute {
  readonly flags: number
  readonly type: number
  readonly value: Uint8Array
  /** Flags, type, length and value: what a NOTIFICATION for it carries. */
  readonly whole: Uint8Array
}

interface AttributeResult {
  readonly raw?: RawAttributes
  readonly unknown?: UnknownAttribute
  readonly faults: readonly AttributeFault[]
}

/** Room for the data of a NOTIFICATION in a message of 4096 octets. */
const MAX_NOTIFICATION_DATA = 4096 - 21

const { UPDATE_MESSAGE_ERROR } = NOTIFICATION

/**
 * Takes the path attributes of an UPDATE apart. What is wrong with one of them ends up in `faults`; the others are read
 * all the same.
 *
 * ```text
 * | flags (1) | type (1) | length (1, or 2 with the extended length flag) | value …
 * ```
 *
 * @see RFC 4271 §4.3, RFC 7606 §3 and §4
 * @throws {@link BgpDecodeError} for what a session does not survive: MP_REACH_NLRI or MP_UNREACH_NLRI that is repeated or
 *   cannot be read, an unknown attribute that claims to be well-known
 */
export function decodeAttributes(bytes: Uint8Array, encoding: SessionEncoding): AttributeList {
  let raw: RawAttributes = {}
  const unknown: UnknownAttribute[] = []
  const faults: AttributeFault[] = []
  const types = new Set<number>()
  const repeated = new Set<number>()
  let offset = 0
  while (offset < bytes.length) {
    const attribute = readAttribute(bytes.subarray(offset))
    if (typeof attribute === 'string') {
      // RFC 7606 §4: nothing behind it can be found; the prefixes can, by the length of the whole.
      faults.push(overrunFault(bytes.subarray(offset), attribute))
      break
    }
    offset += attribute.whole.length
    const { type } = attribute
    if (!types.has(type)) {
      types.add(type)
      const result = decodeAttribute(attribute, encoding)
      raw = { ...raw, ...result.raw }
      if (result.unknown !== undefined) unknown.push(result.unknown)
      faults.push(...result.faults)
    } else if (!repeated.has(type)) {
      repeated.add(type)
      faults.push(repetitionFault(attribute))
    }
  }
  return { raw, unknown, faults, types }
}

/** The attribute at the start of `bytes`, or text that says why there is none. */
function readAttribute(bytes: Uint8Array): WireAttribute | string {
  const flags = bytes[0] ?? 0
  const type = bytes[1] ?? 0
  const isExtended = (flags & FLAG.EXTENDED_LENGTH) !== 0
  const start = isExtended ? 4 : 3
  if (bytes.length < start) return `${bytes.length} octets left over`
  const length = isExtended ? (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0) : (bytes[2] ?? 0)
  const end = start + length
  if (end > bytes.length)
    return `${nameOf(type)} has ${length} octets, of which ${bytes.length - start} are there`
  return { flags, type, value: bytes.subarray(start, end), whole: bytes.subarray(0, end) }
}

function decodeAttribute(attribute: WireAttribute, encoding: SessionEncoding): AttributeResult {
  const { flags, type, value } = attribute
  const rule = ATTRIBUTE_RULES.get(type)
  if (rule === undefined) return keepUnknown(attribute)
  const unwanted = rule.unwanted?.(encoding)
  if (unwanted !== undefined) return { faults: [faultOf(attribute, 'attribute-discard', unwanted)] }
  // The value is read even so: prefixes to withdraw may be in it.
  const flagFaults =
    (flags & CATEGORY_MASK) === rule.category
      ? []
      : [faultOf(attribute, 'treat-as-withdraw', 'wrong flags', 4)]
  const width = rule.length?.(encoding)
  const isLengthRight =
    width === undefined ||
    (rule.isList === true ? value.length > 0 && value.length % width === 0 : value.length === width)
  const raw = isLengthRight ? rule.decode?.(value, encoding) : `a length of ${value.length}`
  if (raw === undefined) return { ...keepUnknown(attribute), faults: flagFaults }
  if (typeof raw !== 'string') return { raw, faults: flagFaults }
  const subcode = isLengthRight ? rule.subcode : UPDATE_MESSAGE_ERROR.ATTRIBUTE_LENGTH_ERROR
  if (rule.onError === 'reset') throw resetOf(attribute, subcode, raw)
  return { faults: [...flagFaults, faultOf(attribute, rule.onError, raw, subcode)] }
}

/** RFC 4271 §6.3 and §9: kept if it travels on, passed over if not, and no session for what we must know and do not. */
function keepUnknown(attribute: WireAttribute): AttributeResult {
  const { flags, type, value } = attribute
  if ((flags & FLAG.OPTIONAL) === 0) {
    throw resetOf(
      attribute,
      UPDATE_MESSAGE_ERROR.UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE,
      'well-known, but not known here'
    )
  }
  if ((flags & FLAG.TRANSITIVE) === 0) return { faults: [] }
  const kept = { flags: flags & (CATEGORY_MASK | FLAG.PARTIAL), type, value: value.slice() }
  return { unknown: kept, faults: [] }
}

/** RFC 7606 §3 g: the first one counts, except for those that carry prefixes. */
function repetitionFault(attribute: WireAttribute): AttributeFault {
  if (carriesPrefixes(attribute.type))
    throw resetOf(attribute, UPDATE_MESSAGE_ERROR.MALFORMED_ATTRIBUTE_LIST, 'repeated', new Uint8Array())
  return faultOf(attribute, 'attribute-discard', 'repeated')
}

/** RFC 7606 §4; §5.3 if prefixes are in what is cut off. */
function overrunFault(rest: Uint8Array, text: string): AttributeFault {
  const [flags = 0, type] = rest
  const attribute = { flags, type: type ?? 0, value: rest, whole: rest }
  if (type !== undefined && carriesPrefixes(type))
    throw resetOf(attribute, UPDATE_MESSAGE_ERROR.ATTRIBUTE_LENGTH_ERROR, 'cut off')
  return {
    problem: { action: 'treat-as-withdraw', attribute: type, message: text },
    subcode: UPDATE_MESSAGE_ERROR.ATTRIBUTE_LENGTH_ERROR,
    data: dataOf(rest)
  }
}

function carriesPrefixes(type: number): boolean {
  return type === ATTRIBUTE.MP_REACH_NLRI || type === ATTRIBUTE.MP_UNREACH_NLRI
}

function faultOf(
  attribute: WireAttribute,
  action: UpdateProblem['action'],
  text: string,
  subcode: number = UPDATE_MESSAGE_ERROR.OPTIONAL_ATTRIBUTE_ERROR
): AttributeFault {
  const { type, whole } = attribute
  return {
    problem: { action, attribute: type, message: `${nameOf(type)}: ${text}` },
    subcode,
    data: dataOf(whole)
  }
}

function resetOf(
  { type, whole }: WireAttribute,
  subcode: number,
  text: string,
  data: Uint8Array = dataOf(whole)
): BgpDecodeError {
  const reason = subcode === UPDATE_MESSAGE_ERROR.UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE
  return new BgpDecodeError(
    reason ? 'well-known-attribute' : 'attribute-list',
    notification(UPDATE_MESSAGE_ERROR.code, subcode, data),
    `${nameOf(type)}: ${text}`
  )
}

function dataOf(whole: Uint8Array): Uint8Array {
  return whole.slice(0, MAX_NOTIFICATION_DATA)
}

function nameOf(type: number): string {
  return ATTRIBUTE_RULES.get(type)?.name ?? `attribute ${type}`
}
