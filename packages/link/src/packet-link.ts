import {
  DROP_ALL,
  ERRNO,
  EventFd,
  isInterfaceGone,
  MulticastSocket,
  notifyEventFd,
  PacketSocket,
  Poller
} from '@clarion-lb/linux-net'
import type { Ipv6Address } from '@clarion-lb/netaddr'
import { ETHER_TYPE } from '@clarion-lb/wire'
import { FrameMatcher } from './frame-matcher.ts'
import { GroupMemberships } from './group-memberships.ts'
import { InterestFilter } from './interest-filter.ts'
import type {
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterestChange,
  LinkInterface,
  PollableLink,
  SendResult
} from './link.ts'
import { LinkStatistics } from './link-statistics.ts'
import { NetlinkInterfaces } from './netlink-interfaces.ts'

export interface PacketLinkOptions extends LinkHandlers {
  /** Of each of the two sockets. Default 4 MiB: some 10,000 frames. */
  readonly receiveBufferBytes?: number
  /** Called when a sleep in {@link PacketLink.poll} is over, before anything that came meanwhile is handed in. */
  readonly onWake?: () => void
}

interface Opened {
  readonly arp: PacketSocket
  readonly neighbor: PacketSocket
  readonly wake: EventFd
  poller: Poller
  readonly groups: GroupMemberships
  readonly filter: InterestFilter
}

/** Descriptors of others that are polled with those of the link; they come after these. */
interface Company {
  readonly descriptors: readonly number[]
  readonly onReady: () => void
}

const OWN_DESCRIPTORS = 4

/** Batches read in one round before the others have their turn. */
const MAX_BATCHES = 16
const RUN_TIMEOUT_MS = 250

/**
 * Frames by AF_PACKET: one socket for ARP and one for neighbour discovery on all interfaces, and an rtnetlink socket for
 * the list of interfaces. Needs Linux and CAP_NET_RAW.
 */
export class PacketLink implements PollableLink {
  readonly #options: PacketLinkOptions
  readonly #interfaces: NetlinkInterfaces = new NetlinkInterfaces()
  readonly #statistics: LinkStatistics = new LinkStatistics()
  #wanted: FrameMatcher = new FrameMatcher({ interfaces: [], arpAddresses: [], ndpAddresses: [] })
  #opened: Opened | undefined
  #company: Company = { descriptors: [], onReady: () => undefined }

  constructor(options: PacketLinkOptions) {
    this.#options = options
  }

  /** @throws LinuxNetError, UnsupportedSystemError of linux-net */
  start(): void {
    if (this.#opened !== undefined) return
    const closers: (() => void)[] = []
    try {
      this.#interfaces.start()
      closers.push(() => this.#interfaces.stop())
      const arp = this.#openSocket(ETHER_TYPE.ARP)
      closers.push(() => arp.close())
      const neighbor = this.#openSocket(ETHER_TYPE.IPV6)
      closers.push(() => neighbor.close())
      const wake = EventFd.open()
      closers.push(() => wake.close())
      const groups = new GroupMemberships(() => MulticastSocket.open())
      const filter = new InterestFilter(arp, neighbor, this.#wanted)
      this.#opened = { arp, neighbor, wake, poller: new Poller([]), groups, filter }
      this.#renewPoller(this.#opened)
    } catch (error) {
      this.#opened = undefined
      for (const close of closers) close()
      throw error
    }
  }

  get wakeFd(): number {
    return this.#opened?.wake.fd ?? -1
  }

  interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#interfaces.interfaces
  }

  send(interfaceIndex: number, frame: Uint8Array): SendResult {
    const errno = this.#opened?.arp.send(interfaceIndex, frame)
    return this.#statistics.countSend(errno === undefined ? 'stopped' : resultOf(errno))
  }

  setInterest(interest: LinkInterest): void {
    this.#wanted = new FrameMatcher(interest)
    this.#opened?.filter.replace(this.#wanted)
  }

  changeInterest({ add, remove }: LinkInterestChange): void {
    for (const address of remove) this.#wanted.remove(address)
    for (const address of add) this.#wanted.add(address)
    this.#opened?.filter.widen(add, performance.now())
  }

  joinGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#opened?.groups.join(interfaceIndex, group)
  }

  leaveGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#opened?.groups.leave(interfaceIndex, group)
  }

