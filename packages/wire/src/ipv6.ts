import { Ipv6Address } from '@clarion-lb/netaddr'
import { WireError } from './errors.ts'

/** Next header values (IANA "Assigned Internet Protocol Numbers"). */
export const IP_PROTOCOL = { TCP: 6, UDP: 17, ICMPV6: 58 } as const

export const IPV6_HEADER_LENGTH = 40

/** The fixed header (RFC 8200 §3). */
export interface Ipv6Header {
  readonly trafficClass: number
  readonly flowLabel: number
  /** Bytes behind this header. May be less than what was received: Ethernet pads. */
  readonly payloadLength: number
  readonly nextHeader: number
  readonly hopLimit: number
  readonly source: Ipv6Address
  readonly destination: Ipv6Address
}

/** What {@link encodeIpv6} needs; traffic class and flow label are 0. Addresses are 16 bytes each. */
export interface Ipv6HeaderFields {
  readonly payloadLength: number
  readonly nextHeader: number
  readonly hopLimit: number
  readonly source: Uint8Array
  readonly destination: Uint8Array
}

/**
 * ```
 *  0               4               8
 *  +---+-----+-----+-------+---+---+----------------+---------------------+
 *  | 6 | class, flow | len | nh|hop| source (16)    | destination (16)    |
 *  +---+-------------+-----+---+---+----------------+---------------------+
 * ```
 * @param packet starts at the IPv6 header; may be longer than the packet (padding)
 * @returns `undefined` if the version is not 6
 * @throws {@link WireError} (`truncated`) if the header, or the payload that it states, is not all there
 */
export function decodeIpv6(packet: Uint8Array): Ipv6Header | undefined {
  if (packet.length < IPV6_HEADER_LENGTH)
    throw new WireError('truncated', 0, `${packet.length} bytes are no IPv6 header`)
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const first = view.getUint32(0)
  if (first >>> 28 !== 6) return undefined
  const payloadLength = view.getUint16(4)
  if (IPV6_HEADER_LENGTH + payloadLength > packet.length)
    throw new WireError('truncated', IPV6_HEADER_LENGTH, `${payloadLength} bytes of payload are announced`)
  return {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xf_ffff,
    payloadLength,
    nextHeader: view.getUint8(6),
    hopLimit: view.getUint8(7),
    source: Ipv6Address.fromBytes(packet.subarray(8, 24)),
    destination: Ipv6Address.fromBytes(packet.subarray(24, 40))
  }
}

/**
 * Writes the fixed header at `offset`, and returns the offset behind it.
 *
 * @throws {@link WireError}
 */
export function encodeIpv6(target: Uint8Array, offset: number, fields: Ipv6HeaderFields): number {
  const { payloadLength, nextHeader, hopLimit, source, destination } = fields
  const end = offset + IPV6_HEADER_LENGTH
  if (offset < 0 || end > target.length)
    throw new WireError('overflow', offset, `no room for an IPv6 header at ${offset}`)
  if (source.length !== 16 || destination.length !== 16)
    throw new WireError('value', offset + 8, 'an IPv6 address has 16 bytes')
  check(payloadLength, 0xffff, offset + 4)
  check(nextHeader, 0xff, offset + 6)
  check(hopLimit, 0xff, offset + 7)
  target[offset] = 0x60
  target[offset + 1] = 0
  target[offset + 2] = 0
  target[offset + 3] = 0
  target[offset + 4] = payloadLength >>> 8
  target[offset + 5] = payloadLength & 0xff
  target[offset + 6] = nextHeader
  target[offset + 7] = hopLimit
  target.set(source, offset + 8)
  target.set(destination, offset + 24)
  return end
}

function check(value: number, max: number, offset: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new WireError('value', offset, `${value} is not an integer from 0 to ${max}`)
}
