import { InvalidAddressError } from './errors.ts'

/** An IEEE 802 48-bit hardware address. Immutable. */
export class MacAddress {
  static readonly BROADCAST: MacAddress = new MacAddress(new Uint8Array(6).fill(0xff))
  static readonly ZERO: MacAddress = new MacAddress(new Uint8Array(6))

  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  static fromBytes(bytes: Uint8Array): MacAddress {
    if (bytes.length !== 6)
      throw new InvalidAddressError('mac', `${bytes.length} bytes`, 'a MAC address has 6 bytes')
    return new MacAddress(bytes.slice())
  }

  static parse(text: string): MacAddress {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
      throw new InvalidAddressError('mac', text, 'not a MAC address')
    return new MacAddress(Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16)))
  }

  toBytes(): Uint8Array {
    return this.#bytes.slice()
  }

  /** The group bit: broadcast and multicast addresses (IEEE 802-2014 §8.2.2). */
  get isMulticast(): boolean {
    return ((this.#bytes[0] ?? 0) & 1) === 1
  }

  get isZero(): boolean {
    return this.#bytes.every((byte) => byte === 0)
  }

  equals(other: MacAddress): boolean {
    return this.#bytes.every((byte, i) => byte === other.#bytes[i])
  }

  toString(): string {
    return Array.from(this.#bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
  }

  toJSON(): string {
    return this.toString()
  }
}
