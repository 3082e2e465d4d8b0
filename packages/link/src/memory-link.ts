import type { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { FrameMatcher } from './frame-matcher.ts'
import { diffInterfaces } from './interface-table.ts'
import type {
  Link,
  LinkAddress,
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterestChange,
  LinkInterface,
  SendResult
} from './link.ts'
import { LinkStatistics } from './link-statistics.ts'
import type { MemorySegment, SegmentPort } from './memory-segment.ts'

/** An interface to put into a {@link MemoryLink}. */
export interface MemoryInterfaceOptions {
  readonly name: string
  readonly segment: MemorySegment
  /** Of all interfaces on a segment it is to be the only one. */
  readonly mac: MacAddress
  readonly addresses?: readonly LinkAddress[]
  /** Default 1500. */
  readonly mtu?: number
}

export interface MemoryLinkOptions extends LinkHandlers {
  /** Interfaces that are there at the start; their indexes are 1, 2, … in this order. */
  readonly interfaces?: readonly MemoryInterfaceOptions[]
  /** Every frame of the segment is received, whatever the interest: a host to look from. Default `false`. */
  readonly isPromiscuous?: boolean
}

interface MemoryPort extends SegmentPort {
  readonly segment: MemorySegment
  readonly mac: Uint8Array
  /** Counted joins by the 4 bytes that a group leaves in its Ethernet address (RFC 2464 §7). */
  readonly groups: Map<number, number>
}

const ETHERNET_OVERHEAD = 14

/** A link whose interfaces are on segments in memory: for tests, and where no network may be touched. */
export class MemoryLink implements Link {
  readonly #options: MemoryLinkOptions
  readonly #ports: Map<number, MemoryPort> = new Map()
  readonly #statistics: LinkStatistics = new LinkStatistics()
  #interfaces: ReadonlyMap<number, LinkInterface> = new Map()
  #matcher: FrameMatcher = new FrameMatcher({ interfaces: [], arpAddresses: [], ndpAddresses: [] })
  #isStarted = false
  #lastIndex = 0

  constructor(options: MemoryLinkOptions) {
    this.#options = options
    for (const given of options.interfaces ?? []) this.addInterface(given)
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    for (const port of this.#ports.values()) port.segment.attach(port)
  }

  interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#interfaces
  }

  send(interfaceIndex: number, frame: Uint8Array): SendResult {
    return this.#statistics.countSend(this.#send(interfaceIndex, frame))
  }

  setInterest(interest: LinkInterest): void {
    this.#matcher = new FrameMatcher(interest)
  }

  changeInterest({ add, remove }: LinkInterestChange): void {
    for (const address of remove) this.#matcher.remove(address)
    for (const address of add) this.#matcher.add(address)
  }

  joinGroup(interfaceIndex: number, group: Ipv6Address): void {
    const groups = this.#ports.get(interfaceIndex)?.groups
    groups?.set(lowBits(group), (groups.get(lowBits(group)) ?? 0) + 1)
  }

  leaveGroup(interfaceIndex: number, group: Ipv6Address): void {
    const groups = this.#ports.get(interfaceIndex)?.groups
    const count = (groups?.get(lowBits(group)) ?? 0) - 1
    if (count > 0) groups?.set(lowBits(group), count)
    else groups?.delete(lowBits(group))
  }

  counters(): LinkCounters {
    return this.#statistics.snapshot()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.start()
    if (!signal.aborted) {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    this.stop()
  }

  stop(): void {
    this.#isStarted = false
    for (const port of this.#ports.values()) port.segment.detach(port)
  }

  /** Puts in one more interface, and tells the handlers. Returns its index, which is never used again. */
  addInterface({ name, segment, mac, addresses = [], mtu = 1500 }: MemoryInterfaceOptions): number {
    this.#lastIndex += 1
    const index = this.#lastIndex
    const flags = { isUp: true, hasCarrier: true, isLoopback: false, isBroadcast: true, isNoArp: false }
    const port = {
      segment,
      mac: mac.toBytes(),
      groups: new Map<number, number>(),
      isConnected: () => this.#isConnected(index),
      deliver: (frame: Uint8Array) => this.#receive(frame, index)
    }
    this.#ports.set(index, port)
    if (this.#isStarted) segment.attach(port)
    this.#publish(index, { index, name, mac, mtu, ...flags, masterIndex: undefined, addresses })
    return index
  }

  /** As when it is deleted from the system. */
  removeInterface(index: number): void {
    const port = this.#ports.get(index)
    if (port === undefined) return
    port.segment.detach(port)
    this.#ports.delete(index)
    this.#publish(index, undefined)
  }

  /** Pulls the cable (`hasCarrier: false`), sets it down, renames it, gives it other addresses. */
  changeInterface(
    index: number,
    change: Partial<Pick<LinkInterface, 'name' | 'isUp' | 'hasCarrier' | 'addresses'>>
  ): void {
    const current = this.#interfaces.get(index)
    if (current !== undefined) this.#publish(index, { ...current, ...change })
  }

  #send(interfaceIndex: number, frame: Uint8Array): SendResult {
    const port = this.#ports.get(interfaceIndex)
    const current = this.#interfaces.get(interfaceIndex)
    if (!this.#isStarted) return 'stopped'
    if (port === undefined || current === undefined) return 'interface-gone'
    if (!current.isUp) return 'interface-down'
    if (frame.length < ETHERNET_OVERHEAD || frame.length > current.mtu + ETHERNET_OVERHEAD) return 'refused'
    return current.hasCarrier && port.segment.transmit(port, frame) ? 'sent' : 'queue-full'
  }

  #receive(frame: Uint8Array, interfaceIndex: number): void {
    const port = this.#ports.get(interfaceIndex)
    if (port === undefined || !this.#isWanted(frame, interfaceIndex, port)) return
    this.#statistics.received += 1
    this.#options.onFrame(frame, interfaceIndex)
  }

  #isWanted(frame: Uint8Array, interfaceIndex: number, port: MemoryPort): boolean {
    if (this.#options.isPromiscuous === true) return true
    return isAddressedTo(frame, port) && this.#matcher.matches(frame, interfaceIndex)
  }

  #isConnected(index: number): boolean {
    const current = this.#interfaces.get(index)
    return this.#isStarted && current !== undefined && current.isUp && current.hasCarrier
  }

  #publish(index: number, now: LinkInterface | undefined): void {
    const before = this.#interfaces
    const after = new Map(before)
    if (now === undefined) after.delete(index)
    else after.set(index, now)
    this.#interfaces = after
    const change = diffInterfaces(before, after)
    if (this.#isStarted && change !== undefined) this.#options.onInterfaces?.(change)
  }
}

/** As a network card filters: its own address, broadcast, the all-nodes group and the groups that were joined. */
function isAddressedTo(frame: Uint8Array, port: MemoryPort): boolean {
  const destination = frame.subarray(0, 6)
  if (destination.length < 6) return false
  if (((destination[0] ?? 0) & 1) === 0) return destination.every((byte, i) => byte === port.mac[i])
  if (destination.every((byte) => byte === 0xff)) return true
  if (destination[0] !== 0x33 || destination[1] !== 0x33) return false
  const group = new DataView(destination.buffer, destination.byteOffset).getUint32(2)
  return group === 1 || port.groups.has(group)
}

function lowBits(group: Ipv6Address): number {
  return Number(group.toBigInt() & 0xffff_ffffn)
}
