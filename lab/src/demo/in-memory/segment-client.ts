import { ArpOperation, decodeArpPacket, encodeArpFrame } from '@clarion-lb/arp'
import { MemoryLink, type MemorySegment } from '@clarion-lb/link'
import { decodeNeighborMessage, encodeNeighborSolicitation } from '@clarion-lb/ndp'
import { type Ipv4Address, type Ipv6Address, MacAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, etherTypeOf } from '@clarion-lb/wire'

export interface SegmentClientOptions {
  readonly segment: MemorySegment
  readonly mac: MacAddress
  readonly ipv4: Ipv4Address
  readonly ipv6: Ipv6Address
}

const ASK_AGAIN_MS = 100
const INTERFACE = 1

/** A host on the segment that resolves addresses as hosts do: it asks, and believes announcements about what it knows. */
export class SegmentClient {
  readonly #options: SegmentClientOptions
  readonly #link: MemoryLink
  readonly #neighbours = new Map<string, string>()
  readonly #waiting = new Set<() => void>()

  constructor(options: SegmentClientOptions) {
    this.#options = options
    const { segment, mac } = options
    this.#link = new MemoryLink({
      interfaces: [{ name: 'eth0', segment, mac }],
      isPromiscuous: true,
      onFrame: (frame) => this.#learn(frame)
    })
  }

  start(): void {
    this.#link.start()
  }

  stop(): void {
    this.#link.stop()
  }

  /** The hardware address that an address's traffic goes to; `undefined` while nobody has said. */
  neighbourOf(address: string): string | undefined {
    return this.#neighbours.get(address)
  }

  /** Asks until somebody answers, or the signal aborts. */
  async resolve(address: string, signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const known = this.#neighbours.get(address)
      if (known !== undefined) return known
      this.#ask(address)
      await this.#heard(ASK_AGAIN_MS)
    }
    return undefined
  }

  #ask(text: string): void {
    const { mac, ipv4, ipv6 } = this.#options
    const target = parseIpAddress(text)
    const frame =
      target.family === 4
        ? encodeArpFrame(MacAddress.BROADCAST, {
            operation: ArpOperation.request,
            senderMac: mac,
            senderIp: ipv4,
            targetMac: MacAddress.ZERO,
            targetIp: target
          })
        : encodeNeighborSolicitation({ mac, source: ipv6, target })
    this.#link.send(INTERFACE, frame)
  }

  #learn(frame: Uint8Array): void {
    const claim = claimOf(frame, this.#options.mac)
    if (claim === undefined) return
    const { address, mac, isAnswer } = claim
    // RFC 826 and RFC 4861 §7.2.5: what nobody asked for changes entries, but makes none.
    if (!isAnswer && !this.#neighbours.has(address)) return
    this.#neighbours.set(address, mac)
    for (const wake of this.#waiting) wake()
  }

  async #heard(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    this.#waiting.add(resolve)
    await promise
    clearTimeout(timer)
    this.#waiting.delete(resolve)
  }
}

interface Claim {
  readonly address: string
  readonly mac: string
  /** It is for us alone. */
  readonly isAnswer: boolean
}

/** Who says in a frame that an address is his. */
function claimOf(frame: Uint8Array, ours: MacAddress): Claim | undefined {
  const isAnswer = MacAddress.fromBytes(frame.subarray(0, 6)).equals(ours)
  try {
    if (etherTypeOf(frame) === ETHER_TYPE.ARP) {
      const { senderIp, senderMac } = decodeArpPacket(frame.subarray(ETHERNET_HEADER_LENGTH))
      return { address: senderIp.toString(), mac: senderMac.toString(), isAnswer }
    }
    const message = decodeNeighborMessage(frame)
    if (message.type === 'solicitation') return undefined
    const mac = (message.targetLinkLayer ?? message.sourceMac).toString()
    return { address: message.target.toString(), mac, isAnswer }
  } catch {
    // Not for a host that resolves addresses.
    return undefined
  }
}
