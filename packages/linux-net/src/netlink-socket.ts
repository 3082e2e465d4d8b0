import { Descriptor } from './descriptor.ts'
import { ERRNO, LinuxNetError } from './errors.ts'
import { check, IS_LITTLE_ENDIAN, libc } from './libc.ts'
import { decodeNetlink, type NetlinkMessage } from './netlink-message.ts'
import { Poller } from './poller.ts'

const AF_NETLINK = 16
const NETLINK_ROUTE = 0
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
const SOCKADDR_NL_BYTES = 12
const NLM_F_REQUEST_DUMP = 0x301
const RTMGRP_LINK_AND_ADDRESSES = 0x1 | 0x10 | 0x100
const RTM = { GETLINK: 18, GETADDR: 22 } as const
/** The kernel fills up to 32 KiB of a dump; one message may be longer (SR-IOV), so there is room. */
const READ_BYTES = 256 << 10
const RECEIVE_BUFFER_BYTES = 4 << 20
const DUMP_TIMEOUT_MS = 5000
const MAX_DUMP_ATTEMPTS = 10

/** What one read gave. `overrun`: the kernel had more to tell than there was room for; only a new dump tells what is. */
export type NetlinkRead =
  | { readonly type: 'messages'; readonly messages: readonly NetlinkMessage[] }
  | { readonly type: 'overrun' }
  | { readonly type: 'empty' }

/** Changes of links and addresses as the kernel tells them, and the list of all (rtnetlink(7)). Needs no rights. */
export class NetlinkSocket {
  readonly #descriptor: Descriptor
  readonly #buffer: Uint8Array = new Uint8Array(READ_BYTES)
  readonly #from: Uint8Array = new Uint8Array(SOCKADDR_NL_BYTES)
  readonly #fromView: DataView = new DataView(this.#from.buffer)
  readonly #fromLength: Uint8Array = new Uint8Array(4)
  #sequence = 0

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
  }

  /**
   * @param subscription `'links-and-addresses'` to be told of changes, `'none'` for dumps alone
   * @throws LinuxNetError, UnsupportedSystemError
   */
  static open(subscription: 'links-and-addresses' | 'none'): NetlinkSocket {
    const { socket, bind } = libc()
    const descriptor = new Descriptor(
      check('socket AF_NETLINK', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE))
    )
    try {
      descriptor.setReceiveBuffer(RECEIVE_BUFFER_BYTES)
      // struct sockaddr_nl: family 2, pad 2, port id 4 (0: the kernel chooses), groups 4
      const address = new Uint8Array(SOCKADDR_NL_BYTES)
      const view = new DataView(address.buffer)
      view.setUint16(0, AF_NETLINK, IS_LITTLE_ENDIAN)
      if (subscription !== 'none') view.setUint32(8, RTMGRP_LINK_AND_ADDRESSES, IS_LITTLE_ENDIAN)
      check('bind AF_NETLINK', bind(descriptor.fd, address, SOCKADDR_NL_BYTES))
    } catch (error) {
      descriptor.close()
      throw error
    }
    return new NetlinkSocket(descriptor)
  }

  get fd(): number {
    return this.#descriptor.fd
  }

  /**
   * Reads once, without waiting.
   *
   * @throws LinuxNetError, NetlinkDecodeError
   */
  read(): NetlinkRead {
    const { recvfrom, errno } = libc()
    new DataView(this.#fromLength.buffer).setUint32(0, SOCKADDR_NL_BYTES, IS_LITTLE_ENDIAN)
    const flags = MSG_DONTWAIT | MSG_TRUNC
    const length = recvfrom(
      this.#descriptor.fd,
      this.#buffer,
      READ_BYTES,
      flags,
      this.#from,
      this.#fromLength
    )
    if (length < 0) {
      const error = errno()
      if (error === ERRNO.ENOBUFS) return { type: 'overrun' }
      if (error === ERRNO.EAGAIN || error === ERRNO.EINTR) return { type: 'empty' }
      throw new LinuxNetError('recvfrom AF_NETLINK', error)
    }
    // With MSG_TRUNC the length is the message's own: what does not fit is lost like an overrun.
    if (length > READ_BYTES) return { type: 'overrun' }
    // Port 0 is the kernel; another process may write to us, but has nothing to tell.
    if (this.#fromView.getUint32(4, IS_LITTLE_ENDIAN) !== 0) return { type: 'messages', messages: [] }
    return { type: 'messages', messages: decodeNetlink(this.#buffer.subarray(0, length)) }
  }

  /**
   * All links, then all addresses. Blocks while the kernel writes them, well under a millisecond for tens of
   * interfaces. Use a socket without subscription: notifications would be mixed in.
   *
   * @throws LinuxNetError, NetlinkDecodeError
   */
  dump(): readonly NetlinkMessage[] {
    return [...this.#dumpOne(RTM.GETLINK), ...this.#dumpOne(RTM.GETADDR)]
  }

  close(): void {
    this.#descriptor.close()
  }

  #dumpOne(messageType: number): readonly NetlinkMessage[] {
    for (let attempt = 1; ; attempt += 1) {
      const sequence = this.#request(messageType)
      const answer = this.#collect(sequence)
      // Something changed while the kernel wrote. On a system that never rests, the last answer has to do.
      if (!answer.isInterrupted || attempt === MAX_DUMP_ATTEMPTS) return answer.messages
    }
  }

  /** `struct nlmsghdr` and an empty body of the family AF_UNSPEC, long enough for both requests. */
  #request(messageType: number): number {
    this.#sequence += 1
    const request = new Uint8Array(32)
    const view = new DataView(request.buffer)
    view.setUint32(0, request.length, IS_LITTLE_ENDIAN)
    view.setUint16(4, messageType, IS_LITTLE_ENDIAN)
    view.setUint16(6, NLM_F_REQUEST_DUMP, IS_LITTLE_ENDIAN)
    view.setUint32(8, this.#sequence, IS_LITTLE_ENDIAN)
    const kernel = new Uint8Array(SOCKADDR_NL_BYTES)
    new DataView(kernel.buffer).setUint16(0, AF_NETLINK, IS_LITTLE_ENDIAN)
    const { sendto } = libc()
    const sent = sendto(this.#descriptor.fd, request, request.length, 0, kernel, SOCKADDR_NL_BYTES)
    check('sendto AF_NETLINK', sent)
    return this.#sequence
  }

  #collect(sequence: number): { messages: NetlinkMessage[]; isInterrupted: boolean } {
    const poller = new Poller([this.#descriptor.fd])
    const messages: NetlinkMessage[] = []
    for (;;) {
      const read = this.read()
      if (read.type === 'overrun') return { messages, isInterrupted: true }
      if (read.type === 'empty') {
        if (poller.wait(DUMP_TIMEOUT_MS) === 0) throw new LinuxNetError('netlink dump', ERRNO.EAGAIN)
        continue
      }
      for (const message of read.messages) {
        if (message.type === 'done') {
          if (message.sequence === sequence) return { messages, isInterrupted: message.isInterrupted }
        } else if (message.type === 'error') {
          if (message.sequence === sequence && message.errno !== 0)
            throw new LinuxNetError('netlink dump', message.errno)
        } else messages.push(message)
      }
    }
  }
}
