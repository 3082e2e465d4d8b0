import type { IpAddress, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { ETHER_TYPE, etherTypeOf } from '@clarion-lb/wire'
import type { LinkInterest } from './link.ts'

// Offsets from the start of the Ethernet header (RFC 826; RFC 8200 §3, RFC 4861 §4.3 and §4.4).
const ARP_LENGTH = 42
const ARP_SENDER = 28
const ARP_TARGET = 38
const ND_LENGTH = 78
const ND_TARGET = 62

interface NdpAddress {
  readonly address: Ipv6Address
  readonly bytes: Uint8Array
}

/** What is wanted ({@link LinkInterest}), and whether a frame is: where no kernel filter says it. Judging allocates nothing. */
export class FrameMatcher {
  readonly #interfaces: ReadonlySet<number>
  readonly #arp: Map<number, Ipv4Address> = new Map()
  /** By the low 32 bits of the address, the upper 12 bytes of those that have them. */
  readonly #ndp: Map<number, readonly NdpAddress[]> = new Map()

  constructor({ interfaces, arpAddresses, ndpAddresses }: LinkInterest) {
    this.#interfaces = new Set(interfaces)
    for (const address of arpAddresses) this.add(address)
    for (const address of ndpAddresses) this.add(address)
  }

  get interfaces(): ReadonlySet<number> {
    return this.#interfaces
  }

  arpAddresses(): Iterable<Ipv4Address> {
    return this.#arp.values()
  }

  *ndpAddresses(): Generator<Ipv6Address, void, undefined> {
    for (const candidates of this.#ndp.values()) for (const { address } of candidates) yield address
  }

  add(address: IpAddress): void {
    if (address.family === 4) {
      this.#arp.set(address.toNumber(), address)
      return
    }
    const bytes = address.toBytes()
    const others = this.#othersOf(bytes)
    this.#ndp.set(uint32At(bytes, 12), [...others, { address, bytes }])
  }

  remove(address: IpAddress): void {
    if (address.family === 4) {
      this.#arp.delete(address.toNumber())
      return
    }
    const bytes = address.toBytes()
    const others = this.#othersOf(bytes)
    if (others.length === 0) this.#ndp.delete(uint32At(bytes, 12))
    else this.#ndp.set(uint32At(bytes, 12), others)
  }

  /** To whom the Ethernet header is addressed is not looked at: a network card does. */
  matches(frame: Uint8Array, interfaceIndex: number): boolean {
    return this.#interfaces.has(interfaceIndex) && this.matchesAddress(frame)
  }

  matchesAddress(frame: Uint8Array): boolean {
    const etherType = etherTypeOf(frame)
    if (etherType === ETHER_TYPE.ARP) return this.#matchesArp(frame)
    return etherType === ETHER_TYPE.IPV6 && this.#matchesNeighbor(frame)
  }

  #matchesArp(frame: Uint8Array): boolean {
    if (frame.length < ARP_LENGTH) return false
    if (uint32At(frame, 14) !== 0x0001_0800 || frame[18] !== 6 || frame[19] !== 4) return false
    return this.#arp.has(uint32At(frame, ARP_TARGET)) || this.#arp.has(uint32At(frame, ARP_SENDER))
  }

  #matchesNeighbor(frame: Uint8Array): boolean {
    if (frame.length < ND_LENGTH || frame[20] !== 58) return false
    if ((frame[54] !== 135 && frame[54] !== 136) || frame[55] !== 0) return false
    const candidates = this.#ndp.get(uint32At(frame, ND_TARGET + 12))
    if (candidates === undefined) return false
    for (const { bytes } of candidates) if (isEqual(bytes, frame, ND_TARGET, 12)) return true
    return false
  }

  /** Those that end as this address does. */
  #othersOf(bytes: Uint8Array): readonly NdpAddress[] {
    const candidates = this.#ndp.get(uint32At(bytes, 12)) ?? []
    return candidates.filter((candidate) => !isEqual(candidate.bytes, bytes, 0, 12))
  }
}

function isEqual(candidate: Uint8Array, frame: Uint8Array, offset: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (candidate[i] !== frame[offset + i]) return false
  return true
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] ?? 0) << 24) |
      ((bytes[offset + 1] ?? 0) << 16) |
      ((bytes[offset + 2] ?? 0) << 8) |
      (bytes[offset + 3] ?? 0)) >>>
    0
  )
}
