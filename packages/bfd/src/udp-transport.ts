import { createSocket, type Socket } from 'node:dgram'
import {
  DROP_ALL,
  ERRNO,
  encodeSocketAddress,
  LinuxNetError,
  ttlFilter,
  UDP_RECEIVE_DATAGRAMS,
  UdpSocket
} from '@clarion-lb/linux-net'
import { Ipv4Address, Ipv6Address, tryParseIpAddress } from '@clarion-lb/netaddr'
import type {
  BfdReceiver,
  BfdSender,
  BfdTransport,
  OnPacket,
  PacketSource,
  ReceiveEndpoint,
  SendEndpoint,
  TtlPolicy
} from './transport.ts'

/** Sent always; what makes a single hop checkable (RFC 5881 §5, RFC 5082). */
const TTL = 255
/** Internetwork control, so that full queues lose other packets first (RFC 4594 §3.2). */
const CLASS_SELECTOR_6 = 0xc0
/** Longest packet with an authentication section is 52 octets; Length cannot say more than 255. */
const MAX_PACKET_BYTES = 256
/** A few hundred sessions while the event loop is blocked for a second. */
const RECEIVE_BUFFER_BYTES = 4 << 20
const MAX_DRAIN_ROUNDS = 64

/** UDP sockets of Linux. */
export class UdpTransport implements BfdTransport {
  /** Ports in use, by family and port: whoever binds them first here has them alone. */
  readonly #bound: Map<string, Set<UdpReceiver>> = new Map()

  /** @throws LinuxNetError: EADDRINUSE if another program has the port, ENODEV if there is no such device */
  openReceiver(endpoint: ReceiveEndpoint, onPacket: OnPacket): BfdReceiver {
    const { family, port, localAddress, device, ttl } = endpoint
    const key = `${family}/${port}`
    const siblings = this.#bound.get(key) ?? new Set()
    // A port with SO_REUSEADDR can be taken twice, and one of the two gets nothing. So the first is bound without it,
    // and it is allowed for our own other sockets only afterwards.
    const open = (policy: TtlPolicy): UdpSocket => {
      const socket = UdpSocket.open({
        family,
        localPort: port,
        localAddress,
        device,
        filter: ttlFilter({ family, ...policy }),
        isShared: siblings.size > 0,
        receiveBufferBytes: RECEIVE_BUFFER_BYTES,
        maxDatagramBytes: MAX_PACKET_BYTES
      })
      socket.share()
      return socket
    }
    const receiver = new UdpReceiver({ open, ttl, onPacket, onClose: () => siblings.delete(receiver) })
    siblings.add(receiver)
    this.#bound.set(key, siblings)
    return receiver
  }

  /** @throws LinuxNetError: EADDRNOTAVAIL if the local address is not there, ENODEV if there is no such device */
  openSender(endpoint: SendEndpoint): BfdSender | undefined {
    const { remoteAddress, remotePort, localAddress, localPort, device } = endpoint
    const { family } = remoteAddress
    try {
      const socket = UdpSocket.open({
        family,
        localAddress,
        localPort,
        device,
        ttl: TTL,
        trafficClass: CLASS_SELECTOR_6,
        // Nobody reads here; strangers must not be able to fill its buffer.
        filter: DROP_ALL
      })
      return connected(socket, encodeSocketAddress(family, { address: remoteAddress, port: remotePort }))
    } catch (error) {
      if (error instanceof LinuxNetError && error.errno === ERRNO.EADDRINUSE) return undefined
      throw error
    }
  }
}

/** @throws LinuxNetError: ENETUNREACH if there is no way */
function connected(socket: UdpSocket, to: Uint8Array): BfdSender {
  try {
    socket.connect(to)
  } catch (error) {
    socket.close()
    throw error
  }
  return {
    // What the peer's host had refused is told instead of sending: asked again, it sends, or tells what is wrong now.
    send: (bytes) => (socket.send(bytes, null) === 0 ? 0 : socket.send(bytes, null)),
    close: () => socket.close()
  }
}

