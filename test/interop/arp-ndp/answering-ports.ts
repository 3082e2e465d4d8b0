import { ANNOUNCEMENT_DELAYS_MS as ARP_DELAYS_MS } from '@clarion-lb/arp'
import { type Link, type LinkInterface, type LinkInterfacesChange, TransmitSchedule } from '@clarion-lb/link'
import { ANNOUNCEMENT_DELAYS_MS as NDP_DELAYS_MS } from '@clarion-lb/ndp'
import { type IpAddress, type MacAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, etherTypeOf } from '@clarion-lb/wire'
import { AnsweringPort, type Conflict } from './answering-port.ts'
import type { AnsweringInterface, FromResponder } from './responder-protocol.ts'

export interface AnsweringPortsOptions {
  readonly link: Link
  readonly tell: (message: FromResponder) => void
}

/** What the speaker does with these packages, and no more: apps may not be imported here. */
export class AnsweringPorts {
  readonly #link: Link
  readonly #tell: (message: FromResponder) => void
  readonly #wanted = new Map<string, IpAddress>()
  readonly #ports = new Map<number, AnsweringPort>()
  readonly #schedule = new TransmitSchedule<{ readonly port: AnsweringPort; readonly address: IpAddress }>()
  #unicast = 0
  #answered = 0
  #announced = 0
  #isInterestStale = true

  constructor({ link, tell }: AnsweringPortsOptions) {
    this.#link = link
    this.#tell = tell
  }

  /** After the link has started. */
  start(): void {
    for (const found of this.#link.interfaces().values()) this.#syncPort(found, undefined)
  }

  want(texts: readonly string[], delaysMs: readonly number[] | undefined): void {
    for (const text of texts) {
      const address = parseIpAddress(text)
      this.#wanted.set(text, address)
      for (const port of this.#ports.values()) if (port.add(address)) this.#announce(port, address, delaysMs)
    }
    this.#isInterestStale = true
  }

  drop(texts: readonly string[]): void {
    for (const text of texts) {
      const address = this.#wanted.get(text)
      if (address === undefined) continue
      this.#wanted.delete(text)
      for (const port of this.#ports.values()) this.#removeFrom(port, address)
    }
    this.#isInterestStale = true
  }

  onFrame(frame: Uint8Array, index: number): void {
    const port = this.#ports.get(index)
    if (port === undefined) return
    if (((frame[0] ?? 0) & 1) === 0) this.#unicast += 1
    const isArp = etherTypeOf(frame) === ETHER_TYPE.ARP
    const reply = (isArp ? port.arp : port.ndp).receive(frame, performance.now())
    if (reply !== undefined && this.#link.send(index, reply) === 'sent') this.#answered += 1
  }

  onInterfaces({ added, changed, removed }: LinkInterfacesChange): void {
    for (const { index } of removed) this.#dropPort(index)
    for (const found of added) this.#syncPort(found, undefined)
    for (const { before, after } of changed) this.#syncPort(after, before)
    this.#isInterestStale = true
    // What is told is true: the filter is in place before it is.
    this.work()
    this.#tell({
      type: 'answering',
      interfaces: [...this.#ports.values()].map((port) => this.#describe(port))
    })
  }

  /** Sends what is due. Returns the time until there is more to send. */
  work(): number | undefined {
    if (this.#isInterestStale) this.#declareInterest()
    for (const { port, address } of this.#schedule.take(performance.now())) {
      for (const frame of port.announcementOf(address))
        if (this.#link.send(port.index, frame) === 'sent') this.#announced += 1
    }
    return this.#schedule.waitMs(performance.now())
  }

  counters(): Omit<Extract<FromResponder, { type: 'counters' }>, 'type'> {
    const { received, unwanted, lost } = this.#link.counters()
    const [unicast, answered, announced] = [this.#unicast, this.#answered, this.#announced]
    return { received, unwanted, lost, unicast, answered, announced }
  }

  #announce(port: AnsweringPort, address: IpAddress, delaysMs?: readonly number[]): void {
    const usual = address.family === 4 ? ARP_DELAYS_MS : NDP_DELAYS_MS
    this.#schedule.set(keyOf(port, address), { port, address }, delaysMs ?? usual, performance.now())
  }

  #syncPort(found: LinkInterface, before: LinkInterface | undefined): void {
    const { mac } = found
    if (mac === undefined || !isFit(found)) {
      this.#dropPort(found.index)
      return
    }
    const port = this.#ports.get(found.index) ?? this.#openPort(found, mac)
    const isNews = port.update(found.name, mac) || (before?.hasCarrier === false && found.hasCarrier)
    for (const address of this.#wanted.values())
      if (port.add(address) || isNews) this.#announce(port, address)
  }

  #openPort({ index, name }: LinkInterface, mac: MacAddress): AnsweringPort {
    const onConflict = ({ kind, address, mac: other }: Conflict): void => {
      const facts = { interface: port.name, address: address.toString(), mac: other.toString() }
      this.#tell({ type: 'conflict', kind, ...facts })
    }
    const port = new AnsweringPort({ link: this.#link, index, name, mac, onConflict })
    this.#ports.set(index, port)
    return port
  }

  #describe({ index, name, mac }: AnsweringPort): AnsweringInterface {
    const hasCarrier = this.#link.interfaces().get(index)?.hasCarrier === true
    return { name, mac: mac.toString(), hasCarrier }
  }

  #dropPort(index: number): void {
    const port = this.#ports.get(index)
    if (port === undefined) return
    for (const address of this.#wanted.values()) this.#removeFrom(port, address)
    this.#ports.delete(index)
  }

  #removeFrom(port: AnsweringPort, address: IpAddress): void {
    port.remove(address)
    this.#schedule.delete(keyOf(port, address))
  }

  #declareInterest(): void {
    this.#isInterestStale = false
    const wanted = [...this.#wanted.values()]
    this.#link.setInterest({
      interfaces: this.#ports.keys(),
      arpAddresses: wanted.filter((address) => address.family === 4),
      ndpAddresses: wanted.filter((address) => address.family === 6)
    })
  }
}

function isFit({ isUp, isLoopback, isNoArp, masterIndex }: LinkInterface): boolean {
  return isUp && !isLoopback && !isNoArp && masterIndex === undefined
}

function keyOf(port: AnsweringPort, address: IpAddress): string {
  return `${port.index} ${address.toString()}`
}
