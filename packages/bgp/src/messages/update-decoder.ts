import type { IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import { Reader, WireError } from '@clarion-lb/wire'
import { BgpDecodeError } from '../errors.ts'
import { mergeAs4Path } from './as-path.ts'
import type { RawAttributes } from './attribute-rules.ts'
import { ATTRIBUTE } from './attribute-types.ts'
import { type AttributeFault, type AttributeList, decodeAttributes } from './attributes.ts'
import type { PathAttributes, Reach, SessionEncoding, UpdateMessage, UpdateProblem } from './model.ts'
import { isHostAddress } from './next-hop.ts'
import { NOTIFICATION, notification } from './notification.ts'
import { AS_TRANS } from './open.ts'
import { decodePrefixes } from './prefixes.ts'

const { UPDATE_MESSAGE_ERROR } = NOTIFICATION
/** Two lengths of zero. */
const EMPTY_BODY_LENGTH = 4

/** The three parts of an UPDATE. */
interface UpdateParts {
  readonly withdrawn: readonly IpPrefix[]
  readonly list: AttributeList
  readonly announced: readonly IpPrefix[]
  /** IPv4 was not agreed on, yet there were prefixes in the fields that are for it. They are left out above. */
  readonly hasStrayPrefixes: boolean
}

/**
 * Decodes the body of an UPDATE message, and handles what is malformed as RFC 7606 says: the attribute is dropped, or
 * the announced prefixes end up among the withdrawn ones, or an error is thrown that ends the session.
 *
 * ```text
 * | withdrawn routes length (2) | withdrawn routes … | total path attribute length (2) | path attributes … | NLRI …
 * ```
 *
 * @see RFC 4271 §4.3 and §6.3, RFC 4760, RFC 6793 §4.2.3, RFC 7606
 * @throws {@link BgpDecodeError} with code 3
 */
export function decodeUpdate(body: Uint8Array, encoding: SessionEncoding): UpdateMessage {
  const parts = decodeParts(body, encoding)
  const { list, announced } = parts
  const reachable = [...announced, ...prefixesOf(list.raw.reach)]
  const faults = [
    ...list.faults,
    ...familyFaults(parts),
    ...(reachable.length > 0 ? missingFaults(list, announced) : [])
  ]
  const fatal = faults.filter(({ problem }) => problem.action === 'treat-as-withdraw')
  // RFC 7606 §5.2: without a prefix in sight it is not sure that all were found.
  const inexplicable = fatal.find(({ problem }) => problem.attribute !== ATTRIBUTE.MP_UNREACH_NLRI)
  if (inexplicable !== undefined && !isReachThere(parts)) throw asReset(inexplicable)
  const isWithdrawn = fatal.length > 0
  const reached = isWithdrawn ? [] : reachOf(list.raw, announced)
  return {
    type: 'update',
    withdrawn: [...parts.withdrawn, ...prefixesOf(list.raw.unreach), ...(isWithdrawn ? reachable : [])],
    reached,
    attributes: reached.length === 0 ? undefined : attributesOf(list),
    endOfRib: endOfRibOf(parts, body.length, encoding),
    problems: faults.map(({ problem }) => problem)
  }
}

function decodeParts(body: Uint8Array, encoding: SessionEncoding): UpdateParts {
  try {
    const reader = new Reader(body)
    const withdrawn = classicPrefixes(reader.bytes(reader.uint16()), 'withdrawn routes')
    const attributes = reader.bytes(reader.uint16())
    const announced = classicPrefixes(reader.rest(), 'NLRI')
    const list = decodeAttributes(attributes, encoding)
    const hasStrayPrefixes = withdrawn.length + announced.length > 0 && !encoding.families.includes(4)
    if (hasStrayPrefixes) return { withdrawn: [], list, announced: [], hasStrayPrefixes }
    return { withdrawn, list, announced, hasStrayPrefixes }
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new BgpDecodeError(
      'attribute-list',
      notification(UPDATE_MESSAGE_ERROR.code, UPDATE_MESSAGE_ERROR.MALFORMED_ATTRIBUTE_LIST),
      `UPDATE lengths: ${cause.message}`
    )
  }
}

function classicPrefixes(bytes: Uint8Array, field: string): readonly IpPrefix[] {
  const prefixes = decodePrefixes(bytes, 4)
  if (typeof prefixes !== 'string') return prefixes
  throw new BgpDecodeError(
    'network-field',
    notification(UPDATE_MESSAGE_ERROR.code, UPDATE_MESSAGE_ERROR.INVALID_NETWORK_FIELD),
    `${field}: ${prefixes}`
  )
}

function prefixesOf(attribute: RawAttributes['reach'] | RawAttributes['unreach']): readonly IpPrefix[] {
  return attribute?.family === undefined ? [] : attribute.prefixes
}

/** Prefixes of families that were not agreed on count here: they are there, although nobody looks at them. */
function isReachThere({ list: { raw }, announced, hasStrayPrefixes }: UpdateParts): boolean {
  if (announced.length > 0 || hasStrayPrefixes) return true
  return raw.reach !== undefined && (raw.reach.family === undefined || raw.reach.prefixes.length > 0)
}

/** Families that were not agreed on are passed over (RFC 4760 §7); a next hop must be a host in MP_REACH_NLRI too. */
function familyFaults({ list: { raw }, hasStrayPrefixes }: UpdateParts): AttributeFault[] {
  const faults: AttributeFault[] = []
  const discard = (attribute: number | undefined, message: string): void => {
    const problem: UpdateProblem = { action: 'attribute-discard', attribute, message }
    faults.push({ problem, subcode: UPDATE_MESSAGE_ERROR.OPTIONAL_ATTRIBUTE_ERROR, data: new Uint8Array() })
  }
  const { reach, unreach } = raw
  if (hasStrayPrefixes) discard(undefined, 'IPv4 prefixes: not agreed on')
  if (unreach !== undefined && unreach.family === undefined)
    discard(ATTRIBUTE.MP_UNREACH_NLRI, 'MP_UNREACH_NLRI: a family that was not agreed on')
  if (reach === undefined) return faults
  if (reach.family === undefined) {
    discard(ATTRIBUTE.MP_REACH_NLRI, 'MP_REACH_NLRI: a family that was not agreed on')
  } else if (!isHostAddress(reach.nextHop.global)) {
    const message = `MP_REACH_NLRI: ${reach.nextHop.global.toString()} is no host`
    faults.push({
      problem: { action: 'treat-as-withdraw', attribute: ATTRIBUTE.MP_REACH_NLRI, message },
      subcode: UPDATE_MESSAGE_ERROR.INVALID_NEXT_HOP_ATTRIBUTE,
      data: new Uint8Array()
    })
  }
  return faults
}

/** RFC 7606 §3 d; a malformed one is there. NEXT_HOP is for the NLRI field alone (RFC 4760 §3). */
function missingFaults({ types }: AttributeList, announced: readonly IpPrefix[]): AttributeFault[] {
  const mandatory: [number, string][] = [
    [ATTRIBUTE.ORIGIN, 'ORIGIN'],
    [ATTRIBUTE.AS_PATH, 'AS_PATH']
  ]
  if (announced.length > 0) mandatory.push([ATTRIBUTE.NEXT_HOP, 'NEXT_HOP'])
  const missing = mandatory.filter(([type]) => !types.has(type))
  return missing.map(([attribute, name]) => ({
    problem: { action: 'treat-as-withdraw', attribute, message: `${name} is missing` },
    subcode: UPDATE_MESSAGE_ERROR.MISSING_WELL_KNOWN_ATTRIBUTE,
    data: Uint8Array.of(attribute)
  }))
}

function asReset({ problem, subcode, data }: AttributeFault): BgpDecodeError {
  const isNextHop = subcode === UPDATE_MESSAGE_ERROR.INVALID_NEXT_HOP_ATTRIBUTE
  return new BgpDecodeError(
    isNextHop ? 'next-hop' : 'attribute-list',
    notification(UPDATE_MESSAGE_ERROR.code, subcode, data),
    `${problem.message}, and no prefixes`
  )
}

function reachOf({ nextHop, reach }: RawAttributes, announced: readonly IpPrefix[]): Reach[] {
  const reached: Reach[] = []
  if (nextHop !== undefined && announced.length > 0)
    reached.push({ nextHop: { global: nextHop }, prefixes: announced })
  if (reach?.family !== undefined && reach.prefixes.length > 0)
    reached.push({ nextHop: reach.nextHop, prefixes: reach.prefixes })
  return reached
}

/** The mandatory ones are there, or the prefixes would have been withdrawn. */
function attributesOf({ raw, unknown }: AttributeList): PathAttributes | undefined {
  const { origin, asPath } = raw
  if (origin === undefined || asPath === undefined) return undefined
  return {
    origin,
    ...mergeFourOctet(raw, asPath),
    med: raw.med,
    localPref: raw.localPref,
    isAtomicAggregate: raw.isAtomicAggregate ?? false,
    communities: raw.communities ?? [],
    extendedCommunities: raw.extendedCommunities ?? [],
    largeCommunities: raw.largeCommunities ?? [],
    unknown
  }
}

/** RFC 6793 §4.2.3: an AGGREGATOR that is not AS_TRANS was added after AS4_AGGREGATOR, and both AS4 attributes are stale. */
function mergeFourOctet(
  { aggregator, as4Aggregator, as4Path }: RawAttributes,
  asPath: PathAttributes['asPath']
): Pick<PathAttributes, 'asPath' | 'aggregator'> {
  const hasBoth = aggregator !== undefined && as4Aggregator !== undefined
  if (hasBoth && aggregator.asn !== AS_TRANS) return { asPath, aggregator }
  return {
    asPath: as4Path === undefined ? asPath : mergeAs4Path(asPath, as4Path),
    aggregator: hasBoth ? as4Aggregator : aggregator
  }
}

/** RFC 4724 §2: an empty UPDATE for IPv4, or nothing but an empty MP_UNREACH_NLRI. */
function endOfRibOf(
  { withdrawn, list, announced }: UpdateParts,
  bodyLength: number,
  encoding: SessionEncoding
): IpFamily | undefined {
  if (bodyLength === EMPTY_BODY_LENGTH) return encoding.families.includes(4) ? 4 : undefined
  const { unreach } = list.raw
  const isAlone =
    list.types.size === 1 && list.faults.length === 0 && withdrawn.length + announced.length === 0
  if (unreach?.family === undefined || unreach.prefixes.length > 0 || !isAlone) return undefined
  return unreach.family
}
