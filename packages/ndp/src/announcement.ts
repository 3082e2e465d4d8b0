import { Ipv6Address, type MacAddress } from '@clarion-lb/netaddr'
import { encodeNeighborAdvertisement, multicastMac } from './packet.ts'

/** When to announce an address that is new here, in milliseconds from the first time (RFC 4861 §7.2.6: three times). */
export const ANNOUNCEMENT_DELAYS_MS: readonly number[] = [0, 1000, 2000]

/** An address is defended no more often than this. RFC 4861 leaves it open; it is what RFC 5227 says for ARP. */
export const DEFEND_INTERVAL_MS = 10_000

const ALL_NODES = Ipv6Address.parse('ff02::1')
const ALL_NODES_MAC = multicastMac(ALL_NODES)

/**
 * An unsolicited advertisement to all nodes: Override set, so that caches take the new hardware address; Solicited
 * clear, as it must be for a group; Router clear, since a host that sees it change drops its default routes (RFC 4861 §7.2.6).
 */
export function encodeAnnouncement(mac: MacAddress, address: Ipv6Address): Uint8Array {
  return encodeNeighborAdvertisement({
    mac,
    target: address,
    destination: ALL_NODES,
    destinationMac: ALL_NODES_MAC,
    isSolicited: false,
    isOverride: true
  })
}
