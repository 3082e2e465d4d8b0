import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { Descriptor } from './descriptor.ts'
import { check, IS_LITTLE_ENDIAN, intBytes, libc } from './libc.ts'
import { encodeSocketAddress, SOCKADDR_STORAGE_BYTES } from './socket-address.ts'

const AF = { 4: 2, 6: 10 } as const
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BINDTODEVICE = 25
const IPPROTO_IP = 0
const IP_TOS = 1
const IP_TTL = 2
const IP_MINTTL = 21
const IPPROTO_IPV6 = 41
const IPV6_UNICAST_HOPS = 16
const IPV6_V6ONLY = 26
const IPV6_TCLASS = 67
const IPV6_MINHOPCOUNT = 73
const IPPROTO_TCP = 6
const TCP_MD5SIG = 14
const TCP_USER_TIMEOUT = 18
/** struct tcp_md5sig: address[128], flags u8, prefix length u8, key length u16, interface index i32, key[80] */
const MD5SIG_BYTES = 216
/** Linux `TCP_MD5SIG_MAXKEYLEN`. */
const MAX_KEY_BYTES = 80
const NEEDS_NET_RAW = 'needs CAP_NET_RAW'
const NEEDS_BIND_SERVICE = 'ports below 1024 need CAP_NET_BIND_SERVICE'

/** Options of a TCP socket that Node has no setting for. Absent ones stay as the system has them. */
export interface TcpOptions {
  /** Sent in each packet: TTL of IPv4, hop limit of IPv6. */
  readonly ttl?: number
  /** Packets that arrive with less are dropped by the kernel (RFC 5082). */
  readonly minTtl?: number
  /** DS field and ECN bits: 0xc0 is CS6 (RFC 4594 §3.2). */
  readonly trafficClass?: number
  /** How long sent data may stay unacknowledged before the connection is given up (RFC 5482). */
  readonly userTimeoutMs?: number
}

export interface TcpSocketOptions extends TcpOptions {
  readonly family: IpFamily
  /** What is bound to. Default: nothing, or any address if a port is given. */
  readonly localAddress?: IpAddress
  /** Of a link-local {@link TcpSocketOptions.localAddress}. */
  readonly interfaceIndex?: number
  readonly localPort?: number
  /** Name of an interface or VRF that packets must come and go by (SO_BINDTODEVICE). */
  readonly device?: string
  /** IPv4 connections come to an IPv6 socket, too, as mapped addresses. @defaultValue false */
  readonly isDualStack?: boolean
}

/**
 * A TCP socket that is not connected yet, to be handed to `net.Socket` or to `net.Server` of Node with options that
 * those cannot set.
 */
export class TcpSocket {
  readonly #descriptor: Descriptor

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
  }

  /** @throws LinuxNetError, UnsupportedSystemError */
  static open(options: TcpSocketOptions): TcpSocket {
    const { family, device } = options
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
    const descriptor = new Descriptor(check('socket TCP', libc().socket(AF[family], type, IPPROTO_TCP)))
    try {
      const { fd } = descriptor
      descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, intBytes(1), 'SO_REUSEADDR')
      if (family === 6)
        descriptor.setOption(
          IPPROTO_IPV6,
          IPV6_V6ONLY,
          intBytes(options.isDualStack === true ? 0 : 1),
          'IPV6_V6ONLY'
        )
      if (device !== undefined) bindToDevice(fd, device)
      setTcpOptions(fd, family, options)
      if (options.localAddress !== undefined || options.localPort !== undefined) bindAddress(fd, options)
    } catch (error) {
      descriptor.close()
      throw error
    }
    return new TcpSocket(descriptor)
  }

  /** −1 when closed. Whoever hands it to Node must not close it any more: Node does. */
  get fd(): number {
    return this.#descriptor.fd
  }

  close(): void {
    this.#descriptor.close()
  }
}

/**
 * Sets options on any TCP socket, a connected one included.
 *
 * @param fd of a socket of this family; one of IPv6 that takes IPv4, too, gets both families' options
 * @throws LinuxNetError
 */
export function setTcpOptions(fd: number, family: IpFamily, options: TcpOptions): void {
  const { ttl, minTtl, trafficClass, userTimeoutMs } = options
  // On an IPv6 socket the IPv4 options count for mapped addresses.
  if (ttl !== undefined) setInt(fd, IPPROTO_IP, IP_TTL, ttl, 'IP_TTL')
  if (minTtl !== undefined) setInt(fd, IPPROTO_IP, IP_MINTTL, minTtl, 'IP_MINTTL')
  if (trafficClass !== undefined) setInt(fd, IPPROTO_IP, IP_TOS, trafficClass, 'IP_TOS')
  if (family === 6) {
    if (ttl !== undefined) setInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, 'IPV6_UNICAST_HOPS')
    if (minTtl !== undefined) setInt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, minTtl, 'IPV6_MINHOPCOUNT')
    if (trafficClass !== undefined) setInt(fd, IPPROTO_IPV6, IPV6_TCLASS, trafficClass, 'IPV6_TCLASS')
  }
  if (userTimeoutMs !== undefined)
    setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs, 'TCP_USER_TIMEOUT')
}

/**
 * Sets, changes or removes the key of segments from and to a peer (RFC 2385), while listening and on connected sockets,
 * too. Segments without it, or with another one, are dropped without a word.
 *
 * @param fd of a socket of this family
 * @param peer an IPv4 one on an IPv6 socket is taken as its mapped address
 * @param key up to 80 bytes; `undefined` removes it
 * @throws LinuxNetError: EINVAL for a longer key, ENOENT if there is none to remove
 */
export function setTcpMd5Key(
  fd: number,
  family: IpFamily,
  peer: IpAddress,
  key: Uint8Array | undefined
): void {
  const bytes = new Uint8Array(MD5SIG_BYTES)
  bytes.set(encodeSocketAddress(family, { address: peer }))
  const length = key?.length ?? 0
  new DataView(bytes.buffer).setUint16(SOCKADDR_STORAGE_BYTES + 2, length, IS_LITTLE_ENDIAN)
  // A key that is too long is left to the kernel to refuse.
  if (key !== undefined) bytes.set(key.subarray(0, MAX_KEY_BYTES), SOCKADDR_STORAGE_BYTES + 8)
  check('setsockopt TCP_MD5SIG', libc().setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, bytes, bytes.length))
}

function bindToDevice(fd: number, device: string): void {
  const name = new TextEncoder().encode(`${device}\0`)
  const result = libc().setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length)
  check(`setsockopt SO_BINDTODEVICE ${device}`, result, NEEDS_NET_RAW)
}

function bindAddress(fd: number, options: TcpSocketOptions): void {
  const { family, localAddress, localPort = 0, interfaceIndex = 0 } = options
  const address = encodeSocketAddress(family, { address: localAddress, port: localPort, interfaceIndex })
  check('bind TCP', libc().bind(fd, address, address.length), NEEDS_BIND_SERVICE)
}

function setInt(fd: number, level: number, name: number, value: number, label: string): void {
  check(`setsockopt ${label}`, libc().setsockopt(fd, level, name, intBytes(value), 4))
}
