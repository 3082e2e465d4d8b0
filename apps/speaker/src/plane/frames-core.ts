import { ANNOUNCEMENT_DELAYS_MS as ARP_DELAYS_MS, DEFEND_INTERVAL_MS } from '@clarion-lb/arp'
import { type Link, type LinkInterface, type LinkInterfacesChange, TransmitSchedule } from '@clarion-lb/link'
import { ANNOUNCEMENT_DELAYS_MS as NDP_DELAYS_MS } from '@clarion-lb/ndp'
import { type IpAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, etherTypeOf } from '@clarion-lb/wire'
import type { AnsweredAddress, Answerer, AnswererChange } from './answerer.ts'
import { fitnessOf } from './fitness.ts'
import { Interest } from './interest.ts'
import type { AddressCounts, PlaneEvent } from './messages.ts'
import { questionOf } from './neighbor-question.ts'
import { Port } from './port.ts'
import { Reassertion } from './reassertion.ts'

export interface FramesCoreOptions {
  readonly link: Link
  /** Interfaces whose names it matches do not exist for us. */
  readonly exclude: RegExp | undefined
  readonly onEvent: (event: PlaneEvent) => void
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Another host has claimed an address. */
  readonly onClaim?: (address: string) => void
  /** Whether nothing is to be said for now. */
  readonly isMuted?: () => boolean
}

interface Wanted {
  readonly address: IpAddress
  readonly text: string
  interfaces: readonly string[] | undefined
  /** Counts of ports that are gone. */
  requests: number
  replies: number
  gratuitous: number
  defendedAtMs: number
  /** Since another host has claimed it. */
  reassertion: Reassertion | undefined
}

interface Announcement {
  readonly port: Port
  readonly wanted: Wanted
  readonly reason: (typeof REASONS)[number]
}

const REASONS = ['news', 'defence', 'reassertion', 'question'] as const
/** An address has two frames for an announcement by ARP: fifty of them are a hundred frames. */
const PACE = { burst: 50, intervalMs: 10 } as const
/** Others already know the address: the last one is for hosts that ignore changes within a second. */
const AGAIN_DELAYS_MS = [0, 600, 1200]
/** A question or its answer may get lost. */
const QUESTION_DELAYS_MS = [0, 200, 400]

/**
 * Answers for the wanted addresses on the interfaces that are fit for it, and announces them: when they become wanted,
 * when an interface appears, gets its cable back or another hardware address, in defence, and when another host has claimed
 * them for a moment.
 *
 * Holds no timer and no thread: the driver calls {@link FramesCore.work} when it is time.
 */
export class FramesCore implements Answerer {
  readonly #options: FramesCoreOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #ports = new Map<number, Port>()
  /** Of the ports, as {@link sourceOf} writes them. */
  #ownMacs: ReadonlySet<number> = new Set()
  readonly #schedule = new TransmitSchedule<Announcement>(PACE)
  /** What {@link FramesCore.hasCarrier} said last: it is asked all the time, and changes with the interfaces alone. */
  #carrier: { readonly address: string | undefined; readonly isThere: boolean } | undefined
  /** Where an address of this node was last. */
  #home: { readonly address: string | undefined; readonly index: number } | undefined
  /** Addresses whose announcements were due while nothing was to be said. */
  readonly #missed = new Set<string>()
  readonly #interest = new Interest((text) => this.#wanted.has(text))

  constructor(options: FramesCoreOptions) {
    this.#options = options
  }

