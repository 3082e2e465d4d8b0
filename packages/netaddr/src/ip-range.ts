import { InvalidAddressError } from './errors.ts'
import { compareIpAddresses, type IpAddress, type IpFamily, tryParseIpAddress } from './ip-address.ts'
import { type HostBitsOption, IpPrefix } from './ip-prefix.ts'
import { Ipv4Address } from './ipv4-address.ts'
import { Ipv6Address } from './ipv6-address.ts'

/** Addresses from `first` to `last`, both included, of one family. Immutable. */
export class IpRange {
  readonly first: IpAddress
  readonly last: IpAddress

  private constructor(first: IpAddress, last: IpAddress) {
    this.first = first
    this.last = last
  }

  /**
   * Parses `first-last`, blanks around the ends allowed, or a prefix (see {@link IpPrefix.parse}).
   *
   * @throws {@link InvalidAddressError}
   */
  static parse(text: string, options: HostBitsOption = {}): IpRange {
    const ends = text.split('-')
    if (ends.length === 1) return IpRange.fromPrefix(IpPrefix.parse(text, options))
    const [first, last] = ends.map((end) => tryParseIpAddress(end.trim()))
    if (ends.length !== 2 || first === undefined || last === undefined) {
      throw new InvalidAddressError('range', text, 'not a range (first-last)')
    }
    return IpRange.of(first, last)
  }

  /** @throws {@link InvalidAddressError} if the families differ, or `last` comes before `first`. */
  static of(first: IpAddress, last: IpAddress): IpRange {
    const text = `${first.toString()}-${last.toString()}`
    if (first.family !== last.family)
      throw new InvalidAddressError('family', text, 'the ends are of different families')
    if (compareIpAddresses(first, last) > 0)
      throw new InvalidAddressError('reversed', text, 'the last address comes before the first')
    return new IpRange(first, last)
  }

  static fromPrefix(prefix: IpPrefix): IpRange {
    return new IpRange(prefix.first, prefix.last)
  }

  get family(): IpFamily {
    return this.first.family
  }

  /** Number of addresses. */
  get size(): bigint {
    return toBigInt(this.last) - toBigInt(this.first) + 1n
  }

  contains(address: IpAddress): boolean {
    return (
      address.family === this.family &&
      compareIpAddresses(this.first, address) <= 0 &&
      compareIpAddresses(address, this.last) <= 0
    )
  }

  overlaps(other: IpRange): boolean {
    return this.contains(other.first) || other.contains(this.first)
  }

  equals(other: IpRange): boolean {
    return this.first.equals(other.first) && this.last.equals(other.last)
  }

  /** The fewest prefixes that hold exactly these addresses, in order. */
  toPrefixes(): IpPrefix[] {
    const bits = this.family === 4 ? 32 : 128
    const end = toBigInt(this.last) + 1n
    const prefixes: IpPrefix[] = []
    for (let start = toBigInt(this.first); start < end; ) {
      let length = bits
      for (let size = 1n; start % (size * 2n) === 0n && start + size * 2n <= end && length > 0; size *= 2n)
        length -= 1
      prefixes.push(
        IpPrefix.of(
          this.family === 4 ? Ipv4Address.fromNumber(Number(start)) : Ipv6Address.fromBigInt(start),
          length
        )
      )
      start += 1n << BigInt(bits - length)
    }
    return prefixes
  }

  /** `first-last`, or the prefix where the range is exactly one. */
  toString(): string {
    const [only, ...others] = this.toPrefixes()
    return only !== undefined && others.length === 0
      ? only.toString()
      : `${this.first.toString()}-${this.last.toString()}`
  }

  toJSON(): string {
    return this.toString()
  }
}

function toBigInt(address: IpAddress): bigint {
  return address.family === 4 ? BigInt(address.toNumber()) : address.toBigInt()
}
