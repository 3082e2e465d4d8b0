import { Ipv4Address } from '@clarion-lb/netaddr'
import { type AsnOctets, decodeAsPath, isConfederation } from './as-path.ts'
import { ATTRIBUTE, OPTIONAL_NON_TRANSITIVE, OPTIONAL_TRANSITIVE, WELL_KNOWN } from './attribute-types.ts'
import type { AsPathSegment, LargeCommunity, Origin, PathAttributes, SessionEncoding } from './model.ts'
import {
  decodeMultiprotocolReach,
  decodeMultiprotocolUnreach,
  type MultiprotocolReach,
  type MultiprotocolUnreach
} from './multiprotocol.ts'
import { isHostAddress } from './next-hop.ts'
import { NOTIFICATION } from './notification.ts'

/** Attributes as they were found, nothing merged and nothing filled in. */
export interface RawAttributes {
  readonly origin?: Origin
  readonly asPath?: readonly AsPathSegment[]
  readonly nextHop?: Ipv4Address
  readonly med?: number
  readonly localPref?: number
  readonly isAtomicAggregate?: boolean
  readonly aggregator?: Aggregator
  readonly communities?: readonly number[]
  readonly extendedCommunities?: readonly bigint[]
  readonly largeCommunities?: readonly LargeCommunity[]
  readonly as4Path?: readonly AsPathSegment[]
  readonly as4Aggregator?: Aggregator
  readonly reach?: MultiprotocolReach
  readonly unreach?: MultiprotocolUnreach
}

type Aggregator = NonNullable<PathAttributes['aggregator']>

/** How one kind of attribute is read. */
export interface AttributeRule {
  readonly name: string
  /** Optional and transitive bit, as they must be. */
  readonly category: number
  /** What a malformed value leads to (RFC 7606 §7). Wrong flags are a withdrawal for all (RFC 7606 §3 c). */
  readonly onError: 'reset' | 'treat-as-withdraw' | 'attribute-discard'
  /** Of a NOTIFICATION for it, should it come to that (RFC 4271 §6.3). */
  readonly subcode: number
  /** Octets that the value must have: so many, or with `isList` a multiple that is not none. */
  readonly length?: (encoding: SessionEncoding) => number
  readonly isList?: true
  /** Text that says why such a peer's is to be thrown away unread. */
  readonly unwanted?: (encoding: SessionEncoding) => string | undefined
  /** The value, or text that says what is wrong. Left out: kept as an unknown one is. */
  readonly decode?: (value: Uint8Array, encoding: SessionEncoding) => RawAttributes | string
}

const { UPDATE_MESSAGE_ERROR } = NOTIFICATION
const LENGTH = UPDATE_MESSAGE_ERROR.ATTRIBUTE_LENGTH_ERROR
const OPTIONAL = UPDATE_MESSAGE_ERROR.OPTIONAL_ATTRIBUTE_ERROR

const ORIGINS: readonly (Origin | undefined)[] = ['igp', 'egp', 'incomplete']

const fromExternal = ({ isExternal }: SessionEncoding): string | undefined =>
  isExternal ? 'from another autonomous system' : undefined
const fromNewSpeaker = ({ hasFourOctetAsn }: SessionEncoding): string | undefined =>
  hasFourOctetAsn ? 'from a peer with four-octet AS numbers' : undefined
const octets = (count: number) => (): number => count
const asnOctets = ({ hasFourOctetAsn }: SessionEncoding): AsnOctets => (hasFourOctetAsn ? 4 : 2)

