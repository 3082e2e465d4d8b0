import { MacAddress } from '@clarion-lb/netaddr'
import { WireError } from './errors.ts'

/** EtherType values (IANA "IEEE 802 Numbers"). */
export const ETHER_TYPE = {
  IPV4: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  SERVICE_VLAN: 0x88a8
} as const

export const ETHERNET_HEADER_LENGTH = 14
/** Shortest frame without its check sequence (IEEE 802.3 §3.2.8); what is shorter is padded with zeros. */
export const MIN_FRAME_LENGTH = 60

/** IEEE 802.1Q tag control. */
export interface VlanTag {
  /** 0 is a priority tag: no VLAN. */
  readonly vlanId: number
  readonly priority: number
}

export interface EthernetHeader {
  readonly destination: MacAddress
  readonly source: MacAddress
  /** Of the payload: behind the tags, if there are any. Values below 1536 are lengths (IEEE 802.3). */
  readonly etherType: number
  /** The outermost tag. */
  readonly vlan?: VlanTag
  /** Where the payload begins. */
  readonly payloadOffset: number
}

/**
 * ```
 *  0          6          12      14      16       18
 *  +----------+----------+-------+-------+--------+---------
 *  | to (6)   | from (6) | type  |            payload
 *  +----------+----------+-------+-------+--------+---------
 *                        | 8100  |  tag  |  type  | payload     (802.1Q)
 * ```
 * Up to two tags (802.1ad) are read.
 *
 * @throws {@link WireError} (`truncated`)
 */
export function decodeEthernet(frame: Uint8Array): EthernetHeader {
  const destination = MacAddress.fromBytes(slice(frame, 0, 6))
  const source = MacAddress.fromBytes(slice(frame, 6, 12))
  let offset = 12
  let etherType = uint16At(frame, offset)
  let vlan: VlanTag | undefined
  for (let tags = 0; tags < 2 && isVlan(etherType); tags += 1) {
    const control = uint16At(frame, offset + 2)
    vlan ??= { vlanId: control & 0xfff, priority: control >>> 13 }
    offset += 4
    etherType = uint16At(frame, offset)
  }
  const header = { destination, source, etherType, payloadOffset: offset + 2 }
  return vlan === undefined ? header : { ...header, vlan }
}

/**
 * Type field of a frame without building anything: `ETHER_TYPE.VLAN` for a tagged one, `undefined` for one that is
 * shorter than an Ethernet header.
 */
export function etherTypeOf(frame: Uint8Array): number | undefined {
  const high = frame[12]
  const low = frame[13]
  return high === undefined || low === undefined ? undefined : (high << 8) | low
}

/**
 * Writes an untagged header to the start of `target`, and returns its length.
 *
 * @param destination 6 bytes
 * @param source 6 bytes
 * @throws {@link WireError}
 */
export function encodeEthernet(
  target: Uint8Array,
  destination: Uint8Array,
  source: Uint8Array,
  etherType: number
): number {
  if (destination.length !== 6 || source.length !== 6)
    throw new WireError('value', 0, 'a MAC address has 6 bytes')
  if (target.length < ETHERNET_HEADER_LENGTH)
    throw new WireError('overflow', 0, `${target.length} bytes for an Ethernet header`)
  if (!Number.isInteger(etherType) || etherType < 0 || etherType > 0xffff)
    throw new WireError('value', 12, `${etherType} is not an EtherType`)
  target.set(destination, 0)
  target.set(source, 6)
  target[12] = etherType >>> 8
  target[13] = etherType & 0xff
  return ETHERNET_HEADER_LENGTH
}

/**
 * Zeroes what is behind `length` up to the shortest legal frame, and returns the length to send.
 *
 * @throws {@link WireError} (`overflow`) if `target` is shorter than that
 */
export function padFrame(target: Uint8Array, length: number): number {
  const padded = Math.max(length, MIN_FRAME_LENGTH)
  if (padded > target.length) throw new WireError('overflow', length, `no room to pad to ${padded} bytes`)
  target.fill(0, length, padded)
  return padded
}

function isVlan(etherType: number): boolean {
  return etherType === ETHER_TYPE.VLAN || etherType === ETHER_TYPE.SERVICE_VLAN
}

function slice(frame: Uint8Array, start: number, end: number): Uint8Array {
  if (frame.length < end)
    throw new WireError('truncated', start, `${frame.length} bytes are no Ethernet header`)
  return frame.subarray(start, end)
}

function uint16At(frame: Uint8Array, offset: number): number {
  const high = frame[offset]
  const low = frame[offset + 1]
  if (high === undefined || low === undefined)
    throw new WireError('truncated', offset, `${frame.length} bytes are no Ethernet header`)
  return (high << 8) | low
}