interface UdpReceiverOptions {
  readonly open: (ttl: TtlPolicy) => UdpSocket
  readonly ttl: TtlPolicy
  readonly onPacket: OnPacket
  readonly onClose: () => void
}

/**
 * Node's `dgram` waits for the first packet; what came with it is read with one call, and so are packets that wait when a
 * timer of a session is due late. One that is polled has no `dgram`.
 */
class UdpReceiver implements BfdReceiver {
  readonly #options: UdpReceiverOptions
  readonly #source: UdpSource = new UdpSource()
  #ttl: TtlPolicy
  #socket: UdpSocket
  #handle: Socket | undefined
  #isClosed = false

  constructor(options: UdpReceiverOptions) {
    this.#options = options
    this.#ttl = options.ttl
    this.#socket = options.open(options.ttl)
    this.#handle = this.#listen()
  }

  setTtlPolicy(policy: TtlPolicy): void {
    this.#socket.setFilter(ttlFilter({ family: this.#socket.family, ...policy }))
    this.#ttl = policy
  }

  setPolled(isPolled: boolean): void {
    const handle = this.#handle
    if (!isPolled) {
      this.#handle ??= this.#listen()
      return
    }
    if (handle === undefined) return
    const next = this.#reopen()
    if (next === undefined) return
    // The descriptor is Node's, which closes it with its socket: what waits is read before.
    this.drain()
    handle.close()
    this.#handle = undefined
    this.#socket = next
  }

  drain(): void {
    for (let round = 0; round < MAX_DRAIN_ROUNDS && !this.#isClosed; round += 1) {
      if (this.#socket.receive(this.#onDatagram) < UDP_RECEIVE_DATAGRAMS) return
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#handle === undefined) this.#socket.close()
    else this.#handle.close()
    this.#options.onClose()
  }

  /** `undefined`: the system has no more sockets, and the one that is there goes on. */
  #reopen(): UdpSocket | undefined {
    try {
      return this.#options.open(this.#ttl)
    } catch (error) {
      if (error instanceof LinuxNetError) return undefined
      throw error
    }
  }

  #listen(): Socket {
    const handle = createSocket(this.#socket.family === 4 ? 'udp4' : 'udp6')
    handle.on('message', (bytes, remote) => {
      this.#source.setText(remote.address)
      this.#options.onPacket(bytes, this.#source)
      this.drain()
    })
    // Each is told once and is then over: a device went down, the kernel was short of memory.
    handle.on('error', () => undefined)
    handle.bind({ fd: this.#socket.handOver(), exclusive: true })
    return handle
  }

  readonly #onDatagram = (bytes: Uint8Array, sourceAddress: Uint8Array): void => {
    if (this.#isClosed) return
    this.#source.setBytes(sourceAddress)
    this.#options.onPacket(bytes, this.#source)
  }
}

/** One for all packets of a socket; addresses become text only when somebody asks. */
class UdpSource implements PacketSource {
  #bytes: Uint8Array | undefined
  #text = ''

  setBytes(bytes: Uint8Array): void {
    this.#bytes = bytes
  }

  setText(text: string): void {
    this.#bytes = undefined
    this.#text = text
  }

  isAddress(addressBytes: Uint8Array): boolean {
    const bytes = this.#bytes ?? tryParseIpAddress(withoutZone(this.#text))?.toBytes()
    return bytes?.length === addressBytes.length && bytes.every((byte, i) => byte === addressBytes[i])
  }

  addressText(): string {
    const bytes = this.#bytes
    if (bytes !== undefined)
      return (bytes.length === 4 ? Ipv4Address.fromBytes(bytes) : Ipv6Address.fromBytes(bytes)).toString()
    const text = withoutZone(this.#text)
    return tryParseIpAddress(text)?.toString() ?? text
  }
}

function withoutZone(text: string): string {
  return text.split('%', 1)[0] ?? text
}
