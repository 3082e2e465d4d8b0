import { isIPv6 } from 'node:net'
import { InvalidAddressError } from './errors.ts'
import type { IpAddress } from './ip-address.ts'
import { Ipv4Address } from './ipv4-address.ts'

const MAX = (1n << 128n) - 1n
const SOLICITED_NODE_PREFIX = 0xff02_0000_0000_0000_0000_0001_ff00_0000n
const MAPPED_PREFIX = 0xffffn
// Scratch memory of writeBytes, which is done with it before it returns.
const SCRATCH = new Uint8Array(16)
const SCRATCH_VIEW = new DataView(SCRATCH.buffer)

/** An IPv6 address, without a zone. Immutable. */
export class Ipv6Address {
  readonly family = 6
  readonly #value: bigint

  private constructor(value: bigint) {
    this.#value = value
  }

  /**
   * Parses the text forms of RFC 4291 §2.2.
   *
   * @throws {@link InvalidAddressError} for anything else, zones (`%eth0`) included.
   */
  static parse(text: string): Ipv6Address {
    if (!isIPv6(text) || text.includes('%')) {
      throw new InvalidAddressError('address', text, 'not an IPv6 address')
    }
    const [head = '', tail] = text.split('::')
    const headGroups = parseGroups(head)
    const tailGroups = tail === undefined ? [] : parseGroups(tail)
    const zeros = Array.from({ length: 8 - headGroups.length - tailGroups.length }, () => 0)
    let value = 0n
    for (const group of [...headGroups, ...zeros, ...tailGroups]) value = (value << 16n) | BigInt(group)
    return new Ipv6Address(value)
  }

  /** @throws {@link InvalidAddressError} unless there are 16 bytes. */
  static fromBytes(bytes: Uint8Array): Ipv6Address {
    if (bytes.length !== 16) {
      throw new InvalidAddressError('address', `${bytes.length} bytes`, 'an IPv6 address has 16 bytes')
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
    return new Ipv6Address((view.getBigUint64(0) << 64n) | view.getBigUint64(8))
  }

  /** @throws {@link InvalidAddressError} unless `value` is from 0 to 2^128 − 1. */
  static fromBigInt(value: bigint): Ipv6Address {
    if (value < 0n || value > MAX) {
      throw new InvalidAddressError('address', String(value), 'not an unsigned 128-bit number')
    }
    return new Ipv6Address(value)
  }

  /** The address as an unsigned 128-bit number. */
  toBigInt(): bigint {
    return this.#value
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setBigUint64(0, this.#value >> 64n)
    view.setBigUint64(8, this.#value & 0xffff_ffff_ffff_ffffn)
    return bytes
  }

  /** Writes the first `count` bytes into `target` at `offset`, without an array. What has no room is dropped. */
  writeBytes(target: Uint8Array, offset: number, count = 16): void {
    SCRATCH_VIEW.setBigUint64(0, this.#value >> 64n)
    SCRATCH_VIEW.setBigUint64(8, this.#value & 0xffff_ffff_ffff_ffffn)
    for (let i = 0; i < count && i < 16; i += 1) target[offset + i] = SCRATCH[i] ?? 0
  }

  get isUnspecified(): boolean {
    return this.#value === 0n
  }

  /** ff00::/8 (RFC 4291 §2.7). */
  get isMulticast(): boolean {
    return this.#value >> 120n === 0xffn
  }

  /** ::1 (RFC 4291 §2.5.3). */
  get isLoopback(): boolean {
    return this.#value === 1n
  }

  /** fe80::/10 (RFC 4291 §2.5.6). */
  get isLinkLocal(): boolean {
    return this.#value >> 118n === 0x3fan
  }

  /** The IPv4 address inside an IPv4-mapped one (::ffff:0:0/96, RFC 4291 §2.5.5.2). */
  toMappedIpv4(): Ipv4Address | undefined {
    if (this.#value >> 32n !== MAPPED_PREFIX) return undefined
    return Ipv4Address.fromNumber(Number(this.#value & 0xffff_ffffn))
  }

  /** The solicited-node multicast group ff02::1:ffXX:XXXX (RFC 4291 §2.7.1). */
  solicitedNodeGroup(): Ipv6Address {
    return new Ipv6Address(SOLICITED_NODE_PREFIX | (this.#value & 0xff_ffffn))
  }

  equals(other: IpAddress): boolean {
    return other.family === 6 && other.toBigInt() === this.#value
  }

  /** RFC 5952 text: lower case, the longest run of zero groups shortened, IPv4-mapped in mixed notation. */
  toString(): string {
    const mapped = this.toMappedIpv4()
    if (mapped !== undefined) return `::ffff:${mapped.toString()}`
    const groups = Array.from({ length: 8 }, (_, i) =>
      Number((this.#value >> BigInt(112 - 16 * i)) & 0xffffn)
    )
    const run = longestZeroRun(groups)
    const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
    if (run.length < 2) return text(groups)
    return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`
  }

  toJSON(): string {
    return this.toString()
  }
}

function parseGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const value = Ipv4Address.parse(group).toNumber()
    return [value >>> 16, value & 0xffff]
  })
}

/** RFC 5952 §4.2.3: the longest run; of equal ones the first. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start }
  })
  return best
}
