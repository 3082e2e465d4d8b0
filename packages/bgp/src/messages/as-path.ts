import { Reader, WireError, Writer } from '@clarion-lb/wire'
import type { AsPathSegment } from './model.ts'
import { AS_TRANS } from './open.ts'

/** RFC 4271 §4.3, RFC 5065 §3. */
const SEGMENT_TYPE: Readonly<Record<AsPathSegment['type'], number>> = {
  set: 1,
  sequence: 2,
  'confed-sequence': 3,
  'confed-set': 4
}
const TYPES: readonly (AsPathSegment['type'] | undefined)[] = [
  undefined,
  'set',
  'sequence',
  'confed-sequence',
  'confed-set'
]
const MAX_SEGMENT_ASNS = 255

/** Octets of an AS number: 2 with a peer without RFC 6793. */
export type AsnOctets = 2 | 4

/**
 * Decodes the value of AS_PATH or AS4_PATH: segments of type (1), count (1) and that many AS numbers.
 *
 * @returns text that says what is wrong: an unknown type, a count past the end, octets left over, an empty segment
 *   (RFC 7606 §7.2), AS 0 (RFC 7607 §2)
 */
export function decodeAsPath(value: Uint8Array, octets: AsnOctets): readonly AsPathSegment[] | string {
  const reader = new Reader(value)
  const segments: AsPathSegment[] = []
  try {
    while (reader.remaining > 0) {
      const code = reader.uint8()
      const type = TYPES[code]
      if (type === undefined) return `segment type ${code}`
      const count = reader.uint8()
      if (count === 0) return 'an empty segment'
      const asns = Array.from({ length: count }, () => (octets === 4 ? reader.uint32() : reader.uint16()))
      if (asns.includes(0)) return 'AS 0'
      segments.push({ type, asns })
    }
  } catch (error) {
    if (error instanceof WireError) return 'segments that do not fit'
    throw error
  }
  return segments
}

/** Encodes AS_PATH or AS4_PATH. With two octets, larger numbers become AS_TRANS. Segments of more than 255 are split. */
export function encodeAsPath(path: readonly AsPathSegment[], octets: AsnOctets): Uint8Array {
  const parts = path.flatMap(splitSegment)
  const length = parts.reduce((sum, { asns }) => sum + 2 + octets * asns.length, 0)
  const writer = new Writer(new Uint8Array(length))
  for (const { type, asns } of parts) {
    writer.uint8(SEGMENT_TYPE[type]).uint8(asns.length)
    for (const asn of asns) {
      if (octets === 4) writer.uint32(asn)
      else writer.uint16(asn > 0xffff ? AS_TRANS : asn)
    }
  }
  return writer.written()
}

function splitSegment({ type, asns }: AsPathSegment): AsPathSegment[] {
  const parts: AsPathSegment[] = []
  for (let i = 0; i < asns.length; i += MAX_SEGMENT_ASNS)
    parts.push({ type, asns: asns.slice(i, i + MAX_SEGMENT_ASNS) })
  return parts
}

/** Whether two octets cannot hold the path, so that it needs an AS4_PATH beside it (RFC 6793 §4.2.2). */
export function needsAs4Path(path: readonly AsPathSegment[]): boolean {
  return path.some(({ asns }) => asns.some((asn) => asn > 0xffff))
}

/** What of a path goes into AS4_PATH: no confederation segments (RFC 6793 §3). */
export function withoutConfederations(path: readonly AsPathSegment[]): readonly AsPathSegment[] {
  return path.filter((segment) => !isConfederation(segment))
}

/** Segments that only the members of a confederation may see (RFC 5065 §3). */
export function isConfederation({ type }: AsPathSegment): boolean {
  return type === 'confed-sequence' || type === 'confed-set'
}

/**
 * The path that an AS_PATH of two-octet numbers and its AS4_PATH mean together: what the AS4_PATH lacks in length is
 * taken from the front of the AS_PATH. An AS4_PATH that is longer than the AS_PATH is not to be trusted and ignored.
 *
 * @see RFC 6793 §4.2.3
 */
export function mergeAs4Path(
  asPath: readonly AsPathSegment[],
  as4Path: readonly AsPathSegment[]
): readonly AsPathSegment[] {
  const tail = withoutConfederations(as4Path)
  let missing = countAsns(asPath) - countAsns(tail)
  if (missing < 0) return asPath
  const front: AsPathSegment[] = []
  for (const segment of asPath) {
    // Confederation segments count as nothing: one comes along that leads, or follows what is taken.
    if (isConfederation(segment)) front.push(segment)
    else if (missing === 0) break
    else {
      const taken = segment.type === 'sequence' ? segment.asns.slice(0, missing) : segment.asns
      front.push({ type: segment.type, asns: taken })
      missing -= segment.type === 'sequence' ? taken.length : 1
    }
  }
  return joinSequences(front, tail)
}

/** Path length as route selection has it: a set counts as one (RFC 4271 §9.1.2.2), a confederation as none (RFC 5065 §5.3). */
function countAsns(path: readonly AsPathSegment[]): number {
  return path.reduce((sum, { type, asns }) => {
    if (type === 'sequence') return sum + asns.length
    return type === 'set' ? sum + 1 : sum
  }, 0)
}

function joinSequences(
  front: readonly AsPathSegment[],
  tail: readonly AsPathSegment[]
): readonly AsPathSegment[] {
  const last = front.at(-1)
  const [first, ...rest] = tail
  const isSplit = last?.type === 'sequence' && first?.type === 'sequence'
  if (!isSplit || last.asns.length + first.asns.length > MAX_SEGMENT_ASNS) return [...front, ...tail]
  return [...front.slice(0, -1), { type: 'sequence', asns: [...last.asns, ...first.asns] }, ...rest]
}
