import type { IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import { familyOf } from './family.ts'
import type { NextHop, SessionEncoding } from './model.ts'
import { decodeNextHop } from './next-hop.ts'
import { decodePrefixes } from './prefixes.ts'

/** MP_REACH_NLRI; without a family if that was not agreed on, so that nothing more is known of it. */
export type MultiprotocolReach =
  | { readonly family: undefined }
  | { readonly family: IpFamily; readonly nextHop: NextHop; readonly prefixes: readonly IpPrefix[] }

/** MP_UNREACH_NLRI; without a family if that was not agreed on. */
export type MultiprotocolUnreach =
  | { readonly family: undefined }
  | { readonly family: IpFamily; readonly prefixes: readonly IpPrefix[] }

/**
 * Decodes the value of MP_REACH_NLRI: AFI (2), SAFI (1), length of the next hop (1), next hop, reserved (1), prefixes.
 *
 * @returns text that says what is wrong; with any of it the prefixes cannot be known for sure (RFC 7606 §5.3, §7.11)
 * @see RFC 4760 §3, RFC 2545 §3, RFC 8950 §3
 */
export function decodeMultiprotocolReach(
  value: Uint8Array,
  encoding: SessionEncoding
): MultiprotocolReach | string {
  const [high = 0, low = 0, safi = 0, nextHopLength = 0] = value
  const prefixesStart = 4 + nextHopLength + 1
  if (value.length < 5 || value.length < prefixesStart) return `${value.length} octets`
  const family = familyOf({ afi: high * 256 + low, safi })
  if (family === undefined || !encoding.families.includes(family)) return { family: undefined }
  const nextHop = decodeNextHop(value.subarray(4, 4 + nextHopLength), family, encoding)
  if (nextHop === undefined) return `a next hop of ${nextHopLength} octets`
  const prefixes = decodePrefixes(value.subarray(prefixesStart), family)
  return typeof prefixes === 'string' ? prefixes : { family, nextHop, prefixes }
}

/** Decodes the value of MP_UNREACH_NLRI: AFI (2), SAFI (1), prefixes. As {@link decodeMultiprotocolReach}. */
export function decodeMultiprotocolUnreach(
  value: Uint8Array,
  encoding: SessionEncoding
): MultiprotocolUnreach | string {
  const [high = 0, low = 0, safi = 0] = value
  if (value.length < 3) return `${value.length} octets`
  const family = familyOf({ afi: high * 256 + low, safi })
  if (family === undefined || !encoding.families.includes(family)) return { family: undefined }
  const prefixes = decodePrefixes(value.subarray(3), family)
  return typeof prefixes === 'string' ? prefixes : { family, prefixes }
}
