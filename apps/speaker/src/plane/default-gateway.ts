import { readFileSync } from 'node:fs'
import { type IpAddress, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'

/** The first hop to everywhere. */
export interface DefaultGateway {
  /** Name of the interface that leads there. */
  readonly interface: string
  readonly address: IpAddress
  readonly metric: number
}

const IPV4_ROUTES = '/proc/net/route'
const IPV6_ROUTES = '/proc/net/ipv6_route'
const FLAG_GATEWAY = 0x2
const FLAG_REJECT = 0x200

/** What the kernel's main table says now: IPv4 before IPv6, then the smallest metric. `undefined`: there is none. */
export function readDefaultGateway(): DefaultGateway | undefined {
  return defaultGatewayOf(read(IPV4_ROUTES), read(IPV6_ROUTES))
}

/** @param ipv4 text of `/proc/net/route` @param ipv6 text of `/proc/net/ipv6_route` */
export function defaultGatewayOf(ipv4: string, ipv6: string): DefaultGateway | undefined {
  const gateways = [...linesOf(ipv4).flatMap(ipv4Gateway), ...linesOf(ipv6).flatMap(ipv6Gateway)]
  return gateways.toSorted((a, b) => a.address.family - b.address.family || a.metric - b.metric)[0]
}

/** Interface, destination, gateway, flags, references, uses, metric, mask, …: addresses as numbers of this host's order. */
function ipv4Gateway([
  name = '',
  destination,
  gateway = '',
  flags = '',
  ,
  ,
  metric,
  mask
]: readonly string[]): readonly DefaultGateway[] {
  if (destination !== '00000000' || mask !== '00000000' || !hasGateway(flags)) return []
  const bytes = Uint8Array.from(Buffer.from(gateway, 'hex'))
  if (bytes.length !== 4) return []
  // A little-endian host prints the last octet first.
  const ordered = IS_LITTLE_ENDIAN ? bytes.toReversed() : bytes
  return [{ interface: name, address: Ipv4Address.fromBytes(ordered), metric: Number(metric) }]
}

/** Destination, its length, source, its length, next hop, metric, references, uses, flags, interface: all hexadecimal. */
function ipv6Gateway(words: readonly string[]): readonly DefaultGateway[] {
  const [destination = '', length, , , gateway = '', metric = '', , , flags = '', name = ''] = words
  if (length !== '00' || /[^0]/.test(destination) || !hasGateway(flags)) return []
  const bytes = Uint8Array.from(Buffer.from(gateway, 'hex'))
  if (bytes.length !== 16) return []
  return [{ interface: name, address: Ipv6Address.fromBytes(bytes), metric: Number.parseInt(metric, 16) }]
}

function hasGateway(flags: string): boolean {
  const bits = Number.parseInt(flags, 16)
  return (bits & FLAG_GATEWAY) !== 0 && (bits & FLAG_REJECT) === 0
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.trim().split(/\s+/))
}

/** There is no such file without the protocol, nor on other systems. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
