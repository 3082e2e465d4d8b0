import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import type { NextHop, SessionEncoding } from './messages/model.ts'
import type { NextHopOptions } from './options.ts'

/** Why the routes of a family are not sent. */
export type WithheldReason =
  /** The peer, or we, do not speak it. */
  | 'not-negotiated'
  /** No address is known to send packets to. */
  | 'no-next-hop'

/** A next hop for each family, or why there is none. */
export type NextHops = Readonly<Record<IpFamily, NextHop | WithheldReason>>

/**
 * Chooses the next hop of each family: what was asked for, else the session's own address. IPv4 routes may have an IPv6
 * one if both sides know how (RFC 8950).
 *
 * @param localAddress of the session's connection
 */
export function chooseNextHops(
  localAddress: IpAddress | undefined,
  options: NextHopOptions,
  encoding: SessionEncoding
): NextHops {
  const ipv6 = ipv6NextHop(localAddress, options)
  return {
    4: encoding.families.includes(4) ? ipv4NextHop(localAddress, options, encoding, ipv6) : 'not-negotiated',
    6: encoding.families.includes(6) ? (ipv6 ?? 'no-next-hop') : 'not-negotiated'
  }
}

function ipv4NextHop(
  localAddress: IpAddress | undefined,
  options: NextHopOptions,
  encoding: SessionEncoding,
  ipv6: NextHop | undefined
): NextHop | WithheldReason {
  if (options.ipv4 !== undefined) return { global: options.ipv4 }
  if (localAddress?.family === 4) return { global: localAddress }
  return encoding.hasExtendedNextHop && ipv6 !== undefined ? ipv6 : 'no-next-hop'
}

/** RFC 2545 §3: global, and link-local if the peer is on the link. Who has only that sends it in both places. */
function ipv6NextHop(localAddress: IpAddress | undefined, options: NextHopOptions): NextHop | undefined {
  const own = localAddress?.family === 6 ? localAddress : undefined
  const linkLocal = options.ipv6LinkLocal ?? (own?.isLinkLocal === true ? own : undefined)
  const global = options.ipv6 ?? own
  if (global === undefined) return undefined
  return linkLocal === undefined ? { global } : { global, linkLocal }
}
