import { Netmask } from 'netmask'
import { InvalidAddressError } from './errors.ts'
import { compareIpAddresses, type IpAddress, type IpFamily, parseIpAddress } from './ip-address.ts'
import { Ipv4Address } from './ipv4-address.ts'
import { Ipv6Address } from './ipv6-address.ts'

/** What to do with bits set past the prefix length. */
export interface HostBitsOption {
  /** `refuse` throws, `mask` clears them. @defaultValue 'refuse' */
  readonly hostBits?: 'refuse' | 'mask'
}

/** An address prefix, as 192.0.2.0/24 or 2001:db8::/32. Immutable. */
export class IpPrefix {
  readonly first: IpAddress
  readonly last: IpAddress
  /** Number of leading bits, 0 to 32 or 128. */
  readonly length: number

  private constructor(first: IpAddress, last: IpAddress, length: number) {
    this.first = first
    this.last = last
    this.length = length
  }

  /**
   * Parses `address/length`. Blanks, zones, netmasks and a missing length are refused; leading zeros are accepted in
   * the length, where they mean nothing else. A prefix inside ::ffff:0:0/96 becomes the IPv4 prefix that it means.
   *
   * @throws {@link InvalidAddressError}
   */
  static parse(text: string, options: HostBitsOption = {}): IpPrefix {
    const match = /^([^/]+)\/0*(\d{1,3})$/.exec(text)
    const [, addressText = '', lengthText = ''] = match ?? []
    if (match === null) throw new InvalidAddressError('prefix', text, 'not a prefix (address/length)')
    try {
      const isMapped = addressText.includes(':') && parseIpAddress(addressText).family === 4
      if (isMapped && Number(lengthText) < 96)
        return IpPrefix.of(Ipv6Address.parse(addressText), Number(lengthText), options)
      const address = parseIpAddress(addressText)
      const length = Number(lengthText) - (isMapped ? 96 : 0)
      if (address.family === 4 && options.hostBits === 'mask')
        return IpPrefix.of(baseOf(address, length), length)
      return IpPrefix.of(address, length, options)
    } catch (cause) {
      const reason = cause instanceof InvalidAddressError ? cause.reason : 'prefix'
      const detail =
        reason === 'host-bits' ? 'bits are set past the prefix length' : 'not a prefix (address/length)'
      throw new InvalidAddressError(reason === 'host-bits' ? reason : 'prefix', text, detail, { cause })
    }
  }

  /**
   * The prefix of the first `length` bits of `address`.
   *
   * @throws {@link InvalidAddressError} if the length does not fit the family, or host bits are set and not masked.
   */
  static of(address: IpAddress, length: number, options: HostBitsOption = {}): IpPrefix {
    const bits = address.family === 4 ? 32 : 128
    if (!Number.isInteger(length) || length < 0 || length > bits) {
      throw new InvalidAddressError(
        'prefix',
        `${address.toString()}/${length}`,
        `the length is not from 0 to ${bits}`
      )
    }
    const [first, last] = address.family === 4 ? boundsIpv4(address, length) : boundsIpv6(address, length)
    if (options.hostBits !== 'mask' && !first.equals(address)) {
      throw new InvalidAddressError(
        'host-bits',
        `${address.toString()}/${length}`,
        'bits are set past the prefix length'
      )
    }
    return new IpPrefix(first, last, length)
  }

  get family(): IpFamily {
    return this.first.family
  }

  /** Number of addresses, network and broadcast addresses included. */
  get size(): bigint {
    return 1n << BigInt((this.family === 4 ? 32 : 128) - this.length)
  }

  contains(address: IpAddress): boolean {
    return (
      address.family === this.family &&
      compareIpAddresses(this.first, address) <= 0 &&
      compareIpAddresses(address, this.last) <= 0
    )
  }

  overlaps(other: IpPrefix): boolean {
    return this.contains(other.first) || other.contains(this.first)
  }

  equals(other: IpPrefix): boolean {
    return this.length === other.length && this.first.equals(other.first)
  }

  toString(): string {
    return `${this.first.toString()}/${this.length}`
  }

  toJSON(): string {
    return this.toString()
  }
}

/** `netmask` reads `inet_aton` text and rounds IPv6 sizes: it is given canonical IPv4 only. */
function baseOf(address: Ipv4Address, length: number): Ipv4Address {
  return Ipv4Address.parse(new Netmask(`${address.toString()}/${length}`).base)
}

/** By arithmetic: decoders make a hundred thousand of them. */
function boundsIpv4(address: Ipv4Address, length: number): [Ipv4Address, Ipv4Address] {
  if (length === 32) return [address, address]
  const hostMask = 2 ** (32 - length) - 1
  const last = (address.toNumber() | hostMask) >>> 0
  return [Ipv4Address.fromNumber(last - hostMask), Ipv4Address.fromNumber(last)]
}

function boundsIpv6(address: Ipv6Address, length: number): [Ipv6Address, Ipv6Address] {
  if (length === 128) return [address, address]
  const hostMask = (1n << BigInt(128 - length)) - 1n
  const last = address.toBigInt() | hostMask
  return [Ipv6Address.fromBigInt(last ^ hostMask), Ipv6Address.fromBigInt(last)]
}
