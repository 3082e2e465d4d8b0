import { ETHER_TYPE, etherTypeOf } from '@clarion-lb/wire'
import type { LinkInterest } from './link.ts'

// Offsets from the start of the Ethernet header (RFC 826; RFC 8200 §3, RFC 4861 §4.3 and §4.4).
const ARP_LENGTH = 42
const ARP_SENDER = 28
const ARP_TARGET = 38
const ND_LENGTH = 78
const ND_TARGET = 62

/** Says of a frame whether it is wanted ({@link LinkInterest}), where no kernel filter says it. Allocates nothing. */
export class FrameMatcher {
  readonly #interfaces: ReadonlySet<number>
  readonly #arp: ReadonlySet<number>
  /** By the low 32 bits of the address, the upper 12 bytes of those that have them. */
  readonly #ndp: ReadonlyMap<number, readonly Uint8Array[]>

  constructor({ interfaces, arpAddresses, ndpAddresses }: LinkInterest) {
    this.#interfaces = new Set(interfaces)
    this.#arp = new Set(Array.from(arpAddresses, (address) => address.toNumber()))
    const ndp = new Map<number, Uint8Array[]>()
    for (const address of ndpAddresses) {
      const bytes = address.toBytes()
      const low = uint32At(bytes, 12)
      const known = ndp.get(low)
      if (known === undefined) ndp.set(low, [bytes])
      else known.push(bytes)
    }
    this.#ndp = ndp
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
    for (const candidate of candidates) if (isEqual(candidate, frame, ND_TARGET, 12)) return true
    return false
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
