import {
  ERRNO,
  encodeSocketAddress,
  LinuxNetError,
  Poller,
  UDP_RECEIVE_DATAGRAMS,
  UdpSocket
} from '@clarion-lb/linux-net'
import type { IpFamily } from '@clarion-lb/netaddr'
import { LivenessOptionsError } from './errors.ts'
import { MAX_DATAGRAM_BYTES } from './sealing.ts'
import type { LivenessAddress, LivenessTransport, TransportListener } from './transport.ts'

export interface PolledTransportOptions {
  /** Of both families, 1–65 535. */
  readonly port: number
  /** The descriptors to be polled are others now. */
  readonly onDescriptors: (descriptors: readonly number[]) => void
}

interface Polled {
  readonly poller: Poller
  /** `tag`: of a probe. */
  readonly sockets: readonly { readonly socket: UdpSocket; readonly tag: bigint | undefined }[]
}

interface Probe {
  readonly key: string
  readonly socket: UdpSocket
  readonly address: Uint8Array
  sent: number
}

/** Internetwork control, so that full queues lose other packets first (RFC 4594 §3.2). */
const CLASS_SELECTOR_6 = 0xc0
const RECEIVE_BUFFER_BYTES = 1 << 20
const MAX_DRAIN_ROUNDS = 16
/** One octet more than is taken: what is cut must not look as if it were whole. */
const RECEIVE_BYTES = MAX_DATAGRAM_BYTES + 1
/** More members than that are not watched at once; who was probed longest ago gives way. */
const MAX_PROBES = 32
/** Each of so many probes goes by the ordinary socket: a firewall may let only that port through. */
const ORDINARY_EACH = 3
const EAFNOSUPPORT = 97
/** These pass, and say nothing of the socket. */
const PASSING: ReadonlySet<number> = new Set([
  0,
  ERRNO.EAGAIN,
  ERRNO.EINTR,
  ERRNO.ENOBUFS,
  ERRNO.ECONNREFUSED
])

/**
 * UDP for a thread without an event loop, any address of both families: the thread polls the descriptors that it is told,
 * and calls {@link PolledTransport.drain} when one of them is ready.
 */
export class PolledTransport implements LivenessTransport {
  readonly #options: PolledTransportOptions
  readonly #addresses: WeakMap<LivenessAddress, Uint8Array> = new WeakMap()
  readonly #probes: Map<bigint, Probe> = new Map()
  #sockets: readonly UdpSocket[] = []
  /** All sockets in one order: most of them have nothing, most of the time. */
  #polled: Polled = { poller: new Poller([]), sockets: [] }
  #listener: TransportListener | undefined

  /** @throws {@link LivenessOptionsError} */
  constructor(options: PolledTransportOptions) {
    const { port } = options
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new LivenessOptionsError('range', 'port', `${port} is no port that both families can have`)
    this.#options = options
  }

  get port(): number {
    return this.#sockets.length === 0 ? 0 : this.#options.port
  }

  /** @throws LinuxNetError: EADDRINUSE if another program has the port */
  open(listener: TransportListener): void {
    const ipv4 = this.#openSocket(4)
    this.#sockets = [ipv4]
    try {
      this.#sockets = [ipv4, this.#openSocket(6)]
    } catch (error) {
      // A machine may have no IPv6.
      if (!(error instanceof LinuxNetError) || error.errno !== EAFNOSUPPORT) {
        this.close()
        throw error
      }
    }
    this.#listener = listener
    this.#tellDescriptors()
  }

