import { type IpFamily, IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'

const BITS: Readonly<Record<IpFamily, number>> = { 4: 32, 6: 128 }

/**
 * Decodes prefixes: a length in bits (1), and as many octets as hold that many bits. Bits past the length mean nothing
 * and are cleared.
 *
 * @returns text that says what is wrong: a length that the family does not have, or octets that are not there
 *   (RFC 7606 §5.3)
 * @see RFC 4271 §4.3, RFC 4760 §5
 */
export function decodePrefixes(bytes: Uint8Array, family: IpFamily): readonly IpPrefix[] | string {
  const prefixes: IpPrefix[] = []
  let offset = 0
  while (offset < bytes.length) {
    const length = bytes[offset] ?? 0
    if (length > BITS[family]) return `a prefix of ${length} bits`
    const start = offset + 1
    offset = start + octetsOf(length)
    if (offset > bytes.length) return `a prefix of ${length} bits that is cut off`
    const address = addressOf(bytes.subarray(start, offset), family)
    prefixes.push(IpPrefix.of(address, length, { hostBits: 'mask' }))
  }
  return prefixes
}

function addressOf(part: Uint8Array, family: IpFamily): Ipv4Address | Ipv6Address {
  const octets = new Uint8Array(BITS[family] / 8)
  octets.set(part)
  return family === 4 ? Ipv4Address.fromBytes(octets) : Ipv6Address.fromBytes(octets)
}

/** Octets that hold so many bits. */
function octetsOf(bits: number): number {
  return (bits + 7) >>> 3
}

/** Octets of the wire form of a prefix of so many bits. */
export function wireLengthOf(bits: number): number {
  return 1 + octetsOf(bits)
}

/** Prefixes that fit into some room together. */
export interface PrefixRun {
  /** Index behind the last one. */
  readonly end: number
  /** Octets of their wire form. */
  readonly length: number
}

/** As many prefixes from `start` on as fit into `room` octets. */
export function measurePrefixes(prefixes: readonly IpPrefix[], start: number, room: number): PrefixRun {
  let length = 0
  let end = start
  for (; end < prefixes.length; end += 1) {
    const next = length + wireLengthOf(prefixes[end]?.length ?? 0)
    if (next > room) break
    length = next
  }
  return { end, length }
}

/** Writes the wire form of `prefixes[start]` to `prefixes[end - 1]` into `target` at `offset`; the room was measured. */
export function writePrefixes(
  prefixes: readonly IpPrefix[],
  run: { readonly start: number; readonly end: number },
  target: Uint8Array,
  offset: number
): void {
  let at = offset
  for (let i = run.start; i < run.end; i += 1) {
    const prefix = prefixes[i]
    if (prefix === undefined) return
    const octets = octetsOf(prefix.length)
    target[at] = prefix.length
    if (octets > 0) prefix.first.writeBytes(target, at + 1, octets)
    at += 1 + octets
  }
}
