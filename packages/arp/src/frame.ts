import type { MacAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, encodeEthernet, MIN_FRAME_LENGTH } from '@clarion-lb/wire'
import { ARP_PACKET_LENGTH, type ArpPacket, encodeArpPacket } from './packet.ts'

/** An ARP packet in an Ethernet frame of 60 bytes, padded with zeros. The Ethernet source is the packet's sender. */
export function encodeArpFrame(destination: MacAddress, packet: ArpPacket): Uint8Array {
  const frame = new Uint8Array(MIN_FRAME_LENGTH)
  encodeEthernet(frame, destination.toBytes(), packet.senderMac.toBytes(), ETHER_TYPE.ARP)
  frame.set(encodeArpPacket(packet), ETHERNET_HEADER_LENGTH)
  return frame
}

/** Bytes of a frame that holds an ARP packet; what is longer is padding. */
export const ARP_FRAME_LENGTH: number = ETHERNET_HEADER_LENGTH + ARP_PACKET_LENGTH
