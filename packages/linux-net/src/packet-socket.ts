import type { BpfInstruction } from './bpf.ts'
import { Descriptor } from './descriptor.ts'
import { ERRNO } from './errors.ts'
import { check, IS_LITTLE_ENDIAN, intBytes, libc } from './libc.ts'
import { ReceiveBatch } from './receive-batch.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_PACKET = 263
const PACKET_STATISTICS = 6
const PACKET_IGNORE_OUTGOING = 23
const SOCKADDR_LL_BYTES = 20
const MSG_DONTWAIT = 0x40
const DEFAULT_RECEIVE_BUFFER_BYTES = 4 << 20
const NEEDS_NET_RAW = 'packet sockets need CAP_NET_RAW: run as root or grant it'

export interface PacketSocketOptions {
  /** EtherType to receive. Tagged frames are another type. */
  readonly etherType: number
  /** In place before the first frame can be received. */
  readonly filter: readonly BpfInstruction[]
  /** Receive only on this interface; by default on all, those to come included. */
  readonly interfaceIndex?: number
  /** Default 4 MiB. What the kernel grants may be less without CAP_NET_ADMIN. */
  readonly receiveBufferBytes?: number
}

/** Result of {@link PacketSocket.receive}. */
export interface ReceiveRound {
  readonly frames: number
  /** Errors that the socket reported and that are over: an interface went down (ENETDOWN). */
  readonly errors: number
  /** More may be waiting. */
  readonly isFull: boolean
}

/**
 * Raw Ethernet frames of one EtherType in and out of all interfaces (packet(7)). Not bound to an interface, so it lives
 * through down, up, delete, re-create and rename of any of them. Our own frames are not received.
 */
export class PacketSocket {
  readonly #descriptor: Descriptor
  readonly #batch: ReceiveBatch = new ReceiveBatch()
  readonly #to: Uint8Array = new Uint8Array(SOCKADDR_LL_BYTES)
  readonly #toView: DataView = new DataView(this.#to.buffer)

  private constructor(descriptor: Descriptor, etherType: number) {
    this.#descriptor = descriptor
    // struct sockaddr_ll: family, protocol (network order), ifindex, hatype, pkttype, halen, addr[8]
    this.#toView.setUint16(0, AF_PACKET, IS_LITTLE_ENDIAN)
    this.#toView.setUint16(2, etherType)
  }

  /** @throws LinuxNetError, UnsupportedSystemError */
  static open(options: PacketSocketOptions): PacketSocket {
    const {
      etherType,
      filter,
      interfaceIndex = 0,
      receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES
    } = options
    // Protocol 0 receives nothing until bind(): no frame gets in before the filter.
    const fd = check('socket AF_PACKET', libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), NEEDS_NET_RAW)
    const socket = new PacketSocket(new Descriptor(fd), etherType)
    try {
      socket.#descriptor.setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, intBytes(1), 'PACKET_IGNORE_OUTGOING')
      socket.#descriptor.setReceiveBuffer(receiveBufferBytes)
      socket.setFilter(filter)
      socket.#bind(interfaceIndex)
    } catch (error) {
      socket.close()
      throw error
    }
    return socket
  }

  get fd(): number {
    return this.#descriptor.fd
  }

  /**
   * Replaces the filter. Frames that the old one let through may still wait to be read.
   *
   * @throws LinuxNetError; with ENOMEM the old filter stays: net.core.optmem_max bounds old and new together
   */
  setFilter(program: readonly BpfInstruction[]): void {
    this.#descriptor.attachFilter(program)
  }

  /**
   * Reads what is there, at most one batch, without waiting. The bytes are valid only during the call of `onFrame`.
   *
   * @throws LinuxNetError if the socket is of no use any more
   */
  receive(onFrame: (frame: Uint8Array, interfaceIndex: number, packetType: number) => void): ReceiveRound {
    return this.#batch.receive(this.#descriptor.fd, onFrame)
  }

  /** Sends a frame that begins with its Ethernet header, without waiting. Returns 0, or the errno. */
  send(interfaceIndex: number, frame: Uint8Array): number {
    const { sendto, errno } = libc()
    this.#toView.setInt32(4, interfaceIndex, IS_LITTLE_ENDIAN)
    const result = sendto(this.#descriptor.fd, frame, frame.length, MSG_DONTWAIT, this.#to, SOCKADDR_LL_BYTES)
    return result >= 0 ? 0 : errno()
  }

  /** Frames that passed the filter since the last call, and how many of them found the receive buffer full. */
  takeStatistics(): { readonly passed: number; readonly dropped: number } {
    const stats = new Uint8Array(8)
    const fd = this.#descriptor.fd
    check(
      'getsockopt PACKET_STATISTICS',
      libc().getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, stats, intBytes(8))
    )
    const view = new DataView(stats.buffer)
    return { passed: view.getUint32(0, IS_LITTLE_ENDIAN), dropped: view.getUint32(4, IS_LITTLE_ENDIAN) }
  }

  close(): void {
    this.#descriptor.close()
  }

  #bind(interfaceIndex: number): void {
    this.#toView.setInt32(4, interfaceIndex, IS_LITTLE_ENDIAN)
    check('bind AF_PACKET', libc().bind(this.#descriptor.fd, this.#to, SOCKADDR_LL_BYTES))
  }
}

/** Whether the errno of a send says that the interface does not exist. */
export function isInterfaceGone(errno: number): boolean {
  return errno === ERRNO.ENXIO || errno === ERRNO.ENODEV
}
