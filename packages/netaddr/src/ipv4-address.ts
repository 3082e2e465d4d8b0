import { isIPv4 } from 'node:net'
import { InvalidAddressError } from './errors.ts'
import type { IpAddress } from './ip-address.ts'

/** An IPv4 address. Immutable. */
export class Ipv4Address {
  readonly family = 4
  readonly #value: number

  private constructor(value: number) {
    this.#value = value
  }

  /**
   * Parses dotted-quad text: four decimal octets without leading zeros.
   *
   * @throws {@link InvalidAddressError} for anything else, the shorter `inet_aton` forms included.
   */
  static parse(text: string): Ipv4Address {
    if (!isIPv4(text)) throw new InvalidAddressError('address', text, 'not an IPv4 address')
    let value = 0
    for (const octet of text.split('.')) value = value * 256 + Number(octet)
    return new Ipv4Address(value)
  }

  /** @throws {@link InvalidAddressError} unless there are 4 bytes. */
  static fromBytes(bytes: Uint8Array): Ipv4Address {
    const [a, b, c, d] = bytes
    if (bytes.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) {
      throw new InvalidAddressError('address', `${bytes.length} bytes`, 'an IPv4 address has 4 bytes')
    }
    return new Ipv4Address(((a << 24) | (b << 16) | (c << 8) | d) >>> 0)
  }

  /** @throws {@link InvalidAddressError} unless `value` is an integer from 0 to 2^32 − 1. */
  static fromNumber(value: number): Ipv4Address {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new InvalidAddressError('address', String(value), 'not an unsigned 32-bit number')
    }
    return new Ipv4Address(value)
  }

  /** The address as an unsigned 32-bit number. */
  toNumber(): number {
    return this.#value
  }

  toBytes(): Uint8Array {
    const value = this.#value
    return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
  }

  /** Writes the first `count` bytes into `target` at `offset`, without an allocation. What has no room is dropped. */
  writeBytes(target: Uint8Array, offset: number, count = 4): void {
    const value = this.#value
    for (let i = 0; i < count && i < 4; i += 1) target[offset + i] = value >>> (24 - 8 * i)
  }

  get isUnspecified(): boolean {
    return this.#value === 0
  }

  /** 224.0.0.0/4 (RFC 5771). */
  get isMulticast(): boolean {
    return this.#value >>> 28 === 14
  }

  /** 127.0.0.0/8 (RFC 1122 §3.2.1.3). */
  get isLoopback(): boolean {
    return this.#value >>> 24 === 127
  }

  /** 169.254.0.0/16 (RFC 3927). */
  get isLinkLocal(): boolean {
    return this.#value >>> 16 === 0xa9fe
  }

  equals(other: IpAddress): boolean {
    return other.family === 4 && other.toNumber() === this.#value
  }

  toString(): string {
    const value = this.#value
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
  }

  toJSON(): string {
    return this.toString()
  }
}
