import { encodeAnnouncement } from '@clarion-lb/arp'
import { MemoryLink, MemorySegment } from '@clarion-lb/link'
import type { LivenessClock, LivenessTransport, TransportListener } from '@clarion-lb/liveness'
import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import type { DefaultGateway } from '../src/plane/default-gateway.ts'
import type { LivenessSettings, PlaneEvent } from '../src/plane/messages.ts'
import { PlaneCore } from '../src/plane/plane-core.ts'

const PORT = 7475
const KEY = new Uint8Array(32).fill(7)
const CLIENT = { name: 'client', mac: MacAddress.parse('02:00:00:00:00:99'), ip: '192.0.2.99' }
const GATEWAY = { name: 'gateway', mac: MacAddress.parse('02:00:00:00:00:01'), ip: '192.0.2.254' }
const STEP_MS = 5

/** Of all nodes of a world. */
class VirtualClock implements LivenessClock {
  readonly #deadlines = new Set<{ readonly atMs: number; readonly call: () => void }>()
  nowMs = 1_000_000

  now(): number {
    return this.nowMs
  }

  wallClockMs(): number {
    return this.nowMs + 1_700_000_000_000
  }

  after(delayMs: number, call: () => void): () => void {
    const deadline = { atMs: this.nowMs + delayMs, call }
    this.#deadlines.add(deadline)
    return () => void this.#deadlines.delete(deadline)
  }

  run(): void {
    for (const deadline of this.#deadlines) {
      if (deadline.atMs > this.nowMs) continue
      this.#deadlines.delete(deadline)
      deadline.call()
    }
  }
}

export interface PlaneWorldOptions {
  readonly names: readonly string[]
  /** By address. */
  readonly candidates: Readonly<Record<string, readonly string[]>>
  /** @defaultValue none */
  readonly gateway?: boolean
  /** Nodes on which another program has the UDP port from the start. @defaultValue none */
  readonly takenPorts?: readonly string[]
}

interface Host {
  readonly name: string
  readonly address: string
  readonly mac: MacAddress
  readonly clock: VirtualClock
  readonly link: MemoryLink
  readonly core: PlaneCore
  readonly events: PlaneEvent[]
  listener: TransportListener | undefined
  isFrozen: boolean
  isDown: boolean
  readonly inbox: Uint8Array[]
}

/** Planes of several nodes on one segment in memory, with datagrams between them, in virtual time. */
export class PlaneWorld {
  readonly #hosts = new Map<string, Host>()
  readonly #segment = new MemorySegment({ delivery: 'manual' })
  readonly #client: MemoryLink
  readonly #answers = new Map<string, string>()
  readonly #cut = new Set<string>()
  readonly #mute = new Set<string>()
  readonly #takenPorts: Set<string>
  readonly #options: PlaneWorldOptions
  nowMs = 1_000_000