/** RFC 7606 §7.1–7.10, §7.14–7.15; RFC 6793 §6; RFC 8092 §6; RFC 9234 §5. */
export const ATTRIBUTE_RULES: ReadonlyMap<number, AttributeRule> = new Map<number, AttributeRule>([
  [
    ATTRIBUTE.ORIGIN,
    {
      ...wellKnown('ORIGIN', UPDATE_MESSAGE_ERROR.INVALID_ORIGIN_ATTRIBUTE),
      length: octets(1),
      decode: ([value = 0]) => {
        const origin = ORIGINS[value]
        return origin === undefined ? `value ${value}` : { origin }
      }
    }
  ],
  [
    ATTRIBUTE.AS_PATH,
    { ...wellKnown('AS_PATH', UPDATE_MESSAGE_ERROR.MALFORMED_AS_PATH), decode: decodePlainAsPath }
  ],
  [
    ATTRIBUTE.NEXT_HOP,
    {
      ...wellKnown('NEXT_HOP', UPDATE_MESSAGE_ERROR.INVALID_NEXT_HOP_ATTRIBUTE),
      length: octets(4),
      decode: (value) => {
        const nextHop = Ipv4Address.fromBytes(value)
        return isHostAddress(nextHop) ? { nextHop } : `${nextHop.toString()} is no host`
      }
    }
  ],
  [
    ATTRIBUTE.MULTI_EXIT_DISC,
    {
      ...optional('MULTI_EXIT_DISC', OPTIONAL_NON_TRANSITIVE),
      length: octets(4),
      decode: (value) => ({ med: viewOf(value).getUint32(0) })
    }
  ],
  [
    ATTRIBUTE.LOCAL_PREF,
    {
      ...wellKnown('LOCAL_PREF', LENGTH),
      unwanted: fromExternal,
      length: octets(4),
      decode: (value) => ({ localPref: viewOf(value).getUint32(0) })
    }
  ],
  [
    ATTRIBUTE.ATOMIC_AGGREGATE,
    {
      ...wellKnown('ATOMIC_AGGREGATE', LENGTH),
      onError: 'attribute-discard',
      length: octets(0),
      decode: () => ({ isAtomicAggregate: true })
    }
  ],
  [
    ATTRIBUTE.AGGREGATOR,
    {
      ...optional('AGGREGATOR', OPTIONAL_TRANSITIVE),
      onError: 'attribute-discard',
      length: (encoding) => asnOctets(encoding) + 4,
      decode: (value) => {
        const aggregator = decodeAggregator(value)
        return typeof aggregator === 'string' ? aggregator : { aggregator }
      }
    }
  ],
  [
    ATTRIBUTE.COMMUNITIES,
    {
      ...optional('COMMUNITIES', OPTIONAL_TRANSITIVE),
      length: octets(4),
      isList: true,
      decode: (value) => ({ communities: decodeList(value, 4, (view, at) => view.getUint32(at)) })
    }
  ],
  [
    ATTRIBUTE.ORIGINATOR_ID,
    {
      ...optional('ORIGINATOR_ID', OPTIONAL_NON_TRANSITIVE),
      unwanted: fromExternal,
      length: octets(4),
      decode: () => ({})
    }
  ],
  [
    ATTRIBUTE.CLUSTER_LIST,
    {
      ...optional('CLUSTER_LIST', OPTIONAL_NON_TRANSITIVE),
      unwanted: fromExternal,
      length: octets(4),
      isList: true,
      decode: () => ({})
    }
  ],
  [
    ATTRIBUTE.MP_REACH_NLRI,
    {
      ...optional('MP_REACH_NLRI', OPTIONAL_NON_TRANSITIVE),
      onError: 'reset',
      decode: (value, encoding) => {
        const reach = decodeMultiprotocolReach(value, encoding)
        return typeof reach === 'string' ? reach : { reach }
      }
    }
  ],
  [
    ATTRIBUTE.MP_UNREACH_NLRI,
    {
      ...optional('MP_UNREACH_NLRI', OPTIONAL_NON_TRANSITIVE),
      onError: 'reset',
      decode: (value, encoding) => {
        const unreach = decodeMultiprotocolUnreach(value, encoding)
        return typeof unreach === 'string' ? unreach : { unreach }
      }
    }
  ],
  [
    ATTRIBUTE.EXTENDED_COMMUNITIES,
    {
      ...optional('EXTENDED_COMMUNITIES', OPTIONAL_TRANSITIVE),
      length: octets(8),
      isList: true,
      decode: (value) => ({
        extendedCommunities: decodeList(value, 8, (view, at) => view.getBigUint64(at))
      })
    }
  ],
  [
    ATTRIBUTE.AS4_PATH,
    {
      ...optional('AS4_PATH', OPTIONAL_TRANSITIVE),
      onError: 'attribute-discard',
      unwanted: fromNewSpeaker,
      decode: (value) => {
        const as4Path = decodeAsPath(value, 4)
        if (typeof as4Path === 'string') return as4Path
        return as4Path.length === 0 ? 'no segments' : { as4Path }
      }
    }
  ],
  [
    ATTRIBUTE.AS4_AGGREGATOR,
    {
      ...optional('AS4_AGGREGATOR', OPTIONAL_TRANSITIVE),
      onError: 'attribute-discard',
      unwanted: fromNewSpeaker,
      length: octets(8),
      decode: (value) => {
        const as4Aggregator = decodeAggregator(value)
        return typeof as4Aggregator === 'string' ? as4Aggregator : { as4Aggregator }
      }
    }
  ],
  [
    ATTRIBUTE.IPV6_EXTENDED_COMMUNITIES,
    { ...optional('IPV6_EXTENDED_COMMUNITIES', OPTIONAL_TRANSITIVE), length: octets(20), isList: true }
  ],
  [
    ATTRIBUTE.LARGE_COMMUNITY,
    {
      ...optional('LARGE_COMMUNITY', OPTIONAL_TRANSITIVE),
      length: octets(12),
      isList: true,
      decode: (value) => ({ largeCommunities: decodeList(value, 12, readLargeCommunity) })
    }
  ],
  [ATTRIBUTE.ONLY_TO_CUSTOMER, { ...optional('ONLY_TO_CUSTOMER', OPTIONAL_TRANSITIVE), length: octets(4) }]
])

function wellKnown(name: string, subcode: number): AttributeRule {
  return { name, category: WELL_KNOWN, onError: 'treat-as-withdraw', subcode }
}

function optional(name: string, category: number): AttributeRule {
  return { name, category, onError: 'treat-as-withdraw', subcode: OPTIONAL }
}

function decodePlainAsPath(value: Uint8Array, encoding: SessionEncoding): RawAttributes | string {
  const asPath = decodeAsPath(value, asnOctets(encoding))
  if (typeof asPath === 'string') return asPath
  // RFC 5065 §5: nobody outside of a confederation may see its inner path.
  if (encoding.isExternal && asPath.some(isConfederation)) return 'confederation segments from outside'
  return { asPath }
}

/** AS number (2 or 4) and address (4). AS 0 is malformed (RFC 7607 §2). */
function decodeAggregator(value: Uint8Array): Aggregator | string {
  const view = viewOf(value)
  const asn = value.length === 8 ? view.getUint32(0) : view.getUint16(0)
  return asn === 0 ? 'AS 0' : { asn, address: Ipv4Address.fromNumber(view.getUint32(value.length - 4)) }
}

/** The length is a multiple of `width`: that was checked. */
function decodeList<T>(value: Uint8Array, width: number, read: (view: DataView, at: number) => T): T[] {
  const view = viewOf(value)
  return Array.from({ length: value.length / width }, (_, i) => read(view, i * width))
}

function readLargeCommunity(view: DataView, at: number): LargeCommunity {
  return {
    globalAdministrator: view.getUint32(at),
    localData1: view.getUint32(at + 4),
    localData2: view.getUint32(at + 8)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
