import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, etherTypeOf } from '@clarion-lb/wire'
import { answerChannel, conflictChannel } from './diagnostics.ts'
import { ARP_FRAME_LENGTH, encodeArpFrame } from './frame.ts'
import { ArpOperation } from './packet.ts'

/** Somebody else claims an address that is answered for here. */
export interface ArpConflict {
  readonly address: Ipv4Address
  /** Who claims it. */
  readonly mac: MacAddress
}

export interface ArpResponderOptions {
  /** Of the interface: what is answered with. */
  readonly mac: MacAddress
  /** Called once for each claimant of an address, until another one claims it. */
  readonly onConflict?: (conflict: ArpConflict) => void
  /**
   * Called for each claim of another host, also one that is no conflict yet. Whoever heard it believes it: an address that
   * stays here has to be announced again.
   */
  readonly onClaim?: (address: Ipv4Address) => void
  /**
   * A claim is a conflict when the same host repeats it this much later: while an address moves from one of our nodes
   * to another, both may claim it for a moment. @defaultValue 1000
   */
  readonly conflictGraceMs?: number
}

/** For one address; they only grow. */
export interface AddressCounters {
  readonly requests: number
  readonly replies: number
}

/** Frames by what became of them; they only grow. */
export interface ResponderCounters {
  readonly answered: number
  /** Too short, or not ARP for IPv4 over Ethernet (RFC 826), or from an impossible sender. */
  readonly malformed: number
  /** VLAN-tagged, or another protocol. */
  readonly notArp: number
  /** For another host, for an address that is not ours, or a reply. */
  readonly notForUs: number
  /** Claims of our addresses by others. */
  readonly claims: number
}

interface Entry {
  readonly address: Ipv4Address
  requests: number
  replies: number
  claimant: string | undefined
  claimedSinceMs: number
  isReported: boolean
}

const DEFAULT_CONFLICT_GRACE_MS = 1000
// Offsets in the frame.
const OPERATION = ETHERNET_HEADER_LENGTH + 6
const SENDER_MAC = ETHERNET_HEADER_LENGTH + 8
const SENDER_IP = ETHERNET_HEADER_LENGTH + 14
const TARGET_MAC = ETHERNET_HEADER_LENGTH + 18
const TARGET_IP = ETHERNET_HEADER_LENGTH + 24

/**
 * Answers ARP requests on one interface, for a set of addresses. Sends nothing and reads no clock: the caller hands in
 * frames and sends what comes out.
 *
 * Answered are requests that come by broadcast or to our own hardware address (RFC 1122 §2.3.2.1: unicast polls), also
 * those with a sender address of zero (RFC 5227 §2.1.1: probes). Nothing is learnt, nothing is allocated for a frame.
 */
export class ArpResponder {
  readonly #options: ArpResponderOptions
  readonly #entries = new Map<number, Entry>()
  #mac: Uint8Array
  /** The only buffer for replies: all but the six fields of a reply stays the same. */
  #reply: Uint8Array
  readonly #counters = { answered: 0, malformed: 0, notArp: 0, notForUs: 0, claims: 0 }

  constructor(options: ArpResponderOptions) {
    this.#options = options
    this.#mac = options.mac.toBytes()
    this.#reply = emptyReply(options.mac)
  }

