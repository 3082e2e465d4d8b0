import { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import {
  decodeEthernet,
  decodeIpv6,
  ETHER_TYPE,
  ETHERNET_HEADER_LENGTH,
  encodeEthernet,
  encodeIpv6,
  IP_PROTOCOL,
  IPV6_HEADER_LENGTH,
  ipv6Checksum,
  WireError
} from '@clarion-lb/wire'

/** ICMPv6 types (RFC 4861 §4.1, §4.2). */
const TYPE = { SOLICITATION: 133, ADVERTISEMENT: 134 } as const
/** Without options. */
const BODY_LENGTH = { solicitation: 8, advertisement: 16 } as const
const OPTION_SOURCE_LINK_LAYER = 1
const OPTION_LENGTH = 8
/** RFC 4861 §6.1: a router has not forwarded it. */
const HOP_LIMIT = 255
const ICMP_OFFSET = ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH

const ALL_NODES = {
  address: Ipv6Address.parse('ff02::1'),
  mac: MacAddress.parse('33:33:00:00:00:01')
}
/** Where solicitations go to; who wants them must be a member. */
export const ALL_ROUTERS: { readonly address: Ipv6Address; readonly mac: MacAddress } = {
  address: Ipv6Address.parse('ff02::2'),
  mac: MacAddress.parse('33:33:00:00:00:02')
}

/** A router advertisement or solicitation, as far as a neighbour is to be found by it. */
export interface RouterMessage {
  readonly type: 'advertisement' | 'solicitation'
  readonly source: Ipv6Address
  readonly sourceMac: MacAddress
}

/** Who sends: an address and hardware address of an interface. */
export interface LinkLocalSender {
  readonly linkLocal: Ipv6Address
  readonly mac: MacAddress
}

/**
 * Decodes an Ethernet frame, not tagged.
 *
 * ```text
 *  0        14                     54              58
 * | Ethernet | IPv6, next header 58 | 133/134, code 0, checksum | 4 or 12 octets | options …
 * ```
 *
 * @returns `undefined` for what is not a valid one of the two (RFC 4861 §6.1); never throws.
 */
export function decodeRouterMessage(frame: Uint8Array): RouterMessage | undefined {
  try {
    const ethernet = decodeEthernet(frame)
    if (ethernet.etherType !== ETHER_TYPE.IPV6 || ethernet.vlan !== undefined) return undefined
    const packet = frame.subarray(ethernet.payloadOffset)
    const header = decodeIpv6(packet)
    if (header === undefined || header.nextHeader !== IP_PROTOCOL.ICMPV6 || header.hopLimit !== HOP_LIMIT)
      return undefined
    const [icmpType, code] = packet.subarray(IPV6_HEADER_LENGTH)
    const type = icmpType === TYPE.ADVERTISEMENT ? 'advertisement' : 'solicitation'
    if (icmpType !== TYPE.ADVERTISEMENT && icmpType !== TYPE.SOLICITATION) return undefined
    if (code !== 0 || header.payloadLength < BODY_LENGTH[type]) return undefined
    if (type === 'advertisement' && !header.source.isLinkLocal) return undefined
    if (ipv6Checksum(packet, header.payloadLength, IP_PROTOCOL.ICMPV6) !== 0) return undefined
    return { type, source: header.source, sourceMac: ethernet.source }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Asks routers to show themselves (RFC 4861 §4.1). */
export function encodeRouterSolicitation(sender: LinkLocalSender): Uint8Array {
  return encodeMessage('solicitation', sender, ALL_ROUTERS)
}

/**
 * Shows ourselves, with a router lifetime of 0: nobody takes us for a way to anywhere (RFC 4861 §4.2).
 *
 * @param to who asked; by default all nodes
 */
export function encodeRouterAdvertisement(
  sender: LinkLocalSender,
  to: { readonly address: Ipv6Address; readonly mac: MacAddress } = ALL_NODES
): Uint8Array {
  return encodeMessage('advertisement', sender, to)
}

function encodeMessage(
  type: RouterMessage['type'],
  { linkLocal, mac }: LinkLocalSender,
  to: { readonly address: Ipv6Address; readonly mac: MacAddress }
): Uint8Array {
  const payloadLength = BODY_LENGTH[type] + OPTION_LENGTH
  const frame = new Uint8Array(ICMP_OFFSET + payloadLength)
  encodeEthernet(frame, to.mac.toBytes(), mac.toBytes(), ETHER_TYPE.IPV6)
  encodeIpv6(frame, ETHERNET_HEADER_LENGTH, {
    payloadLength,
    nextHeader: IP_PROTOCOL.ICMPV6,
    hopLimit: HOP_LIMIT,
    source: linkLocal.toBytes(),
    destination: to.address.toBytes()
  })
  frame[ICMP_OFFSET] = type === 'advertisement' ? TYPE.ADVERTISEMENT : TYPE.SOLICITATION
  frame.set([OPTION_SOURCE_LINK_LAYER, 1, ...mac.toBytes()], ICMP_OFFSET + BODY_LENGTH[type])
  const checksum = ipv6Checksum(frame.subarray(ETHERNET_HEADER_LENGTH), payloadLength, IP_PROTOCOL.ICMPV6)
  new DataView(frame.buffer).setUint16(ICMP_OFFSET + 2, checksum)
  return frame
}