  send(bytes: Uint8Array, to: LivenessAddress): number {
    const socket = this.#sockets.find(({ family }) => family === to.address.family)
    return socket === undefined ? EAFNOSUPPORT : socket.send(bytes, this.#encoded(to))
  }

  probe(bytes: Uint8Array, to: LivenessAddress, tag: bigint): number {
    const probe = this.#probeTo(to, tag)
    if (probe === undefined) return this.send(bytes, to)
    probe.sent += 1
    if (probe.sent % ORDINARY_EACH === 0) return this.send(bytes, to)
    let errno = probe.socket.send(bytes, probe.address)
    if (errno === ERRNO.ECONNREFUSED) {
      // That was the answer to the one before, which the kernel tells instead of sending.
      this.#listener?.onRefused(tag)
      errno = probe.socket.send(bytes, probe.address)
    }
    if (PASSING.has(errno)) return errno
    // The address that it was connected from may not be this machine's any more.
    this.#dropProbe(tag, probe)
    return this.send(bytes, to)
  }

  drain(): void {
    for (let round = 0; round < MAX_DRAIN_ROUNDS; round += 1) {
      const polled = this.#polled
      this.#drainReady(polled)
      // What was heard may have opened and closed some: then others may still wait to be read.
      if (this.#polled === polled) return
    }
  }

  #drainReady(polled: Polled): void {
    const { poller, sockets } = polled
    if (poller.wait(0) === 0) return
    for (const [position, { socket, tag }] of sockets.entries()) {
      if (this.#polled !== polled) return
      if (!poller.isReady(position)) continue
      if (tag === undefined) this.#drainSocket(socket)
      else this.#drainProbe(socket, tag)
    }
  }

  close(): void {
    this.#listener = undefined
    for (const { socket } of this.#probes.values()) socket.close()
    this.#probes.clear()
    for (const socket of this.#sockets) socket.close()
    this.#sockets = []
    this.#tellDescriptors()
  }

  #drainSocket(socket: UdpSocket): void {
    for (let round = 0; round < MAX_DRAIN_ROUNDS && this.#listener !== undefined; round += 1)
      if (socket.receive(this.#onDatagram) < UDP_RECEIVE_DATAGRAMS) return
  }

  #drainProbe(socket: UdpSocket, tag: bigint): void {
    if (socket.takeError() === ERRNO.ECONNREFUSED) {
      this.#listener?.onRefused(tag)
      return
    }
    try {
      // Answers come by the ordinary socket; what comes here is nothing of ours.
      if (socket.fd >= 0) socket.receive(ignore)
    } catch (error) {
      // There is no way to the host since a moment ago: the next probe finds that out, too.
      if (!(error instanceof LinuxNetError)) throw error
    }
  }

  #openSocket(family: IpFamily): UdpSocket {
    return UdpSocket.open({
      family,
      localPort: this.#options.port,
      trafficClass: CLASS_SELECTOR_6,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      maxDatagramBytes: RECEIVE_BYTES
    })
  }

  /** A connected socket for each watched member: the kernel tells only those that a port is closed. */
  #probeTo(to: LivenessAddress, tag: bigint): Probe | undefined {
    const key = `${to.address.toString()} ${to.port}`
    const known = this.#probes.get(tag)
    this.#probes.delete(tag)
    if (known?.key === key) {
      this.#probes.set(tag, known)
      return known
    }
    known?.socket.close()
    const opened = this.#openProbe(to, key)
    if (opened !== undefined) {
      this.#dropOldest()
      this.#probes.set(tag, opened)
    }
    if (known !== undefined || opened !== undefined) this.#tellDescriptors()
    return opened
  }

  #openProbe(to: LivenessAddress, key: string): Probe | undefined {
    let socket: UdpSocket | undefined
    try {
      const { family } = to.address
      socket = UdpSocket.open({ family, trafficClass: CLASS_SELECTOR_6, maxDatagramBytes: 1 })
      const address = this.#encoded(to)
      socket.connect(address)
      return { key, socket, address, sent: 0 }
    } catch {
      // Out of descriptors, or no way to it now: there is the ordinary socket.
      socket?.close()
      return undefined
    }
  }

  #dropProbe(tag: bigint, probe: Probe): void {
    if (this.#probes.get(tag) !== probe) return
    probe.socket.close()
    this.#probes.delete(tag)
    this.#tellDescriptors()
  }

  #dropOldest(): void {
    for (const [tag, { socket }] of this.#probes) {
      if (this.#probes.size < MAX_PROBES) return
      socket.close()
      this.#probes.delete(tag)
    }
  }

  #encoded(to: LivenessAddress): Uint8Array {
    let address = this.#addresses.get(to)
    if (address === undefined) {
      address = encodeSocketAddress(to.address.family, to)
      this.#addresses.set(to, address)
    }
    return address
  }

  #tellDescriptors(): void {
    const sockets = [
      ...this.#sockets.map((socket) => ({ socket, tag: undefined })),
      ...Array.from(this.#probes, ([tag, { socket }]) => ({ socket, tag }))
    ]
    const descriptors = sockets.map(({ socket }) => socket.fd)
    this.#polled = { poller: new Poller(descriptors), sockets }
    this.#options.onDescriptors(descriptors)
  }

  readonly #onDatagram = (bytes: Uint8Array): void => {
    this.#listener?.onDatagram(bytes)
  }
}

function ignore(): void {
  // Nothing of ours.
}
