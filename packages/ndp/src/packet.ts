import { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import {
  ETHER_TYPE,
  ETHERNET_HEADER_LENGTH,
  encodeEthernet,
  encodeIpv6,
  IP_PROTOCOL,
  ipv6Checksum
} from '@clarion-lb/wire'
import { NdpDecodeError } from './errors.ts'
import { AT, FLAG, ICMPV6_TYPE, ND_HOP_LIMIT, ND_OPTION } from './layout.ts'
import { findOption, MISSING, refuseFrame } from './validate.ts'

interface MessageAddresses {
  /** Of the Ethernet frame. */
  readonly sourceMac: MacAddress
  readonly source: Ipv6Address
  readonly destination: Ipv6Address
  readonly target: Ipv6Address
}

/** RFC 4861 §4.3. */
export interface NeighborSolicitation extends MessageAddresses {
  readonly type: 'solicitation'
  /** Source link-layer address option; duplicate address detection and some unicast polls leave it out. */
  readonly sourceLinkLayer: MacAddress | undefined
}

/** RFC 4861 §4.4. */
export interface NeighborAdvertisement extends MessageAddresses {
  readonly type: 'advertisement'
  readonly isRouter: boolean
  readonly isSolicited: boolean
  readonly isOverride: boolean
  /** Target link-layer address option. */
  readonly targetLinkLayer: MacAddress | undefined
}

export type NeighborMessage = NeighborSolicitation | NeighborAdvertisement

/**
 * Decodes an untagged Ethernet frame that holds a neighbour solicitation or advertisement.
 *
 * ```text
 *  0        14                    54      58      62           78
 * | Ethernet | IPv6, next header 58 | type, code, checksum | flags | target (16) | options …
 * ```
 *
 * @throws {@link NdpDecodeError} if it is not valid (RFC 4861 §7.1.1, §7.1.2); such a frame is to be dropped silently.
 */
export function decodeNeighborMessage(frame: Uint8Array): NeighborMessage {
  const reason = refuseFrame(frame)
  if (reason !== undefined) throw new NdpDecodeError(reason, `not a valid neighbour message: ${reason}`)
  const addresses = {
    sourceMac: MacAddress.fromBytes(frame.subarray(6, 12)),
    source: addressAt(frame, AT.SOURCE),
    destination: addressAt(frame, AT.DESTINATION),
    target: addressAt(frame, AT.TARGET)
  }
  if (frame[AT.TYPE] === ICMPV6_TYPE.NEIGHBOR_SOLICITATION) {
    const sourceLinkLayer = linkLayerOf(frame, ND_OPTION.SOURCE_LINK_LAYER)
    return { type: 'solicitation', ...addresses, sourceLinkLayer }
  }
  const flags = frame[AT.FLAGS] ?? 0
  return {
    type: 'advertisement',
    ...addresses,
    isRouter: (flags & FLAG.ROUTER) !== 0,
    isSolicited: (flags & FLAG.SOLICITED) !== 0,
    isOverride: (flags & FLAG.OVERRIDE) !== 0,
    targetLinkLayer: linkLayerOf(frame, ND_OPTION.TARGET_LINK_LAYER)
  }
}

/** What {@link encodeNeighborAdvertisement} needs. The Router flag is never set. */
export interface NeighborAdvertisementFields {
  /** Of the sender: the Ethernet source and the target link-layer address. */
  readonly mac: MacAddress
  /** What is advertised; also the source of the packet. */
  readonly target: Ipv6Address
  readonly destination: Ipv6Address
  readonly destinationMac: MacAddress
  readonly isSolicited: boolean
  readonly isOverride: boolean
}

/** A neighbour advertisement with its target link-layer address, in a frame of 86 bytes. */
export function encodeNeighborAdvertisement(fields: NeighborAdvertisementFields): Uint8Array {
  const flags = (fields.isSolicited ? FLAG.SOLICITED : 0) | (fields.isOverride ? FLAG.OVERRIDE : 0)
  return encodeMessage({
    ...fields,
    type: ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT,
    flags,
    source: fields.target,
    option: { type: ND_OPTION.TARGET_LINK_LAYER, mac: fields.mac }
  })
}

/** What {@link encodeNeighborSolicitation} needs. */
export interface NeighborSolicitationFields {
  readonly mac: MacAddress
  /** `::` for duplicate address detection: the option is left out then. */
  readonly source: Ipv6Address
  readonly target: Ipv6Address
  /** @defaultValue the solicited-node group of the target */
  readonly destination?: Ipv6Address
  /** @defaultValue that of the group */
  readonly destinationMac?: MacAddress
  /** @defaultValue true, unless the source is `::` */
  readonly hasSourceLinkLayer?: boolean
}

/** A neighbour solicitation. */
export function encodeNeighborSolicitation(fields: NeighborSolicitationFields): Uint8Array {
  const { mac, source, target } = fields
  const destination = fields.destination ?? target.solicitedNodeGroup()
  const hasOption = fields.hasSourceLinkLayer ?? !source.isUnspecified
  return encodeMessage({
    mac,
    source,
    target,
    destination,
    destinationMac: fields.destinationMac ?? multicastMac(destination),
    type: ICMPV6_TYPE.NEIGHBOR_SOLICITATION,
    flags: 0,
    option: hasOption ? { type: ND_OPTION.SOURCE_LINK_LAYER, mac } : undefined
  })
}

/** Hardware address of a multicast group (RFC 2464 §7). */
export function multicastMac(group: Ipv6Address): MacAddress {
  return MacAddress.fromBytes(Uint8Array.of(0x33, 0x33, ...group.toBytes().subarray(12)))
}

interface MessageFields {
  readonly mac: MacAddress
  readonly destinationMac: MacAddress
  readonly source: Ipv6Address
  readonly destination: Ipv6Address
  readonly target: Ipv6Address
  readonly type: number
  readonly flags: number
  readonly option: { readonly type: number; readonly mac: MacAddress } | undefined
}

function encodeMessage(fields: MessageFields): Uint8Array {
  const { option } = fields
  const payloadLength = option === undefined ? 24 : 32
  const frame = new Uint8Array(AT.TYPE + payloadLength)
  encodeEthernet(frame, fields.destinationMac.toBytes(), fields.mac.toBytes(), ETHER_TYPE.IPV6)
  encodeIpv6(frame, ETHERNET_HEADER_LENGTH, {
    payloadLength,
    nextHeader: IP_PROTOCOL.ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source: fields.source.toBytes(),
    destination: fields.destination.toBytes()
  })
  frame[AT.TYPE] = fields.type
  frame[AT.FLAGS] = fields.flags
  frame.set(fields.target.toBytes(), AT.TARGET)
  if (option !== undefined) {
    frame[AT.OPTIONS] = option.type
    frame[AT.OPTIONS + 1] = 1
    frame.set(option.mac.toBytes(), AT.OPTIONS + 2)
  }
  writeChecksum(frame, payloadLength)
  return frame
}

/** @internal The checksum field must be zero before. */
export function writeChecksum(frame: Uint8Array, length: number): void {
  const checksum = ipv6Checksum(frame.subarray(ETHERNET_HEADER_LENGTH), length, IP_PROTOCOL.ICMPV6)
  frame[AT.CHECKSUM] = checksum >>> 8
  frame[AT.CHECKSUM + 1] = checksum & 0xff
}

function addressAt(frame: Uint8Array, offset: number): Ipv6Address {
  return Ipv6Address.fromBytes(frame.subarray(offset, offset + 16))
}

function linkLayerOf(frame: Uint8Array, type: number): MacAddress | undefined {
  const offset = findOption(frame, type)
  return offset === MISSING ? undefined : MacAddress.fromBytes(frame.subarray(offset, offset + 6))
}
