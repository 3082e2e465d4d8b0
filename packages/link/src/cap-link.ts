import { createRequire } from 'node:module'
import { EventFd, MulticastSocket, notifyEventFd, Poller } from '@clarion-lb/linux-net'
import type { Ipv6Address } from '@clarion-lb/netaddr'
import { CapCapture } from './cap-capture.ts'
import { LinkBackendError } from './errors.ts'
import { FrameMatcher } from './frame-matcher.ts'
import { GroupMemberships } from './group-memberships.ts'
import type {
  Link,
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterestChange,
  LinkInterface,
  LinkInterfacesChange,
  SendResult
} from './link.ts'
import { LinkStatistics } from './link-statistics.ts'
import { NetlinkInterfaces } from './netlink-interfaces.ts'
import { OsInterfaces } from './os-interfaces.ts'

export interface CapLinkOptions extends LinkHandlers {
  /**
   * Where the package `cap` is resolved from: a directory, or a file in it. Default: this package, whose optional peer
   * dependency it is.
   */
  readonly capFrom?: string
  /** Called when a capture ended or could not begin; it is tried again by itself. For a log. */
  readonly onFault?: (interfaceIndex: number, message: string) => void
}

const RUN_TIMEOUT_MS = 250
/** Systems without rtnetlink are asked this often what has changed. */
const OS_INTERVAL_MS = 2000

/**
 * Frames by libpcap, for systems without AF_PACKET: a child process for every interface of interest, which is started
 * again when it ends. Multicast groups are joined on Linux only; libpcap listens promiscuously anyway. Works while
 * {@link CapLink.run} does.
 */
export class CapLink implements Link {
  readonly #options: CapLinkOptions
  readonly #statistics: LinkStatistics = new LinkStatistics()
  readonly #netlink: NetlinkInterfaces | undefined
  readonly #os: OsInterfaces = new OsInterfaces()
  readonly #groups: GroupMemberships | undefined
  readonly #captures: Map<number, CapCapture> = new Map()
  readonly #stopped: AbortController = new AbortController()
  #wanted: FrameMatcher = new FrameMatcher({ interfaces: [], arpAddresses: [], ndpAddresses: [] })
  #modulePath: string | undefined

  constructor(options: CapLinkOptions) {
    this.#options = options
    const isLinux = process.platform === 'linux'
    this.#netlink = isLinux ? new NetlinkInterfaces() : undefined
    this.#groups = isLinux ? new GroupMemberships(() => MulticastSocket.open()) : undefined
  }

