import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, etherTypeOf, IP_PROTOCOL, ipv6Checksum } from '@clarion-lb/wire'
import type { NdpDecodeReason } from './errors.ts'
import { AT, FLAG, ICMPV6_TYPE, MIN_MESSAGE_LENGTH, ND_HOP_LIMIT, ND_OPTION } from './layout.ts'

/**
 * The checks of RFC 4861 §7.1.1 and §7.1.2, without building anything: what is received often is mostly for others.
 *
 * @returns `undefined` if the frame is a valid solicitation or advertisement
 */
export function refuseFrame(frame: Uint8Array): NdpDecodeReason | undefined {
  if (frame.length < AT.OPTIONS) return refuseShort(frame)
  if (etherTypeOf(frame) !== ETHER_TYPE.IPV6 || (frame[ETHERNET_HEADER_LENGTH] ?? 0) >>> 4 !== 6)
    return 'not-neighbor-discovery'
  const type = frame[AT.TYPE]
  const isSolicitation = type === ICMPV6_TYPE.NEIGHBOR_SOLICITATION
  if (frame[AT.NEXT_HEADER] !== IP_PROTOCOL.ICMPV6) return 'not-neighbor-discovery'
  if (!isSolicitation && type !== ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT) return 'not-neighbor-discovery'
  if (frame[AT.HOP_LIMIT] !== ND_HOP_LIMIT) return 'hop-limit'
  const length = messageLength(frame)
  if (length < MIN_MESSAGE_LENGTH || AT.TYPE + length > frame.length) return 'truncated'
  if (frame[AT.CODE] !== 0) return 'code'
  if (frame[AT.TARGET] === 0xff) return 'target'
  const linkLayer = isSolicitation ? ND_OPTION.SOURCE_LINK_LAYER : ND_OPTION.TARGET_LINK_LAYER
  const option = findOption(frame, linkLayer)
  if (option === MALFORMED) return 'option-length'
  const packet = frame.subarray(ETHERNET_HEADER_LENGTH)
  if (ipv6Checksum(packet, length, IP_PROTOCOL.ICMPV6) !== 0) return 'checksum'
  return isSolicitation ? refuseSolicitation(frame, option) : refuseAdvertisement(frame)
}

/** Bytes of the ICMPv6 message; Ethernet may have padded behind it. */
export function messageLength(frame: Uint8Array): number {
  return ((frame[AT.PAYLOAD_LENGTH] ?? 0) << 8) | (frame[AT.PAYLOAD_LENGTH + 1] ?? 0)
}

export const MISSING: number = -1
export const MALFORMED: number = -2

/** Offset of the hardware address in the first option of a type and of length 8; or that there is none, or no valid list. */
export function findOption(frame: Uint8Array, type: number): number {
  const end = AT.TYPE + messageLength(frame)
  let found = MISSING
  for (let offset: number = AT.OPTIONS; offset < end; ) {
    const length = (frame[offset + 1] ?? 0) * 8
    if (length === 0 || offset + length > end) return MALFORMED
    if (found === MISSING && frame[offset] === type && length === 8) found = offset + 2
    offset += length
  }
  return found
}

/** All sixteen bytes are zero. */
export function isUnspecified(frame: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 16; i += 1) if (frame[offset + i] !== 0) return false
  return true
}

/** What is too short to tell is no neighbour message. */
function refuseShort(frame: Uint8Array): NdpDecodeReason {
  return isNeighborType(frame) ? 'truncated' : 'not-neighbor-discovery'
}

function isNeighborType(frame: Uint8Array): boolean {
  const type = frame[AT.TYPE]
  const isIcmp = etherTypeOf(frame) === ETHER_TYPE.IPV6 && frame[AT.NEXT_HEADER] === IP_PROTOCOL.ICMPV6
  return isIcmp && (type === ICMPV6_TYPE.NEIGHBOR_SOLICITATION || type === ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT)
}

function refuseSolicitation(frame: Uint8Array, sourceLinkLayer: number): NdpDecodeReason | undefined {
  if (!isUnspecified(frame, AT.SOURCE)) return undefined
  return sourceLinkLayer === MISSING && isSolicitedNodeGroup(frame) ? undefined : 'unspecified-source'
}

function refuseAdvertisement(frame: Uint8Array): NdpDecodeReason | undefined {
  const isSolicited = ((frame[AT.FLAGS] ?? 0) & FLAG.SOLICITED) !== 0
  return isSolicited && frame[AT.DESTINATION] === 0xff ? 'solicited-flag' : undefined
}

/** ff02::1:ff00:0/104 (RFC 4291 §2.7.1). */
function isSolicitedNodeGroup(frame: Uint8Array): boolean {
  for (let i = 0; i < SOLICITED_NODE.length; i += 1)
    if (frame[AT.DESTINATION + i] !== SOLICITED_NODE[i]) return false
  return true
}

const SOLICITED_NODE = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]
