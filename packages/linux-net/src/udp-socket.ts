import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import type { BpfInstruction } from './bpf.ts'
import { Descriptor } from './descriptor.ts'
import { ERRNO, LinuxNetError } from './errors.ts'
import { check, IS_LITTLE_ENDIAN, intBytes, libc } from './libc.ts'
import { allocateReceiveMemory, type ReceiveMemory } from './receive-memory.ts'
import { encodeSocketAddress } from './socket-address.ts'

const AF = { 4: 2, 6: 10 } as const
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_ERROR = 4
const SO_BINDTODEVICE = 25
const IPPROTO_IP = 0
const IP_TOS = 1
const IP_TTL = 2
const IPPROTO_IPV6 = 41
const IPV6_UNICAST_HOPS = 16
const IPV6_V6ONLY = 26
const IPV6_TCLASS = 67
const IPPROTO_UDP = 17
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
/** So many a call of {@link UdpSocket.receive} reads at most. */
export const UDP_RECEIVE_DATAGRAMS = 64
const ADDRESS_BYTES = { 4: 16, 6: 28 } as const
const ADDRESS_OFFSET = { 4: 4, 6: 8 } as const
const ADDRESS_LENGTH = { 4: 4, 6: 16 } as const
const DEFAULT_MAX_DATAGRAM_BYTES = 2048
const NEEDS_BIND_SERVICE = 'ports below 1024 need CAP_NET_BIND_SERVICE'

export interface UdpSocketOptions {
  readonly family: IpFamily
  /** Default: any address. An IPv6 socket receives no IPv4 packets. */
  readonly localAddress?: IpAddress | undefined
  /** Default: one that the system chooses. */
  readonly localPort?: number
  /** Name of an interface or VRF that packets must come and go by; gives link-local addresses their scope. */
  readonly device?: string | undefined
  /** Sent in each packet: TTL of IPv4, hop limit of IPv6. */
  readonly ttl?: number
  /** DS field and ECN bits: 0xc0 is CS6 (RFC 4594 §3.2). */
  readonly trafficClass?: number
  /** In place before the first packet can be received; see {@link ttlFilter}. */
  readonly filter?: readonly BpfInstruction[]
  /** Other sockets that say so, too, may have the same address and port, on other devices. @defaultValue false */
  readonly isShared?: boolean
  /** Default: what the system gives. More than its limit needs CAP_NET_ADMIN. */
  readonly receiveBufferBytes?: number
  /** Longer datagrams are cut to this by {@link UdpSocket.receive}. @defaultValue 2048 */
  readonly maxDatagramBytes?: number
}

/** A sender of a datagram. The bytes are valid only during the call: 4 or 16 of the address, as the family is. */
export type OnDatagram = (bytes: Uint8Array, sourceAddress: Uint8Array, sourcePort: number) => void

/** An UDP socket with the options that `node:dgram` lacks. It can be handed to a `dgram.Socket`, or be used as it is. */
export class UdpSocket {
  readonly family: IpFamily
  readonly #descriptor: Descriptor
  readonly #maxDatagramBytes: number
  #places: Places | undefined
  #isHandedOver = false

  private constructor(descriptor: Descriptor, options: UdpSocketOptions) {
    this.#descriptor = descriptor
    this.family = options.family
    this.#maxDatagramBytes = options.maxDatagramBytes ?? DEFAULT_MAX_DATAGRAM_BYTES
  }

  /** @throws LinuxNetError, UnsupportedSystemError */
  static open(options: UdpSocketOptions): UdpSocket {
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
    const fd = check('socket UDP', libc().socket(AF[options.family], type, IPPROTO_UDP))
    const socket = new UdpSocket(new Descriptor(fd), options)
    try {
      socket.#configure(options)
      socket.#bind(options)
    } catch (error) {
      socket.close()
      throw error
    }
    return socket
  }

  /** −1 when closed. */
  get fd(): number {
    return this.#descriptor.fd
  }

  /**
   * The descriptor for `dgram.Socket.bind({ fd })`, which owns and closes it from then on: {@link UdpSocket.close} does
   * nothing any more, and nothing here may be called after that socket is closed.
   */
  handOver(): number {
    this.#isHandedOver = true
    return this.fd
  }

  /** Replaces the filter. Packets that the old one let through may still wait to be read. @throws LinuxNetError */
  setFilter(program: readonly BpfInstruction[]): void {
    this.#descriptor.attachFilter(program)
  }

  /** From now on others may share address and port, though this socket was bound alone. @throws LinuxNetError */
  share(): void {
    this.#setInt(SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR')
  }