  /** @throws LinkBackendError if `cap` is not installed. A link that was stopped cannot be started again. */
  start(): void {
    if (this.#modulePath !== undefined || this.#stopped.signal.aborted) return
    const modulePath = resolveCap(this.#options.capFrom)
    if (this.#netlink === undefined) this.#os.read()
    else this.#netlink.start()
    this.#modulePath = modulePath
    this.#adjust()
  }

  interfaces(): ReadonlyMap<number, LinkInterface> {
    return (this.#netlink ?? this.#os).interfaces
  }

  send(interfaceIndex: number, frame: Uint8Array): SendResult {
    return this.#statistics.countSend(this.#send(interfaceIndex, frame))
  }

  /** Process ids of the captures that run, by interface. */
  processIds(): ReadonlyMap<number, number> {
    const ids = new Map<number, number>()
    for (const [index, { pid }] of this.#captures) if (pid !== undefined) ids.set(index, pid)
    return ids
  }

  setInterest(interest: LinkInterest): void {
    this.#wanted = new FrameMatcher(interest)
    this.#tellInterest()
    this.#adjust()
  }

  /** The child is told all of it. */
  changeInterest({ add, remove }: LinkInterestChange): void {
    for (const address of remove) this.#wanted.remove(address)
    for (const address of add) this.#wanted.add(address)
    this.#tellInterest()
  }

  joinGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#groups?.join(interfaceIndex, group)
  }

  leaveGroup(interfaceIndex: number, group: Ipv6Address): void {
    this.#groups?.leave(interfaceIndex, group)
  }

  counters(): LinkCounters {
    this.#statistics.interfaceOverruns = this.#netlink?.overruns ?? 0
    return this.#statistics.snapshot()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.start()
    const ended = AbortSignal.any([signal, this.#stopped.signal])
    try {
      if (this.#netlink === undefined) await this.#watchOs(ended)
      else await this.#watchNetlink(this.#netlink, ended)
    } finally {
      this.stop()
    }
  }

  stop(): void {
    this.#stopped.abort()
    for (const capture of this.#captures.values()) capture.stop()
    this.#captures.clear()
    this.#groups?.close()
    this.#netlink?.stop()
    this.#modulePath = undefined
  }

  #tellInterest(): void {
    const interest = interestOf(this.#wanted)
    for (const capture of this.#captures.values()) capture.setInterest(interest)
  }

  #send(interfaceIndex: number, frame: Uint8Array): SendResult {
    if (this.#modulePath === undefined) return 'stopped'
    if (!this.interfaces().has(interfaceIndex)) return 'interface-gone'
    return this.#captures.get(interfaceIndex)?.send(frame) ?? 'refused'
  }

  async #watchNetlink(netlink: NetlinkInterfaces, ended: AbortSignal): Promise<void> {
    const wake = EventFd.open()
    const poller = new Poller([netlink.fd, wake.fd])
    const onEnd = (): void => notifyEventFd(wake.fd)
    ended.addEventListener('abort', onEnd)
    try {
      while (!ended.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- one wait after the other is what a loop over events is
        if ((await poller.waitAsync(RUN_TIMEOUT_MS)) > 0 && !ended.aborted) this.#onChange(netlink.read())
      }
    } finally {
      ended.removeEventListener('abort', onEnd)
      wake.close()
    }
  }

  async #watchOs(ended: AbortSignal): Promise<void> {
    if (ended.aborted) return
    const timer = setInterval(() => this.#onChange(this.#os.read()), OS_INTERVAL_MS)
    await new Promise<void>((resolve) => {
      ended.addEventListener('abort', () => resolve(), { once: true })
    })
    clearInterval(timer)
  }

  #onChange(change: LinkInterfacesChange | undefined): void {
    if (change === undefined) return
    for (const { index } of change.removed) this.#groups?.suspend(index)
    for (const { index } of [...change.added, ...change.changed.map(({ after }) => after)])
      this.#groups?.resume(index)
    for (const { after } of change.changed) this.#captures.get(after.index)?.update(after)
    this.#adjust()
    this.#options.onInterfaces?.(change)
  }

  /** One capture for each interface that is wanted and there, none else. */
  #adjust(): void {
    const modulePath = this.#modulePath
    if (modulePath === undefined) return
    const wanted = this.#wanted.interfaces
    for (const [index, capture] of this.#captures) {
      if (wanted.has(index) && this.interfaces().has(index)) continue
      capture.stop()
      this.#captures.delete(index)
    }
    for (const index of wanted) {
      const found = this.interfaces().get(index)
      if (found === undefined || this.#captures.has(index)) continue
      const capture = this.#createCapture(found, modulePath)
      this.#captures.set(index, capture)
      capture.start()
    }
  }

  #createCapture(found: LinkInterface, modulePath: string): CapCapture {
    const { index } = found
    return new CapCapture({
      interface: found,
      modulePath,
      interest: interestOf(this.#wanted),
      onFrame: (frame) => {
        this.#statistics.received += 1
        this.#options.onFrame(frame, index)
      },
      // It was counted as sent when the child took it.
      onNotSent: () => this.#statistics.countSend('queue-full'),
      onRestart: () => {
        this.#statistics.restarts += 1
      },
      onFault: (message) => this.#options.onFault?.(index, message)
    })
  }
}

/** The file to load `cap` from. Not loaded here: the binding must not be in this process. */
export function resolveCap(from?: string): string {
  // A directory is resolved from as if by a file in it.
  const origin = from === undefined ? import.meta.url : `${from.replace(/\/$/, '')}/_`
  try {
    return createRequire(origin).resolve('cap')
  } catch (cause) {
    const message =
      'the libpcap backend needs the package "cap": npm install cap@0.2 (it compiles: libpcap headers, a C++ compiler, make, python3)'
    throw new LinkBackendError('cap-missing', message, { cause })
  }
}

function interestOf(wanted: FrameMatcher): LinkInterest {
  const { interfaces } = wanted
  return { interfaces, arpAddresses: [...wanted.arpAddresses()], ndpAddresses: [...wanted.ndpAddresses()] }
}
