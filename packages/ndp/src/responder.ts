import { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { answerChannel, conflictChannel } from './diagnostics.ts'
import { AT, FLAG, ICMPV6_TYPE, ND_OPTION } from './layout.ts'
import { encodeNeighborAdvertisement, multicastMac, writeChecksum } from './packet.ts'
import { findOption, isUnspecified, MISSING, refuseFrame } from './validate.ts'

/**
 * - `'probe'`: somebody is about to use the address (duplicate address detection, RFC 4862 §5.4)
 * - `'claim'`: somebody advertises the address with a hardware address of his own
 */
export type NdpConflictKind = 'probe' | 'claim'

/** Somebody else wants, or claims, an address that is answered for here. */
export interface NdpConflict {
  readonly kind: NdpConflictKind
  readonly address: Ipv6Address
  readonly mac: MacAddress
}

export interface NdpResponderOptions {
  /** Of the interface: what is answered with. */
  readonly mac: MacAddress
  /** Called once for each host and kind, until another one comes. */
  readonly onConflict?: (conflict: NdpConflict) => void
  /**
   * Called for each claim of another host, also one that is no conflict yet. Whoever heard it believes it: an address that
   * stays here has to be announced again.
   */
  readonly onClaim?: (address: Ipv6Address) => void
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
  /** Not valid by RFC 4861 §7.1, or from an impossible sender. */
  readonly malformed: number
  /** Another protocol, VLAN-tagged, or another ICMPv6 type. */
  readonly notNeighborDiscovery: number
  /** For another host, for an address that is not ours, or an advertisement that changes nothing. */
  readonly notForUs: number
  /** Claims of our addresses, and attempts to take one. */
  readonly claims: number
}

interface Entry {
  readonly address: Ipv6Address
  readonly bytes: Uint8Array
  requests: number
  replies: number
  claimant: string | undefined
  claimedSinceMs: number
  isReported: boolean
}

const DEFAULT_CONFLICT_GRACE_MS = 1000
const ALL_NODES = Ipv6Address.parse('ff02::1')
const ALL_NODES_BYTES = ALL_NODES.toBytes()
const ALL_NODES_MAC = multicastMac(ALL_NODES).toBytes()
const REPLY_LENGTH = 32

/**
 * Answers neighbour solicitations on one interface, for a set of addresses. Sends nothing and reads no clock: the caller
 * hands in frames and sends what comes out, and has joined the solicited-node group of each address.
 *
 * A solicitation from an address, with or without its link-layer address, gets a solicited advertisement with Override;
 * duplicate address detection is answered to all nodes (RFC 4861 §7.2.4).
 */
export class NdpResponder {
  readonly #options: NdpResponderOptions
  /** By the low 32 bits of the address; few share them. */
  readonly #entries = new Map<number, Entry[]>()
  readonly #counters = { answered: 0, malformed: 0, notNeighborDiscovery: 0, notForUs: 0, claims: 0 }
  #mac: Uint8Array
  /** The only buffer for replies. */
  #reply: Uint8Array

  constructor(options: NdpResponderOptions) {
    this.#options = options
    this.#mac = options.mac.toBytes()
    this.#reply = emptyReply(options.mac)
  }

  /** Returns whether it was not there before. */
  add(address: Ipv6Address): boolean {
    if (this.has(address)) return false
    const bytes = address.toBytes()
    const key = uint32At(bytes, 12)
    const claim = { claimant: undefined, claimedSinceMs: 0, isReported: false }
    const entry = { address, bytes, requests: 0, replies: 0, ...claim }
    this.#entries.set(key, [...(this.#entries.get(key) ?? []), entry])
    return true
  }

  /** Returns whether it was there. */
  remove(address: Ipv6Address): boolean {
    const key = uint32At(address.toBytes(), 12)
    const entries = this.#entries.get(key) ?? []
    const rest = entries.filter((entry) => !entry.address.equals(address))
    if (rest.length === 0) this.#entries.delete(key)
    else this.#entries.set(key, rest)
    return rest.length < entries.length
  }

  has(address: Ipv6Address): boolean {
    return this.#find(address.toBytes(), 0) !== undefined
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
    const reason = refuseFrame(frame)
    if (reason !== undefined) {
      this.#counters[reason === 'not-neighbor-discovery' ? 'notNeighborDiscovery' : 'malformed'] += 1
      return undefined
    }
    const isToUs = isMulticast(frame, 0) || isAt(frame, 0, this.#mac)
    const entry = isToUs && !isAt(frame, 6, this.#mac) ? this.#find(frame, AT.TARGET) : undefined
    if (entry === undefined) {
      this.#counters.notForUs += 1
      return undefined
    }
    if (frame[AT.TYPE] === ICMPV6_TYPE.NEIGHBOR_ADVERTISEMENT) {
      this.#noteAdvertisement(entry, frame, nowMs)
      return undefined
    }
    return this.#answer(entry, frame)
  }

  counters(): ResponderCounters {
    return { ...this.#counters }
  }

  /** `undefined` for an address that is not answered for. */
  countersOf(address: Ipv6Address): AddressCounters | undefined {
    const entry = this.#find(address.toBytes(), 0)
    return entry === undefined ? undefined : { requests: entry.requests, replies: entry.replies }
  }

  #answer(entry: Entry, frame: Uint8Array): Uint8Array | undefined {
    entry.requests += 1
    const linkLayer = findOption(frame, ND_OPTION.SOURCE_LINK_LAYER)
    const asker = linkLayer === MISSING ? 6 : linkLayer
    if (!isPossibleSender(frame, asker) || frame[AT.SOURCE] === 0xff) {
      this.#counters.malformed += 1
      return undefined
    }
    const isProbe = isUnspecified(frame, AT.SOURCE)
    const reply = this.#reply
    reply.set(isProbe ? ALL_NODES_MAC : frame.subarray(asker, asker + 6), 0)
    reply.set(entry.bytes, AT.SOURCE)
    reply.set(isProbe ? ALL_NODES_BYTES : frame.subarray(AT.SOURCE, AT.SOURCE + 16), AT.DESTINATION)
    reply[AT.FLAGS] = isProbe ? FLAG.OVERRIDE : FLAG.SOLICITED | FLAG.OVERRIDE
    reply.set(entry.bytes, AT.TARGET)
    reply[AT.CHECKSUM] = 0
    reply[AT.CHECKSUM + 1] = 0
    writeChecksum(reply, REPLY_LENGTH)
    entry.replies += 1
    this.#counters.answered += 1
    if (answerChannel.hasSubscribers) answerChannel.publish({ reply })
    if (isProbe) this.#noteProbe(entry, frame)
    return reply
  }

  /** Our answer makes the prober give up (RFC 4862 §5.4.4), so that one probe is enough to tell of. */
  #noteProbe(entry: Entry, frame: Uint8Array): void {
    this.#counters.claims += 1
    const mac = MacAddress.fromBytes(frame.subarray(6, 12))
    const claimant = `probe ${mac.toString()}`
    if (entry.claimant === claimant) return
    entry.claimant = claimant
    this.#report({ kind: 'probe', address: entry.address, mac })
  }

  #noteAdvertisement(entry: Entry, frame: Uint8Array, nowMs: number): void {
    const linkLayer = findOption(frame, ND_OPTION.TARGET_LINK_LAYER)
    const offset = linkLayer === MISSING ? 6 : linkLayer
    if (isAt(frame, offset, this.#mac)) {
      this.#counters.notForUs += 1
      return
    }
    this.#counters.claims += 1
    this.#options.onClaim?.(entry.address)
    const mac = MacAddress.fromBytes(frame.subarray(offset, offset + 6))
    const claimant = `claim ${mac.toString()}`
    if (entry.claimant !== claimant) {
      entry.claimant = claimant
      entry.claimedSinceMs = nowMs
      entry.isReported = false
    }
    const graceMs = this.#options.conflictGraceMs ?? DEFAULT_CONFLICT_GRACE_MS
    if (entry.isReported || nowMs - entry.claimedSinceMs < graceMs) return
    entry.isReported = true
    this.#report({ kind: 'claim', address: entry.address, mac })
  }

  #report(conflict: NdpConflict): void {
    conflictChannel.publish(conflict)
    this.#options.onConflict?.(conflict)
  }

  #find(bytes: Uint8Array, offset: number): Entry | undefined {
    const entries = this.#entries.get(uint32At(bytes, offset + 12))
    return entries?.find((entry) => isAt(bytes, offset, entry.bytes))
  }
}

function emptyReply(mac: MacAddress): Uint8Array {
  const none = Ipv6Address.fromBigInt(0n)
  return encodeNeighborAdvertisement({
    mac,
    target: none,
    destination: none,
    destinationMac: MacAddress.ZERO,
    isSolicited: true,
    isOverride: true
  })
}

/** An answer to a group or to nobody would go to everybody. */
function isPossibleSender(frame: Uint8Array, offset: number): boolean {
  if (isMulticast(frame, offset)) return false
  for (let i = 0; i < 6; i += 1) if (frame[offset + i] !== 0) return true
  return false
}

function isMulticast(frame: Uint8Array, offset: number): boolean {
  return ((frame[offset] ?? 0) & 1) === 1
}

function isAt(frame: Uint8Array, offset: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (frame[offset + i] !== bytes[i]) return false
  return true
}

/** The four bytes as an unsigned number. */
function uint32At(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  return high * 0x1_0000 + (((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0))
}