  constructor(options: PlaneWorldOptions) {
    this.#options = options
    this.#takenPorts = new Set(options.takenPorts)
    this.#client = new MemoryLink({
      interfaces: [{ name: 'eth0', segment: this.#segment, mac: CLIENT.mac }],
      isPromiscuous: true,
      onFrame: (frame) => this.#hear(frame)
    })
    this.#client.start()
    if (options.gateway === true) this.#startGateway()
    options.names.forEach((name, i) => this.#start(name, i + 10))
  }

  /** The node that the client believes an address to be at, by what it heard last. */
  ownerOf(address: string): string | undefined {
    const mac = this.#answers.get(address)
    return [...this.#hosts.values()].find((host) => host.mac.toString() === mac)?.name
  }

  /** Asks for an address, and returns all nodes that answer. */
  ask(address: string): readonly string[] {
    const before = this.#heardReplies.length
    const [request] = encodeAnnouncement(CLIENT.mac, Ipv4Address.parse(address))
    request.set(Ipv4Address.parse(CLIENT.ip).toBytes(), 28)
    this.#client.send(1, request)
    this.#deliver()
    return this.#heardReplies.slice(before)
  }

  eventsOf(name: string): readonly PlaneEvent[] {
    return this.#host(name).events
  }

  /** Frames and datagrams of a node get lost; its carrier stays. */
  cut(name: string): void {
    this.#cut.add(name)
  }

  mend(name: string): void {
    this.#cut.delete(name)
  }

  /** Datagrams of these nodes get lost, as in a firewall; frames do not. */
  blockDatagrams(...names: readonly string[]): void {
    for (const name of names) this.#mute.add(name)
  }

  unblockDatagrams(...names: readonly string[]): void {
    for (const name of names) this.#mute.delete(name)
  }

  /** Another program has the UDP port of a node, for who asks for it from now on. */
  takePort(name: string): void {
    this.#takenPorts.add(name)
  }

  freePort(name: string): void {
    this.#takenPorts.delete(name)
  }

  /** Has a node probe anew, as with another port in the settings. */
  changePort(name: string): void {
    this.#host(name).core.setLiveness({ ...this.#settings(), port: PORT + 1 })
  }

  /** Which nodes there are, as a node knows. */
  setNodes(name: string, nodes: readonly string[]): void {
    const settings = this.#settings()
    const members = settings.members.filter((member) => nodes.includes(member.name))
    this.#host(name).core.setLiveness({ ...settings, members })
  }

  setCarrier(name: string, hasCarrier: boolean): void {
    this.#host(name).link.changeInterface(1, { hasCarrier })
    if (hasCarrier) this.mend(name)
    else this.cut(name)
  }

  /** What a node said of its cable last, others are told by another way. @returns the life that it said */
  relayCarrier(name: string): number | undefined {
    const said = this.eventsOf(name).findLast((event) => event.type === 'carrier')
    this.relayUnplugged(name, said?.unpluggedLifeMs)
    return said?.unpluggedLifeMs
  }

  relayUnplugged(name: string, lifeMs: number | undefined): void {
    for (const host of this.#hosts.values())
      if (host.name !== name) host.core.setLiveness(this.#settings({ name, lifeMs }))
  }

  /** The process does nothing for a while: SIGSTOP, or no processor. */
  freeze(name: string): void {
    this.#host(name).isFrozen = true
  }

  thaw(name: string): void {
    const host = this.#host(name)
    host.isFrozen = false
    const latenessMs = this.nowMs - host.clock.nowMs
    host.clock.nowMs = this.nowMs
    host.core.wasLate(latenessMs)
    this.#work(host)
  }

  /** The process is gone, its node is not: the kernel refuses datagrams. */
  kill(name: string): void {
    const host = this.#host(name)
    host.isDown = true
    host.link.stop()
  }

  leave(name: string): void {
    this.#host(name).core.leave()
  }

  isDone(name: string): boolean {
    return this.#host(name).core.isDone
  }

  /** Until a time has passed, or what is waited for is so. Returns how long it took. */
  run(durationMs: number, isEnough: () => boolean = () => false): number {
    const startMs = this.nowMs
    while (this.nowMs < startMs + durationMs && !isEnough()) {
      this.nowMs += STEP_MS
      for (const host of this.#hosts.values()) if (!host.isFrozen && !host.isDown) this.#work(host)
      this.#deliver()
    }
    return this.nowMs - startMs
  }

  readonly #heardReplies: string[] = []

  #hear(frame: Uint8Array): void {
    const mac = MacAddress.fromBytes(frame.subarray(6, 12)).toString()
    const host = [...this.#hosts.values()].find((one) => one.mac.toString() === mac)
    if (host === undefined || this.#cut.has(host.name) || frame[12] !== 8 || frame[13] !== 6) return
    const senderIp = Ipv4Address.fromBytes(frame.slice(28, 32)).toString()
    if (senderIp === host.address) return
    if (frame[0] !== 0xff) this.#heardReplies.push(host.name)
    this.#answers.set(senderIp, mac)
  }

  #deliver(): void {
    this.#segment.deliver()
  }

  #work(host: Host): void {
    host.clock.nowMs = this.nowMs
    for (const datagram of host.inbox.splice(0)) host.listener?.onDatagram(datagram)
    host.clock.run()
    host.core.work()
  }

  #start(name: string, number: number): void {
    const { candidates, gateway } = this.#options
    const address = `192.0.2.${number}`
    const mac = MacAddress.parse(`02:00:00:00:00:${number}`)
    const clock = new VirtualClock()
    const events: PlaneEvent[] = []
    const link: MemoryLink = new MemoryLink({
      interfaces: [
        {
          name: 'eth0',
          segment: this.#segment,
          mac,
          addresses: [{ address: Ipv4Address.parse(address), prefixLength: 24 }]
        }
      ],
      onFrame: (frame, index) => {
        if (this.#passes(frame, name) && !this.#host(name).isFrozen) core.onFrame(frame, index)
      },
      onInterfaces: (change) => core.onInterfaces(change)
    })
    const gatewayFound = { interface: 'eth0', address: Ipv4Address.parse(GATEWAY.ip), metric: 0 }
    const core = new PlaneCore({
      node: name,
      takeBackMs: 2000,
      link,
      exclude: undefined,
      onEvent: (event) => events.push(event),
      means: { clock, createTransport: () => this.#transport(name) },
      readGateway: (): DefaultGateway | undefined => (gateway === true ? gatewayFound : undefined)
    })
    const state = { listener: undefined, isFrozen: false, isDown: false, inbox: [] }
    this.#hosts.set(name, { name, address, mac, clock, link, core, events, ...state })
    link.start()
    core.start()
    core.setLiveness(this.#settings())
    const set = Object.entries(candidates).map(([vip, order]) => ({
      address: vip,
      interfaces: undefined,
      candidates: order
    }))
    core.apply({ set, remove: [] })
  }

  #settings(unplugged?: { readonly name: string; readonly lifeMs: number | undefined }): LivenessSettings {
    const members = this.#options.names.map((name, i) => ({
      name,
      address: `192.0.2.${i + 10}`,
      unpluggedLifeMs: name === unplugged?.name ? unplugged.lifeMs : undefined
    }))
    return { port: PORT, patience: 1, keys: [KEY], members }
  }

  #transport(name: string): LivenessTransport {
    const send = (bytes: Uint8Array, to: string): 'sent' | 'refused' => {
      const receiver = [...this.#hosts.values()].find(({ address }) => address === to)
      if (receiver === undefined || this.#isLost(name) || this.#isLost(receiver.name)) return 'sent'
      if (receiver.isDown || receiver.listener === undefined) return 'refused'
      receiver.inbox.push(bytes.slice())
      return 'sent'
    }
    const isOpen = (): boolean => this.#host(name).listener !== undefined
    return {
      get port() {
        return isOpen() ? PORT : 0
      },
      open: (listener) => {
        if (this.#takenPorts.has(name)) throw new Error('address already in use')
        this.#host(name).listener = listener
      },
      send: (bytes, { address }) => {
        send(bytes, address.toString())
        return 0
      },
      probe: (bytes, { address }, tag) => {
        const { listener, clock } = this.#host(name)
        if (send(bytes, address.toString()) === 'refused') clock.after(1, () => listener?.onRefused(tag))
        return 0
      },
      drain: () => undefined,
      close: () => {
        this.#host(name).listener = undefined
      }
    }
  }

  #isLost(name: string): boolean {
    return this.#cut.has(name) || this.#mute.has(name)
  }

  /** Whether a frame reaches a node, by who sent it. */
  #passes(frame: Uint8Array, to: string): boolean {
    if (this.#cut.has(to)) return false
    const mac = MacAddress.fromBytes(frame.subarray(6, 12)).toString()
    const from = [...this.#hosts.values()].find((host) => host.mac.toString() === mac)
    return from === undefined || !this.#cut.has(from.name)
  }

  #startGateway(): void {
    const gateway: MemoryLink = new MemoryLink({
      interfaces: [{ name: 'eth0', segment: this.#segment, mac: GATEWAY.mac }],
      isPromiscuous: true,
      onFrame: (frame) => {
        const target = frame.length >= 42 ? Ipv4Address.fromBytes(frame.slice(38, 42)).toString() : ''
        const asker = MacAddress.fromBytes(frame.subarray(6, 12))
        const host = [...this.#hosts.values()].find((one) => one.mac.equals(asker))
        if (target !== GATEWAY.ip || host === undefined || this.#cut.has(host.name)) return
        const [, reply] = encodeAnnouncement(GATEWAY.mac, Ipv4Address.parse(GATEWAY.ip))
        gateway.send(1, reply)
      }
    })
    gateway.start()
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`there is no node ${name}`)
    return host
  }
}
