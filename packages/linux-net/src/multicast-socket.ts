import type { Ipv6Address } from '@clarion-lb/netaddr'
import { Descriptor } from './descriptor.ts'
import { ERRNO, LinuxNetError } from './errors.ts'
import { check, IS_LITTLE_ENDIAN, libc } from './libc.ts'

const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const IPPROTO_IPV6 = 41
const IPV6_ADD_MEMBERSHIP = 20
const IPV6_DROP_MEMBERSHIP = 21
const MREQ_BYTES = 20

/**
 * What became of a membership:
 * - `'done'`: joined, or was joined by this socket already; left, or was not joined
 * - `'no-interface'`: there is none of this index, or it has no IPv6
 * - `'full'`: this socket holds as many as net.core.optmem_max allows (about 2300 at 128 KiB); open another one
 */
export type MembershipResult = 'done' | 'no-interface' | 'full'

/** Holds IPv6 multicast memberships (RFC 3493 §5.2). The kernel sends and answers MLD; nothing is ever received here. */
export class MulticastSocket {
  readonly #descriptor: Descriptor
  readonly #request: Uint8Array = new Uint8Array(MREQ_BYTES)
  readonly #view: DataView = new DataView(this.#request.buffer)

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
  }

  /** @throws LinuxNetError, UnsupportedSystemError */
  static open(): MulticastSocket {
    const fd = check('socket AF_INET6', libc().socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    return new MulticastSocket(new Descriptor(fd))
  }

  /** @throws LinuxNetError for what is not a {@link MembershipResult} */
  join(interfaceIndex: number, group: Ipv6Address): MembershipResult {
    return this.#set(IPV6_ADD_MEMBERSHIP, 'IPV6_ADD_MEMBERSHIP', interfaceIndex, group)
  }

  /** @throws LinuxNetError for what is not a {@link MembershipResult} */
  leave(interfaceIndex: number, group: Ipv6Address): MembershipResult {
    return this.#set(IPV6_DROP_MEMBERSHIP, 'IPV6_DROP_MEMBERSHIP', interfaceIndex, group)
  }

  /** Leaves all. */
  close(): void {
    this.#descriptor.close()
  }

  #set(option: number, label: string, interfaceIndex: number, group: Ipv6Address): MembershipResult {
    const { setsockopt, errno } = libc()
    this.#request.set(group.toBytes())
    this.#view.setUint32(16, interfaceIndex, IS_LITTLE_ENDIAN)
    if (setsockopt(this.#descriptor.fd, IPPROTO_IPV6, option, this.#request, MREQ_BYTES) === 0) return 'done'
    const error = errno()
    switch (error) {
      case ERRNO.EADDRINUSE: // joined before
      case ERRNO.EADDRNOTAVAIL: // not joined: the interface took its memberships with it
        return 'done'
      case ERRNO.ENODEV:
      case ERRNO.ENXIO:
      case ERRNO.EINVAL: // IPv6 is disabled on the interface
        return 'no-interface'
      case ERRNO.ENOMEM:
      case ERRNO.ENOBUFS:
        return 'full'
      default:
        throw new LinuxNetError(`setsockopt ${label}`, error)
    }
  }
}
