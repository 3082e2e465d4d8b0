import { InvalidAddressError } from './errors.ts'
import { Ipv4Address } from './ipv4-address.ts'
import { Ipv6Address } from './ipv6-address.ts'

export type IpFamily = 4 | 6

export type IpAddress = Ipv4Address | Ipv6Address

/**
 * Parses an address of either family. IPv4-mapped IPv6 text becomes the IPv4 address that it means.
 *
 * @throws {@link InvalidAddressError}
 */
export function parseIpAddress(text: string): IpAddress {
  if (!text.includes(':')) {
    try {
      return Ipv4Address.parse(text)
    } catch (cause) {
      throw new InvalidAddressError('address', text, 'not an IP address', { cause })
    }
  }
  const address = Ipv6Address.parse(text)
  return address.toMappedIpv4() ?? address
}

/** As {@link parseIpAddress}, with `undefined` for what is no address. */
export function tryParseIpAddress(text: string): IpAddress | undefined {
  try {
    return parseIpAddress(text)
  } catch {
    return undefined
  }
}

/** Orders addresses: IPv4 before IPv6, then by value. */
export function compareIpAddresses(a: IpAddress, b: IpAddress): number {
  if (a.family === 4) return b.family === 4 ? a.toNumber() - b.toNumber() : -1
  if (b.family === 4) return 1
  const left = a.toBigInt()
  const right = b.toBigInt()
  if (left === right) return 0
  return left < right ? -1 : 1
}
