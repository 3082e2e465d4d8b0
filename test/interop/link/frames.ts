import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, encodeEthernet, encodeIpv6, ipv6Checksum, padFrame, Writer } from '@clarion-lb/wire'

/** RFC 826: who has `target`? Broadcast unless told otherwise. */
export function arpRequest(
  from: string,
  sender: string,
  target: string,
  to: MacAddress = MacAddress.BROADCAST
): Uint8Array {
  const frame = new Uint8Array(60)
  const mac = MacAddress.parse(from).toBytes()
  const start = encodeEthernet(frame, to.toBytes(), mac, ETHER_TYPE.ARP)
  new Writer(frame.subarray(start))
    .uint16(1)
    .uint16(ETHER_TYPE.IPV4)
    .uint8(6)
    .uint8(4)
    .uint16(1)
    .bytes(mac)
    .bytes(Ipv4Address.parse(sender).toBytes())
    .zeros(6)
    .bytes(Ipv4Address.parse(target).toBytes())
  return frame.subarray(0, padFrame(frame, 42))
}

/** RFC 4861 §4.3: to the solicited-node group of `target`. */
export function solicitation(from: string, sender: string, target: string): Uint8Array {
  const frame = new Uint8Array(86)
  const group = Ipv6Address.parse(target).solicitedNodeGroup().toBytes()
  const mac = MacAddress.parse(from).toBytes()
  const destination = Uint8Array.of(0x33, 0x33, ...group.subarray(12))
  const start = encodeEthernet(frame, destination, mac, ETHER_TYPE.IPV6)
  const body = encodeIpv6(frame, start, {
    payloadLength: 32,
    nextHeader: 58,
    hopLimit: 255,
    source: Ipv6Address.parse(sender).toBytes(),
    destination: group
  })
  const message = new Writer(frame.subarray(body))
  message.uint8(135).uint8(0).uint16(0).uint32(0).bytes(Ipv6Address.parse(target).toBytes())
  message.uint8(1).uint8(1).bytes(mac)
  message.patchUint16(2, ipv6Checksum(frame.subarray(start), 32, 58))
  return frame
}

/** The same frame with an 802.1Q tag. */
export function tagged(frame: Uint8Array, vlanId: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlanId >>> 8, vlanId & 0xff, ...frame.subarray(12))
}