  poll(timeoutMs: number): void {
    const opened = this.#opened
    if (opened === undefined) return
    const ready = opened.poller.wait(timeoutMs)
    this.#options.onWake?.()
    if (ready > 0) this.#work(opened)
    // A handler may have stopped us.
    if (this.#opened === opened) opened.filter.refine(performance.now())
  }

  /**
   * Sockets of somebody else that {@link PacketLink.poll} waits for, too, in place of those before. They are read before
   * frames are.
   */
  keepCompany(descriptors: readonly number[], onReady: () => void): void {
    this.#company = { descriptors: [...descriptors], onReady }
    if (this.#opened !== undefined) this.#renewPoller(this.#opened)
  }

  async run(signal: AbortSignal): Promise<void> {
    this.start()
    const wake = (): void => wakeLink(this.wakeFd)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted && this.#opened !== undefined) {
        const opened = this.#opened
        // oxlint-disable-next-line no-await-in-loop -- one wait after the other is what a loop over events is
        const ready = await opened.poller.waitAsync(RUN_TIMEOUT_MS)
        if (ready > 0 && this.#opened === opened) this.#work(opened)
        if (this.#opened === opened) opened.filter.refine(performance.now())
      }
    } finally {
      signal.removeEventListener('abort', wake)
      this.stop()
    }
  }

  counters(): LinkCounters {
    if (this.#opened !== undefined) {
      this.#statistics.lost += this.#opened.arp.takeStatistics().dropped
      this.#statistics.lost += this.#opened.neighbor.takeStatistics().dropped
    }
    this.#statistics.interfaceOverruns = this.#interfaces.overruns
    return this.#statistics.snapshot()
  }

  stop(): void {
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    wakeLink(opened.wake.fd)
    opened.arp.close()
    opened.neighbor.close()
    opened.wake.close()
    opened.groups.close()
    this.#interfaces.stop()
  }

  #openSocket(etherType: number): PacketSocket {
    const { receiveBufferBytes } = this.#options
    const size = receiveBufferBytes === undefined ? {} : { receiveBufferBytes }
    return PacketSocket.open({ etherType, filter: DROP_ALL, ...size })
  }

  #renewPoller(opened: Opened): void {
    const { arp, neighbor, wake } = opened
    opened.poller = new Poller([
      arp.fd,
      neighbor.fd,
      this.#interfaces.fd,
      wake.fd,
      ...this.#company.descriptors
    ])
  }

  #work(opened: Opened): void {
    const { arp, neighbor, poller, wake } = opened
    const { descriptors, onReady } = this.#company
    if (poller.isReady(3)) wake.drain()
    if (descriptors.some((_, i) => poller.isReady(OWN_DESCRIPTORS + i))) onReady()
    if (poller.isReady(2)) this.#readInterfaces(opened)
    if (poller.isReady(0)) this.#readFrames(arp)
    if (poller.isReady(1)) this.#readFrames(neighbor)
  }

  #readInterfaces({ groups }: Opened): void {
    const change = this.#interfaces.read()
    if (change === undefined) return
    for (const { index } of change.removed) groups.suspend(index)
    for (const { index } of [...change.added, ...change.changed.map(({ after }) => after)])
      groups.resume(index)
    this.#options.onInterfaces?.(change)
  }

  #readFrames(socket: PacketSocket): void {
    for (let batches = 0; batches < MAX_BATCHES; batches += 1) {
      // A handler may have stopped us.
      if (socket.fd === -1) return
      const { errors, isFull } = socket.receive(this.#onFrame)
      this.#statistics.receiveErrors += errors
      if (!isFull) return
    }
  }

  readonly #onFrame = (frame: Uint8Array, interfaceIndex: number): void => {
    if (this.#opened?.filter.wants(frame, interfaceIndex) !== true) {
      this.#statistics.unwanted += 1
      return
    }
    this.#statistics.received += 1
    this.#options.onFrame(frame, interfaceIndex)
  }
}

/** Ends the sleep of {@link PollableLink.poll}, from any thread of the process. The number is `link.wakeFd`. */
export function wakeLink(wakeFd: number): void {
  if (wakeFd >= 0) notifyEventFd(wakeFd)
}

function resultOf(errno: number): SendResult {
  if (errno === 0) return 'sent'
  if (errno === ERRNO.ENETDOWN) return 'interface-down'
  if (isInterfaceGone(errno)) return 'interface-gone'
  const isQueueFull = errno === ERRNO.ENOBUFS || errno === ERRNO.EAGAIN || errno === ERRNO.ENOMEM
  return isQueueFull ? 'queue-full' : 'refused'
}
