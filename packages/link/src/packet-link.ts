import {
  arpFilter,
  DROP_ALL,
  ERRNO,
  EventFd,
  type FrameFilter,
  isInterfaceGone,
  LinuxNetError,
  MulticastSocket,
  neighborFilter,
  notifyEventFd,
  PacketSocket,
  Poller
} from '@clarion-lb/linux-net'
import type { Ipv6Address } from '@clarion-lb/netaddr'
import { ETHER_TYPE } from '@clarion-lb/wire'
import { FrameMatcher } from './frame-matcher.ts'
import { GroupMemberships } from './group-memberships.ts'
import type {
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterface,
  PollableLink,
  SendResult
} from './link.ts'
import { LinkStatistics } from './link-statistics.ts'
import { NetlinkInterfaces } from './netlink-interfaces.ts'

export interface PacketLinkOptions extends LinkHandlers {
  /** Of each of the two sockets. Default 4 MiB: some 10,000 frames. */
  readonly receiveBufferBytes?: number
}

interface Opened {
  readonly arp: PacketSocket
  readonly neighbor: PacketSocket
  readonly wake: EventFd
  readonly poller: Poller
  readonly groups: GroupMemberships
}

/** Batches read in one round before the others have their turn. */
const MAX_BATCHES = 16
/** Ranges of addresses in a filter; the coarser ones are for systems with a small net.core.optmem_max. */
const FINEST_RANGES = 600
const COARSER_RANGES = [FINEST_RANGES, 200, 60, 16]
const RUN_TIMEOUT_MS = 250

/**
 * Frames by AF_PACKET: one socket for ARP and one for neighbour discovery on all interfaces, and an rtnetlink socket for
 * the list of interfaces. Needs Linux and CAP_NET_RAW.
 */
export class PacketLink implements PollableLink {
  readonly #options: PacketLinkOptions
  readonly #interfaces: NetlinkInterfaces = new NetlinkInterfaces()
  readonly #statistics: LinkStatistics = new LinkStatistics()
  #opened: Opened | undefined
  #interest: LinkInterest = { interfaces: [], arpAddresses: [], ndpAddresses: [] }
  /** Set while the kernel lets through more than was asked for. */
  #matcher: FrameMatcher | undefined

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
      const poller = new Poller([arp.fd, neighbor.fd, this.#interfaces.fd, wake.fd])
      const groups = new GroupMemberships(() => MulticastSocket.open())
      this.#opened = { arp, neighbor, wake, poller, groups }
      this.setInterest(this.#interest)
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

  setInterest({ interfaces, arpAddresses, ndpAddresses }: LinkInterest): void {
    this.#interest = {
      interfaces: [...interfaces],
      arpAddresses: [...arpAddresses],
      ndpAddresses: [...ndpAddresses]
    }
    const opened = this.#opened
    if (opened === undefined) return
    const interest = this.#interest
    const isExactArp = install(opened.arp, (maxRanges) =>
      arpFilter(interest.arpAddresses, { interfaces: interest.interfaces, maxRanges })
    )
    const isExactNeighbor = install(opened.neighbor, (maxRanges) =>
      neighborFilter(interest.ndpAddresses, { interfaces: interest.interfaces, maxRanges })
    )
    this.#matcher = isExactArp && isExactNeighbor ? undefined : new FrameMatcher(interest)
  }

  joinGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#opened?.groups.join(interfaceIndex, group)
  }

  leaveGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#opened?.groups.leave(interfaceIndex, group)
  }

  poll(timeoutMs: number): void {
    const opened = this.#opened
    if (opened === undefined || opened.poller.wait(timeoutMs) === 0) return
    this.#work(opened)
  }

  async run(signal: AbortSignal): Promise<void> {
    this.start()
    const wake = (): void => wakeLink(this.wakeFd)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted && this.#opened !== undefined) {
        const opened = this.#opened
        // oxlint-disable-next-line no-await-in-loop -- one wait after the other is what a loop over events is
        if ((await opened.poller.waitAsync(RUN_TIMEOUT_MS)) > 0 && this.#opened === opened) this.#work(opened)
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

  #work(opened: Opened): void {
    const { arp, neighbor, poller, wake } = opened
    if (poller.isReady(3)) wake.drain()
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
    if (this.#matcher?.matches(frame, interfaceIndex) === false) {
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

/** Puts the finest filter in place that the kernel has room for. Returns whether it is exact. */
function install(socket: PacketSocket, build: (maxRanges: number) => FrameFilter): boolean {
  const finest = tryInstall(socket, build(FINEST_RANGES))
  if (finest !== undefined) return finest
  // Old and new filter count together: a small one in between makes room for the next.
  const coarsest = tryInstall(socket, build(1))
  if (coarsest === undefined) throw new LinuxNetError('setsockopt SO_ATTACH_FILTER', ERRNO.ENOMEM)
  for (const maxRanges of COARSER_RANGES) {
    const result = tryInstall(socket, build(maxRanges))
    if (result !== undefined) return result
  }
  return coarsest
}

/** `undefined` if there is no room for it: net.core.optmem_max. */
function tryInstall(socket: PacketSocket, { program, isExact }: FrameFilter): boolean | undefined {
  try {
    socket.setFilter(program)
    return isExact
  } catch (error) {
    if (error instanceof LinuxNetError && error.errno === ERRNO.ENOMEM) return undefined
    throw error
  }
}

function resultOf(errno: number): SendResult {
  if (errno === 0) return 'sent'
  if (errno === ERRNO.ENETDOWN) return 'interface-down'
  if (isInterfaceGone(errno)) return 'interface-gone'
  const isQueueFull = errno === ERRNO.ENOBUFS || errno === ERRNO.EAGAIN || errno === ERRNO.ENOMEM
  return isQueueFull ? 'queue-full' : 'refused'
}