  /**
   * Sends one datagram without waiting. Returns 0, or the errno.
   *
   * @param to as {@link encodeSocketAddress} writes it, for the family of this socket; `null` if it is connected
   */
  send(bytes: Uint8Array, to: Uint8Array | null): number {
    const { sendto, errno } = libc()
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL
    return sendto(this.#descriptor.fd, bytes, bytes.length, flags, to, to?.length ?? 0) >= 0 ? 0 : errno()
  }

  /**
   * From now on only this address is talked to, which is cheaper by what the kernel remembers of the way, and the kernel
   * tells when its host refuses, once, by {@link UdpSocket.takeError} or instead of the next {@link UdpSocket.send}.
   *
   * @param to as {@link encodeSocketAddress} writes it, for the family of this socket
   * @throws LinuxNetError if there is no way to it
   */
  connect(to: Uint8Array): void {
    check('connect UDP', libc().connect(this.fd, to, to.length))
  }

  /** The errno that waits to be told, or 0: ECONNREFUSED after a port unreachable of a connected socket. */
  takeError(): number {
    const value = new Uint8Array(4)
    const { getsockopt, errno } = libc()
    if (getsockopt(this.fd, SOL_SOCKET, SO_ERROR, value, intBytes(4)) < 0) return errno()
    return new DataView(value.buffer).getInt32(0, IS_LITTLE_ENDIAN)
  }

  /**
   * Reads what is there, at most {@link UDP_RECEIVE_DATAGRAMS}, without waiting. The bytes are valid only during the call of
   * `onDatagram`. Returns how many there were.
   *
   * @throws LinuxNetError if the socket is of no use any more
   */
  receive(onDatagram: OnDatagram): number {
    const { recvmmsg, errno } = libc()
    this.#places ??= new Places(this.family, this.#maxDatagramBytes)
    const { messages, view, messageBytes, lengthOffset } = this.#places.memory
    const count = recvmmsg(this.#descriptor.fd, messages, UDP_RECEIVE_DATAGRAMS, MSG_DONTWAIT, null)
    if (count < 0) return this.#nothing(errno())
    for (let i = 0; i < count; i += 1) {
      const length = view.getUint32(i * messageBytes + lengthOffset, IS_LITTLE_ENDIAN)
      onDatagram(this.#places.datagram(i, length), this.#places.address(i), this.#places.port(i))
    }
    return count
  }

  close(): void {
    if (!this.#isHandedOver) this.#descriptor.close()
  }

  #nothing(error: number): number {
    switch (error) {
      case ERRNO.EAGAIN:
      case ERRNO.EINTR:
      case ERRNO.ENOBUFS:
      case ERRNO.ENOMEM:
      case ERRNO.ENETDOWN: // told once, and over
      case ERRNO.ECONNREFUSED: // of a connected socket, likewise
        return 0
      default:
        throw new LinuxNetError('recvmmsg UDP', error)
    }
  }

  #configure(options: UdpSocketOptions): void {
    const { family, device, ttl, trafficClass, filter, receiveBufferBytes } = options
    if (family === 6) this.#setInt(IPPROTO_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY')
    if (options.isShared === true) this.share()
    if (device !== undefined) {
      const name = new TextEncoder().encode(`${device}\0`)
      this.#descriptor.setOption(SOL_SOCKET, SO_BINDTODEVICE, name, `SO_BINDTODEVICE ${device}`)
    }
    if (ttl !== undefined) {
      if (family === 4) this.#setInt(IPPROTO_IP, IP_TTL, ttl, 'IP_TTL')
      else this.#setInt(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, 'IPV6_UNICAST_HOPS')
    }
    if (trafficClass !== undefined) {
      if (family === 4) this.#setInt(IPPROTO_IP, IP_TOS, trafficClass, 'IP_TOS')
      else this.#setInt(IPPROTO_IPV6, IPV6_TCLASS, trafficClass, 'IPV6_TCLASS')
    }
    if (filter !== undefined) this.setFilter(filter)
    if (receiveBufferBytes !== undefined) this.#descriptor.setReceiveBuffer(receiveBufferBytes)
  }

  #bind(options: UdpSocketOptions): void {
    const { family, localAddress, localPort = 0 } = options
    const address = encodeSocketAddress(family, { address: localAddress, port: localPort })
    check('bind UDP', libc().bind(this.fd, address, address.length), NEEDS_BIND_SERVICE)
  }

  #setInt(level: number, name: number, value: number, label: string): void {
    this.#descriptor.setOption(level, name, intBytes(value), label)
  }
}

/** Where datagrams are received, and views of them, which are kept: most datagrams are as long as the one before. */
class Places {
  readonly memory: ReceiveMemory
  readonly #datagramBytes: number
  readonly #datagrams: Uint8Array[]
  readonly #addresses: readonly Uint8Array[]
  readonly #ports: DataView
  readonly #addressBytes: number

  constructor(family: IpFamily, datagramBytes: number) {
    const count = UDP_RECEIVE_DATAGRAMS
    this.#datagramBytes = datagramBytes
    this.#addressBytes = ADDRESS_BYTES[family]
    this.memory = allocateReceiveMemory({
      count,
      packetBytes: datagramBytes,
      addressBytes: this.#addressBytes
    })
    const { packets, addresses } = this.memory
    this.#datagrams = Array.from({ length: count }, (_, i) => packets.subarray(i * datagramBytes))
    this.#addresses = Array.from({ length: count }, (_, i) => {
      const start = i * this.#addressBytes + ADDRESS_OFFSET[family]
      return addresses.subarray(start, start + ADDRESS_LENGTH[family])
    })
    this.#ports = new DataView(addresses.buffer)
  }

  datagram(place: number, length: number): Uint8Array {
    const bytes = Math.min(length, this.#datagramBytes)
    const known = this.#datagrams[place]
    if (known?.length === bytes) return known
    const start = place * this.#datagramBytes
    const datagram = this.memory.packets.subarray(start, start + bytes)
    this.#datagrams[place] = datagram
    return datagram
  }

  address(place: number): Uint8Array {
    return this.#addresses[place] ?? new Uint8Array()
  }

  port(place: number): number {
    return this.#ports.getUint16(place * this.#addressBytes + 2)
  }
}
