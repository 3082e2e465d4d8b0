import { type Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import { encodeArpFrame } from './frame.ts'
import { ArpOperation } from './packet.ts'

/**
 * When to announce an address that is new here, in milliseconds from the first time. Linux ignores a change within a
 * second of the last one (`locktime`), so one of them comes later than that; the last ones are for those that lost the
 * first.
 */
export const ANNOUNCEMENT_DELAYS_MS: readonly number[] = [0, 150, 600, 1200, 2400, 4800]

/** RFC 5227 §2.4(c): an address is defended no more often than this. */
export const DEFEND_INTERVAL_MS = 10_000

/**
 * The two forms that together reach all receivers: the request with a target hardware address of zero (RFC 5227 §2.3:
 * the ARP Announcement; some routers take nothing else), and the reply with the target hardware address of the sender
 * (RFC 5944 §4.6; some hosts take nothing else). Both are broadcast.
 */
export function encodeAnnouncement(
  mac: MacAddress,
  address: Ipv4Address
): readonly [request: Uint8Array, reply: Uint8Array] {
  const packet = { senderMac: mac, senderIp: address, targetIp: address }
  return [
    encodeArpFrame(MacAddress.BROADCAST, {
      ...packet,
      operation: ArpOperation.request,
      targetMac: MacAddress.ZERO
    }),
    encodeArpFrame(MacAddress.BROADCAST, { ...packet, operation: ArpOperation.reply, targetMac: mac })
  ]
}
