import { type IpFamily, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import type { NextHop, SessionEncoding } from './model.ts'

/**
 * Decodes the next hop of MP_REACH_NLRI: one address, or a global and a link-local one (RFC 2545 §3). A second one that
 * is not link-local is left out.
 *
 * @returns `undefined` if prefixes of this family cannot have a next hop of this length on this session
 */
export function decodeNextHop(
  bytes: Uint8Array,
  family: IpFamily,
  encoding: SessionEncoding
): NextHop | undefined {
  if (family === 4 && bytes.length === 4) return { global: Ipv4Address.fromBytes(bytes) }
  if (family === 4 && !encoding.hasExtendedNextHop) return undefined
  if (bytes.length !== 16 && bytes.length !== 32) return undefined
  const global = Ipv6Address.fromBytes(bytes.subarray(0, 16))
  if (bytes.length === 16) return { global }
  const linkLocal = Ipv6Address.fromBytes(bytes.subarray(16))
  return linkLocal.isLinkLocal ? { global, linkLocal } : { global }
}

/** 4, 16 or 32 octets. */
export function encodeNextHop(nextHop: NextHop): Uint8Array {
  if (!('linkLocal' in nextHop) || nextHop.linkLocal === undefined) return nextHop.global.toBytes()
  const bytes = new Uint8Array(32)
  nextHop.global.writeBytes(bytes, 0)
  nextHop.linkLocal.writeBytes(bytes, 16)
  return bytes
}

/** Whether packets could be sent there: the address of a host (RFC 4271 §6.3). */
export function isHostAddress(address: Ipv4Address | Ipv6Address): boolean {
  if (address.isUnspecified || address.isMulticast) return false
  // 240.0.0.0/4 is used as unicast by some; the broadcast address is not.
  return address.family === 6 || address.toNumber() !== 0xffff_ffff
}
