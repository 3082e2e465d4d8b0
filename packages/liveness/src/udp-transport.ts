import { createSocket, type Socket } from 'node:dgram'
import { encodeSocketAddress, LinuxNetError, UdpSocket } from '@clarion-lb/linux-net'
import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { ProbeSockets } from './probe-sockets.ts'
import { MAX_DATAGRAM_BYTES } from './sealing.ts'
import type { LivenessAddress, LivenessTransport, TransportListener } from './transport.ts'

export interface UdpTransportOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** Members of its family alone are reached. Default: any address of both families. */
  readonly localAddress?: IpAddress | undefined
  /** Name of an interface or VRF that datagrams come and go by; link-local addresses need it. */
  readonly device?: string | undefined
}

/** Internetwork control, so that full queues lose other packets first (RFC 4594 §3.2). */
const CLASS_SELECTOR_6 = 0xc0
/** What a member gets in some seconds while its event loop is blocked. */
const RECEIVE_BUFFER_BYTES = 1 << 20
const MAX_DRAIN_ROUNDS = 16
/** One octet more than is taken: what is cut must not look as if it were whole. */
const RECEIVE_BYTES = MAX_DATAGRAM_BYTES + 1
const EAFNOSUPPORT = 97

interface Opened {
  readonly family: IpFamily
  readonly socket: UdpSocket
  readonly handle: Socket
}

/** UDP sockets of Linux. Node's `dgram` waits for the first datagram; what came with it is read with one call. */
export class UdpTransport implements LivenessTransport {
  readonly #options: UdpTransportOptions
  readonly #addresses: WeakMap<LivenessAddress, Uint8Array> = new WeakMap()
  #opened: readonly Opened[] = []
  #probes: ProbeSockets | undefined
  #listener: TransportListener | undefined

  constructor(options: UdpTransportOptions) {
    this.#options = options
  }

  get port(): number {
    return this.#opened[0]?.handle.address().port ?? 0
  }

  /** @throws LinuxNetError: EADDRINUSE if another program has the port, EADDRNOTAVAIL if the address is not there */
  open(listener: TransportListener): void {
    const { localAddress, device } = this.#options
    this.#listener = listener
    if (localAddress === undefined) this.#openBoth()
    else this.#opened = [this.#openSocket(localAddress.family, this.#options.port)]
    this.#probes = new ProbeSockets({
      device,
      trafficClass: CLASS_SELECTOR_6,
      localAddress: (family) => (localAddress?.family === family ? localAddress : undefined),
      onRefused: (tag) => this.#listener?.onRefused(tag),
      onUnsent: (bytes, to) => void this.send(bytes, to)
    })
  }

  send(bytes: Uint8Array, to: LivenessAddress): number {
    const { family } = to.address
    const opened = this.#opened.find((each) => each.family === family)
    if (opened === undefined) return EAFNOSUPPORT
    let address = this.#addresses.get(to)
    if (address === undefined) {
      address = encodeSocketAddress(family, to)
      this.#addresses.set(to, address)
    }
    return opened.socket.send(bytes, address)
  }

  probe(bytes: Uint8Array, to: LivenessAddress, tag: bigint): number {
    return this.#probes?.send(bytes, to, tag) === true ? 0 : this.send(bytes, to)
  }

  drain(): void {
    for (const { socket } of this.#opened)
      for (let round = 0; round < MAX_DRAIN_ROUNDS && this.#listener !== undefined; round += 1)
        if (socket.receive(this.#onDatagram) === 0) break
  }

  close(): void {
    this.#listener = undefined
    this.#probes?.close()
    this.#probes = undefined
    for (const { handle } of this.#opened) handle.close()
    this.#opened = []
  }

  /** A machine may have no IPv6. */
  #openBoth(): void {
    const first = this.#openSocket(4, this.#options.port)
    this.#opened = [first]
    try {
      this.#opened = [first, this.#openSocket(6, first.handle.address().port)]
    } catch (error) {
      if (error instanceof LinuxNetError && error.errno === EAFNOSUPPORT) return
      this.close()
      throw error
    }
  }

  #openSocket(family: IpFamily, localPort: number): Opened {
    const { localAddress, device } = this.#options
    const socket = UdpSocket.open({
      family,
      localAddress,
      localPort,
      device,
      trafficClass: CLASS_SELECTOR_6,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      maxDatagramBytes: RECEIVE_BYTES
    })
    const handle = createSocket(family === 4 ? 'udp4' : 'udp6')
    handle.on('message', (bytes) => {
      this.#onDatagram(bytes)
      this.drain()
    })
    // Each is told once and is then over: a device went down, the kernel was short of memory.
    handle.on('error', () => undefined)
    handle.bind({ fd: socket.handOver(), exclusive: true })
    return { family, socket, handle }
  }

  readonly #onDatagram = (bytes: Uint8Array): void => {
    this.#listener?.onDatagram(bytes)
  }
}