  /** After the link has started. */
  start(): void {
    for (const link of this.#options.link.interfaces().values()) this.#syncPort(link, undefined)
    this.#interfacesChanged()
  }

  /** Whether the interface with this address is up and has a cable; if none has the address, whether any to announce on has. */
  hasCarrier(address: string | undefined): boolean {
    if (this.#carrier?.address !== address) this.#carrier = undefined
    this.#carrier ??= { address, isThere: this.#isCarrierThere(address) }
    return this.#carrier.isThere
  }

  /** To be followed by {@link FramesCore.work}. */
  announce(addresses: readonly string[]): void {
    this.#planAll(addresses, 'news', AGAIN_DELAYS_MS)
  }

  isAble(text: string): boolean {
    const wanted = this.#wanted.get(text)
    if (wanted === undefined) return false
    const links = this.#options.link.interfaces()
    for (const port of this.#ports.values())
      if (port.has(wanted.address) && links.get(port.index)?.hasCarrier === true) return true
    return false
  }

  /** To be followed by {@link FramesCore.work}. */
  ask(addresses: readonly string[]): void {
    this.#planAll(addresses, 'question', QUESTION_DELAYS_MS)
  }

  /** What a neighbour says of itself is handed in, too, without an answer. To be followed by {@link FramesCore.work}. */
  watch(address: IpAddress | undefined): void {
    this.#interest.watch(address)
  }

  /** To be followed by {@link FramesCore.work}. */
  apply({ set, remove }: AnswererChange): void {
    for (const text of remove) this.#remove(text)
    for (const wanted of set) this.#set(wanted)
  }

  /** To be called by the link. */
  onFrame(frame: Uint8Array, interfaceIndex: number): void {
    const port = this.#ports.get(interfaceIndex)
    // Several interfaces may be on one segment: what this node says on one of them comes in on the others.
    if (port === undefined || this.#ownMacs.has(sourceOf(frame))) return
    const isArp = etherTypeOf(frame) === ETHER_TYPE.ARP
    const reply = (isArp ? port.arp : port.ndp)?.receive(frame, this.#options.now())
    if (reply !== undefined && !this.#isMuted()) this.#options.link.send(interfaceIndex, reply)
  }

  /** To be called by the link. */
  onInterfaces({ added, changed, removed }: LinkInterfacesChange): void {
    for (const { index } of removed) this.#dropPort(index)
    for (const link of added) this.#syncPort(link, undefined)
    for (const { before, after } of changed) this.#syncPort(after, before)
    this.#interest.forget()
    this.#interfacesChanged()
  }

  /**
   * Brings the kernel's filter up to date and sends the announcements that are due.
   *
   * @returns the time until there is something to send, in milliseconds, or `undefined` if there is nothing
   */
  work(): number | undefined {
    this.#interest.declare(this.#options.link, this.#ports.keys(), this.#wanted.values())
    const isMuted = this.#isMuted()
    if (!isMuted) this.#announceMissed()
    for (const { port, wanted, reason } of this.#schedule.take(this.#options.now())) {
      if (reason === 'question') {
        this.#sendQuestion(port, wanted)
        continue
      }
      if (isMuted) {
        this.#missed.add(wanted.text)
        continue
      }
      if (reason === 'reassertion') wanted.reassertion?.done(this.#options.now())
      for (const frame of port.announcementOf(wanted.address))
        if (this.#options.link.send(port.index, frame) === 'sent') wanted.gratuitous += 1
    }
    return this.#schedule.waitMs(this.#options.now())
  }

  counts(): readonly AddressCounts[] {
    return [...this.#wanted.values()].map(({ address, text, requests, replies, gratuitous }) => {
      const total = { address: text, requests, replies, gratuitous }
      for (const port of this.#ports.values()) {
        const counters = port.countersOf(address)
        total.requests += counters?.requests ?? 0
        total.replies += counters?.replies ?? 0
      }
      return total
    })
  }

  #isCarrierThere(address: string | undefined): boolean {
    const home = this.#homeOf(address)
    const links = this.#options.link.interfaces()
    const ports = [...this.#ports.keys()].flatMap((index) => links.get(index) ?? [])
    return home === undefined ? ports.some(({ hasCarrier }) => hasCarrier) : home.isUp && home.hasCarrier
  }

  /** The interface with the address, whether or not anything can be announced there. */
  #homeOf(address: string | undefined): LinkInterface | undefined {
    const links = [...this.#options.link.interfaces().values()].filter(
      (link) => !link.isLoopback && !this.#isExcluded(link)
    )
    const homes = links.filter(({ addresses }) =>
      addresses.some((each) => each.address.toString() === address)
    )
    const home = homes.find(({ isUp, hasCarrier }) => isUp && hasCarrier) ?? homes[0]
    if (home !== undefined) {
      this.#home = { address, index: home.index }
      return home
    }
    // An interface that is set down loses its IPv6 addresses.
    const last = this.#home
    if (last === undefined || last.address !== address) return undefined
    return links.find(({ index, isUp }) => index === last.index && !isUp)
  }

  #announceMissed(): void {
    if (this.#missed.size === 0) return
    this.announce([...this.#missed])
    this.#missed.clear()
  }

  #isMuted(): boolean {
    return this.#options.isMuted?.() === true
  }

  #set({ address: text, interfaces }: AnsweredAddress): void {
    const current = this.#wanted.get(text)
    const counts = { requests: 0, replies: 0, gratuitous: 0 }
    const claims = { defendedAtMs: Number.NEGATIVE_INFINITY, reassertion: undefined }
    const wanted = current ?? { address: parseIpAddress(text), text, interfaces, ...counts, ...claims }
    wanted.interfaces = interfaces
    if (current === undefined) this.#interest.note(wanted.address)
    this.#wanted.set(text, wanted)
    for (const port of this.#ports.values()) this.#syncAddress(port, wanted)
  }

  #remove(text: string): void {
    const wanted = this.#wanted.get(text)
    if (wanted === undefined) return
    this.#wanted.delete(text)
    this.#interest.note(wanted.address)
    for (const port of this.#ports.values()) this.#removeFromPort(port, wanted)
  }

  /** Puts the address on the port or takes it off, as it should be; announces it if it is new there. */
  #syncAddress(port: Port, wanted: Wanted): void {
    const isAllowed = wanted.interfaces === undefined || wanted.interfaces.includes(port.name)
    if (!isAllowed || !port.isFitFor(wanted.address)) this.#removeFromPort(port, wanted)
    else if (port.add(wanted.address)) this.#announceNews(port, wanted)
  }

  #removeFromPort(port: Port, wanted: Wanted): void {
    const counters = port.countersOf(wanted.address)
    wanted.requests += counters?.requests ?? 0
    wanted.replies += counters?.replies ?? 0
    port.remove(wanted.address)
    for (const reason of REASONS) this.#schedule.delete(scheduleKey({ port, wanted, reason }))
  }

  #announceNews(port: Port, wanted: Wanted): void {
    const delaysMs = wanted.address.family === 4 ? ARP_DELAYS_MS : NDP_DELAYS_MS
    this.#plan({ port, wanted, reason: 'news' }, delaysMs)
  }

  #planAll(addresses: readonly string[], reason: Announcement['reason'], delaysMs: readonly number[]): void {
    for (const text of addresses) {
      const wanted = this.#wanted.get(text)
      if (wanted === undefined) continue
      for (const port of this.#ports.values())
        if (port.has(wanted.address)) this.#plan({ port, wanted, reason }, delaysMs)
    }
  }

  #sendQuestion({ index }: Port, { address }: Wanted): void {
    const link = this.#options.link.interfaces().get(index)
    const frame = link === undefined ? undefined : questionOf(address, link)
    if (frame !== undefined) this.#options.link.send(index, frame)
  }

  #plan(announcement: Announcement, delaysMs: readonly number[]): void {
    this.#schedule.set(scheduleKey(announcement), announcement, delaysMs, this.#options.now())
  }

  #syncPort(link: LinkInterface, before: LinkInterface | undefined): void {
    const fitness = fitnessOf(link)
    const { mac } = link
    if (mac === undefined || fitness.unfitBecause !== undefined || this.#isExcluded(link)) {
      this.#dropPort(link.index)
      return
    }
    let port = this.#ports.get(link.index)
    if (port === undefined) {
      const onConflict = (address: IpAddress, other: string, kind: 'claim' | 'probe'): void =>
        this.#onConflict(link.index, address, other, kind)
      const onClaim = (address: IpAddress): void => this.#onClaim(link.index, address)
      port = new Port({
        link: this.#options.link,
        index: link.index,
        name: link.name,
        mac,
        onClaim,
        onConflict
      })
      this.#ports.set(link.index, port)
    }
    const isNews = port.update(link.name, mac, fitness) || (before?.hasCarrier === false && link.hasCarrier)
    for (const wanted of this.#wanted.values()) {
      this.#syncAddress(port, wanted)
      if (isNews && port.has(wanted.address)) this.#announceNews(port, wanted)
    }
  }

  #dropPort(index: number): void {
    const port = this.#ports.get(index)
    if (port === undefined) return
    for (const wanted of this.#wanted.values())
      if (port.has(wanted.address)) this.#removeFromPort(port, wanted)
    this.#ports.delete(index)
  }

  #isExcluded(link: LinkInterface): boolean {
    return this.#options.exclude?.test(link.name) === true
  }

