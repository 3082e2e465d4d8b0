import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { crc32 } from 'node:zlib'
import {
  type IpAddress,
  IpPrefix,
  Ipv4Address,
  type Ipv6Address,
  tryParseIpAddress
} from '@clarion-lb/netaddr'

/** An address of an interface of this node. */
export interface LocalAddress {
  readonly interface: string
  readonly address: IpAddress
  readonly prefix: IpPrefix
}

/** The addresses of all interfaces that are up, loopback left out. */
export function localAddresses(): readonly LocalAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, entries = []]) =>
    entries.flatMap(({ address: text, cidr, internal }) => {
      const address = tryParseIpAddress(text)
      if (internal || cidr === null || address === undefined) return []
      return { interface: name, address, prefix: IpPrefix.parse(cidr, { hostBits: 'mask' }) }
    })
  )
}

/** The address that packets to a peer leave with, by the routes of this node; `undefined`: there is no way to it. */
export async function sourceTowards(address: IpAddress, zone?: string): Promise<IpAddress | undefined> {
  const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6')
  try {
    // Sends nothing; the kernel chooses the source.
    const connected = once(socket, 'connect')
    socket.connect(9, `${address.toString()}${zone === undefined ? '' : `%${zone}`}`)
    await connected
    return tryParseIpAddress(socket.address().address.replace(/%.*$/, ''))
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

/**
 * BGP identifier for a session: the IPv4 address that it comes from, else one of the same interface, else of the name of
 * the node, as in MetalLB. Never 0.
 */
export function identifierOf(
  source: IpAddress | undefined,
  local: readonly LocalAddress[],
  node: string
): Ipv4Address {
  if (source?.family === 4 && !source.isLoopback) return source
  const name = local.find(({ address }) => source !== undefined && address.equals(source))?.interface
  const sibling = local.find((one) => one.interface === name && one.address.family === 4)?.address
  if (sibling?.family === 4) return sibling
  const hash = crc32(node)
  // Little-endian octets of the checksum.
  const swapped = ((hash & 0xff) << 24) | ((hash & 0xff00) << 8) | ((hash >>> 8) & 0xff00) | (hash >>> 24)
  return Ipv4Address.fromNumber(swapped >>> 0 || 1)
}

/**
 * Addresses of the interface that a session leaves by, for routes that its own address is no next hop of: those of the other
 * family, and those of a session between link-local addresses. Its own one nobody knows better than the session.
 *
 * @param isLinked - Whether the peer is on the link: nobody else can use a link-local address (RFC 2545 §3)
 */
export function nextHopsOf(
  source: IpAddress | undefined,
  local: readonly LocalAddress[],
  { zone, isLinked }: { readonly zone: string | undefined; readonly isLinked: boolean }
): { readonly ipv4?: Ipv4Address; readonly ipv6?: Ipv6Address; readonly ipv6LinkLocal?: Ipv6Address } {
  const name = zone ?? local.find(({ address }) => source !== undefined && address.equals(source))?.interface
  const siblings = local.flatMap((one) => (one.interface === name ? one.address : []))
  const isGlobal = (one: IpAddress): one is Ipv6Address => one.family === 6 && !one.isLinkLocal
  const ipv4 = source?.family === 4 ? undefined : siblings.find((one) => one.family === 4)
  const ipv6 = source !== undefined && isGlobal(source) ? undefined : siblings.find(isGlobal)
  const linkLocal = siblings.find((one): one is Ipv6Address => one.family === 6 && one.isLinkLocal)
  return {
    ...(ipv4?.family === 4 ? { ipv4 } : {}),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(linkLocal === undefined || !isLinked ? {} : { ipv6LinkLocal: linkLocal })
  }
}

/** Whether an address is on one of our segments. */
export function isOnLink(address: IpAddress, local: readonly LocalAddress[]): boolean {
  return local.some(({ prefix }) => prefix.contains(address))
}
