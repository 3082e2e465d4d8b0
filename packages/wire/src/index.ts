/**
 * Byte cursors, the internet checksum, Ethernet and IPv6 framing.
 *
 * @packageDocumentation
 */
export { checksumPart, internetChecksum, ipv6Checksum } from './checksum.ts'
export { WireError, type WireErrorReason } from './errors.ts'
export {
  decodeEthernet,
  ETHER_TYPE,
  ETHERNET_HEADER_LENGTH,
  type EthernetHeader,
  encodeEthernet,
  etherTypeOf,
  MIN_FRAME_LENGTH,
  padFrame,
  type VlanTag
} from './ethernet.ts'
export {
  decodeIpv6,
  encodeIpv6,
  IP_PROTOCOL,
  IPV6_HEADER_LENGTH,
  type Ipv6Header,
  type Ipv6HeaderFields
} from './ipv6.ts'
export { Reader } from './reader.ts'
export { Writer } from './writer.ts'