  #onClaim(index: number, address: IpAddress): void {
    const wanted = this.#wanted.get(address.toString())
    const port = this.#ports.get(index)
    if (wanted === undefined || port === undefined) return
    this.#options.onClaim?.(wanted.text)
    wanted.reassertion ??= new Reassertion()
    const delayMs = wanted.reassertion.delayMs(this.#options.now())
    this.#plan({ port, wanted, reason: 'reassertion' }, [delayMs])
  }

  #onConflict(index: number, address: IpAddress, mac: string, kind: 'claim' | 'probe'): void {
    const wanted = this.#wanted.get(address.toString())
    const port = this.#ports.get(index)
    if (wanted === undefined || port === undefined) return
    const nowMs = this.#options.now()
    // RFC 5227 §2.4(c): keep the address and say so, but not in a battle of broadcasts.
    if (nowMs - wanted.defendedAtMs >= DEFEND_INTERVAL_MS) {
      wanted.defendedAtMs = nowMs
      this.#plan({ port, wanted, reason: 'defence' }, [0])
    }
    this.#options.onEvent({ type: 'conflict', address: wanted.text, interface: port.name, mac, kind })
  }

  #interfacesChanged(): void {
    this.#carrier = undefined
    this.#ownMacs = new Set(Array.from(this.#ports.values(), ({ mac }) => numberAt(mac.toBytes(), 0)))
    this.#tellInterfaces()
  }

  #tellInterfaces(): void {
    const interfaces = [...this.#options.link.interfaces().values()]
      .filter((link) => !this.#isExcluded(link))
      .map((link) => {
        const { name, hasCarrier } = link
        return { name, unfitBecause: fitnessOf(link).unfitBecause, hasCarrier }
      })
    this.#options.onEvent({ type: 'interfaces', interfaces })
  }
}

/** The source address of an Ethernet frame. */
function sourceOf(frame: Uint8Array): number {
  return numberAt(frame, 6)
}

/** Six octets as one number. */
function numberAt(bytes: Uint8Array, offset: number): number {
  let value = 0
  for (let i = offset; i < offset + 6; i += 1) value = value * 256 + (bytes[i] ?? 0)
  return value
}

function scheduleKey({ port, wanted, reason }: Announcement): string {
  return `${port.index} ${wanted.text} ${reason}`
}