  /** Returns whether it was not there before. */
  add(address: Ipv4Address): boolean {
    const key = address.toNumber()
    if (this.#entries.has(key)) return false
    const claim = { claimant: undefined, claimedSinceMs: 0, isReported: false }
    this.#entries.set(key, { address, requests: 0, replies: 0, ...claim })
    return true
  }

  /** Returns whether it was there. */
  remove(address: Ipv4Address): boolean {
    return this.#entries.delete(address.toNumber())
  }

  has(address: Ipv4Address): boolean {
    return this.#entries.has(address.toNumber())
  }

  /** The hardware address of an interface may change: a bond does so on fail-over. */
  setMac(mac: MacAddress): void {
    this.#mac = mac.toBytes()
    this.#reply = emptyReply(mac)
  }

  /**
   * Takes a frame, Ethernet header first, check sequence left out. Never throws.
   *
   * @returns the frame to send back, valid until the next call, or `undefined` if there is nothing to say.
   */
  receive(frame: Uint8Array, nowMs: number): Uint8Array | undefined {
    const counters = this.#counters
    if (etherTypeOf(frame) !== ETHER_TYPE.ARP) {
      counters[frame.length < ETHERNET_HEADER_LENGTH ? 'malformed' : 'notArp'] += 1
      return undefined
    }
    if (frame.length < ARP_FRAME_LENGTH || !isEthernetIpv4(frame)) {
      counters.malformed += 1
      return undefined
    }
    if (!isBroadcast(frame) && !this.#isToUs(frame)) {
      counters.notForUs += 1
      return undefined
    }
    const claimed = this.#entries.get(uint32At(frame, SENDER_IP))
    if (claimed !== undefined && !this.#isFromUs(frame)) {
      counters.claims += 1
      this.#options.onClaim?.(claimed.address)
      this.#noteClaim(claimed, frame, nowMs)
      return undefined
    }
    return this.#answer(frame)
  }

  counters(): ResponderCounters {
    return { ...this.#counters }
  }

  /** `undefined` for an address that is not answered for. */
  countersOf(address: Ipv4Address): AddressCounters | undefined {
    const entry = this.#entries.get(address.toNumber())
    return entry === undefined ? undefined : { requests: entry.requests, replies: entry.replies }
  }

  #answer(frame: Uint8Array): Uint8Array | undefined {
    const counters = this.#counters
    if (frame[OPERATION + 1] !== ArpOperation.request) {
      counters.notForUs += 1
      return undefined
    }
    const target = uint32At(frame, TARGET_IP)
    const entry = this.#entries.get(target)
    if (entry === undefined || this.#isFromUs(frame)) {
      counters.notForUs += 1
      return undefined
    }
    entry.requests += 1
    if (!isPossibleSender(frame)) {
      counters.malformed += 1
      return undefined
    }
    const reply = this.#reply
    for (let i = 0; i < 6; i += 1) {
      const octet = frame[SENDER_MAC + i] ?? 0
      reply[i] = octet
      reply[TARGET_MAC + i] = octet
    }
    for (let i = 0; i < 4; i += 1) {
      reply[SENDER_IP + i] = frame[TARGET_IP + i] ?? 0
      reply[TARGET_IP + i] = frame[SENDER_IP + i] ?? 0
    }
    entry.replies += 1
    counters.answered += 1
    if (answerChannel.hasSubscribers) answerChannel.publish({ address: target, reply })
    return reply
  }

  #noteClaim(entry: Entry, frame: Uint8Array, nowMs: number): void {
    const mac = MacAddress.fromBytes(frame.subarray(SENDER_MAC, SENDER_MAC + 6))
    const claimant = mac.toString()
    if (entry.claimant !== claimant) {
      entry.claimant = claimant
      entry.claimedSinceMs = nowMs
      entry.isReported = false
    }
    const graceMs = this.#options.conflictGraceMs ?? DEFAULT_CONFLICT_GRACE_MS
    if (entry.isReported || nowMs - entry.claimedSinceMs < graceMs) return
    entry.isReported = true
    const conflict: ArpConflict = { address: entry.address, mac }
    conflictChannel.publish(conflict)
    this.#options.onConflict?.(conflict)
  }

  #isToUs(frame: Uint8Array): boolean {
    return isAt(frame, 0, this.#mac)
  }

  #isFromUs(frame: Uint8Array): boolean {
    return isAt(frame, SENDER_MAC, this.#mac)
  }
}

function emptyReply(mac: MacAddress): Uint8Array {
  const none = Ipv4Address.fromNumber(0)
  return encodeArpFrame(MacAddress.ZERO, {
    operation: ArpOperation.reply,
    senderMac: mac,
    senderIp: none,
    targetMac: MacAddress.ZERO,
    targetIp: none
  })
}

/** Hardware type 1, protocol type 0x0800, lengths 6 and 4, operation 1 or 2. */
function isEthernetIpv4(frame: Uint8Array): boolean {
  return (
    uint32At(frame, ETHERNET_HEADER_LENGTH) === 0x0001_0800 &&
    frame[ETHERNET_HEADER_LENGTH + 4] === 6 &&
    frame[ETHERNET_HEADER_LENGTH + 5] === 4 &&
    frame[OPERATION] === 0 &&
    (frame[OPERATION + 1] === ArpOperation.request || frame[OPERATION + 1] === ArpOperation.reply)
  )
}

/** A reply to a group or to nobody would go to everybody. */
function isPossibleSender(frame: Uint8Array): boolean {
  if (((frame[SENDER_MAC] ?? 0) & 1) === 1) return false
  for (let i = 0; i < 6; i += 1) if (frame[SENDER_MAC + i] !== 0) return true
  return false
}

function isBroadcast(frame: Uint8Array): boolean {
  for (let i = 0; i < 6; i += 1) if (frame[i] !== 0xff) return false
  return true
}

function isAt(frame: Uint8Array, offset: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (frame[offset + i] !== bytes[i]) return false
  return true
}

/** The four bytes as an unsigned number. */
function uint32At(frame: Uint8Array, offset: number): number {
  const high = ((frame[offset] ?? 0) << 8) | (frame[offset + 1] ?? 0)
  return high * 0x1_0000 + (((frame[offset + 2] ?? 0) << 8) | (frame[offset + 3] ?? 0))
}
