import { Writer } from '@clarion-lb/wire'
import { encodeAsPath, needsAs4Path, withoutConfederations } from './as-path.ts'
import {
  ATTRIBUTE,
  CATEGORY_MASK,
  FLAG,
  OPTIONAL_NON_TRANSITIVE,
  OPTIONAL_TRANSITIVE,
  WELL_KNOWN
} from './attribute-types.ts'
import type { LargeCommunity, Origin, PathAttributes, SessionEncoding, UnknownAttribute } from './model.ts'
import { AS_TRANS } from './open.ts'

const ORIGIN_VALUE: Readonly<Record<Origin, number>> = { igp: 0, egp: 1, incomplete: 2 }
/** RFC 4271 leaves it to the speaker; this is what others take. */
const DEFAULT_LOCAL_PREF = 100

/**
 * Encodes all attributes but MP_REACH_NLRI and MP_UNREACH_NLRI, in ascending order of types.
 *
 * @param nextHop value of NEXT_HOP; `undefined` leaves it out
 */
export function encodeAttributes(
  attributes: PathAttributes,
  nextHop: Uint8Array | undefined,
  encoding: SessionEncoding
): Uint8Array {
  const list = [
    ...encodeKnown(attributes, encoding),
    ...(nextHop === undefined ? [] : [{ flags: WELL_KNOWN, type: ATTRIBUTE.NEXT_HOP, value: nextHop }]),
    ...attributes.unknown
      .filter(({ flags }) => (flags & CATEGORY_MASK) === OPTIONAL_TRANSITIVE)
      .map(asPartial)
  ]
  const parts = list.toSorted((a, b) => a.type - b.type).map(encodeAttribute)
  return concat(parts)
}

/** RFC 4271 §5: what is passed on without being known has the partial bit. */
function asPartial({ type, value }: UnknownAttribute): UnknownAttribute {
  return { flags: OPTIONAL_TRANSITIVE | FLAG.PARTIAL, type, value }
}

function encodeKnown(attributes: PathAttributes, encoding: SessionEncoding): UnknownAttribute[] {
  const list: UnknownAttribute[] = []
  const add = (type: number, flags: number, value: Uint8Array): void => {
    list.push({ flags, type, value })
  }
  add(ATTRIBUTE.ORIGIN, WELL_KNOWN, Uint8Array.of(ORIGIN_VALUE[attributes.origin]))
  add(ATTRIBUTE.AS_PATH, WELL_KNOWN, encodeAsPath(attributes.asPath, encoding.hasFourOctetAsn ? 4 : 2))
  if (attributes.med !== undefined) {
    add(ATTRIBUTE.MULTI_EXIT_DISC, OPTIONAL_NON_TRANSITIVE, uint32s([attributes.med]))
  }
  if (!encoding.isExternal) {
    add(ATTRIBUTE.LOCAL_PREF, WELL_KNOWN, uint32s([attributes.localPref ?? DEFAULT_LOCAL_PREF]))
  }
  if (attributes.isAtomicAggregate) add(ATTRIBUTE.ATOMIC_AGGREGATE, WELL_KNOWN, new Uint8Array())
  const { communities, extendedCommunities, largeCommunities } = attributes
  if (communities.length > 0)
    add(ATTRIBUTE.COMMUNITIES, OPTIONAL_TRANSITIVE, uint32s(uniqueNumbers(communities)))
  if (extendedCommunities.length > 0)
    add(ATTRIBUTE.EXTENDED_COMMUNITIES, OPTIONAL_TRANSITIVE, uint64s(uniqueBigints(extendedCommunities)))
  if (largeCommunities.length > 0)
    add(ATTRIBUTE.LARGE_COMMUNITY, OPTIONAL_TRANSITIVE, uint32s(uniqueLarge(largeCommunities)))
  return [...list, ...encodeAggregator(attributes, encoding), ...encodeAs4Path(attributes, encoding)]
}

/** RFC 6793 §4.2.2: a number that the peer cannot read travels in AS4_AGGREGATOR. */
function encodeAggregator({ aggregator }: PathAttributes, encoding: SessionEncoding): UnknownAttribute[] {
  if (aggregator === undefined) return []
  const { asn, address } = aggregator
  const full = { flags: OPTIONAL_TRANSITIVE, value: uint32s([asn, address.toNumber()]) }
  if (encoding.hasFourOctetAsn) return [{ ...full, type: ATTRIBUTE.AGGREGATOR }]
  const short = new Writer(new Uint8Array(6)).uint16(asn > 0xffff ? AS_TRANS : asn).uint32(address.toNumber())
  const old = { flags: OPTIONAL_TRANSITIVE, type: ATTRIBUTE.AGGREGATOR, value: short.written() }
  return asn > 0xffff ? [old, { ...full, type: ATTRIBUTE.AS4_AGGREGATOR }] : [old]
}

function encodeAs4Path({ asPath }: PathAttributes, encoding: SessionEncoding): UnknownAttribute[] {
  const path = withoutConfederations(asPath)
  if (encoding.hasFourOctetAsn || !needsAs4Path(path)) return []
  return [{ flags: OPTIONAL_TRANSITIVE, type: ATTRIBUTE.AS4_PATH, value: encodeAsPath(path, 4) }]
}

/** Flags (1), type (1), length (1, or 2 if more than 255 octets: RFC 4271 §4.3), value. */
function encodeAttribute({ flags, type, value }: UnknownAttribute): Uint8Array {
  const head =
    value.length > 255
      ? [flags | FLAG.EXTENDED_LENGTH, type, value.length >>> 8, value.length & 0xff]
      : [flags, type, value.length]
  return concat([Uint8Array.from(head), value])
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

function uniqueNumbers(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b)
}

function uniqueBigints(values: readonly bigint[]): bigint[] {
  return [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1))
}

/** As one row of numbers. RFC 8092 §3: duplicates are not sent. */
function uniqueLarge(communities: readonly LargeCommunity[]): number[] {
  const rows = communities
    .map(({ globalAdministrator, localData1, localData2 }) => [globalAdministrator, localData1, localData2])
    .toSorted(compareRows)
  return rows.filter((row, i) => i === 0 || compareRows(row, rows[i - 1] ?? []) !== 0).flat()
}

function compareRows(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function uint32s(values: readonly number[]): Uint8Array {
  const writer = new Writer(new Uint8Array(4 * values.length))
  for (const value of values) writer.uint32(value)
  return writer.written()
}

function uint64s(values: readonly bigint[]): Uint8Array {
  const writer = new Writer(new Uint8Array(8 * values.length))
  for (const value of values) writer.uint64(value)
  return writer.written()
}
