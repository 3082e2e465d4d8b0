import { getSystemErrorName } from 'node:util'

/** Thrown when a system call fails: which one, and the errno with its name. */
export class LinuxNetError extends Error {
  override readonly name = 'LinuxNetError'
  readonly code = 'ERR_LINUX_NET_SYSCALL'
  /** Name of the call: `socket`, `bind`, `setsockopt SO_ATTACH_FILTER`, … */
  readonly syscall: string
  readonly errno: number
  /** `EPERM`, `ENETDOWN`, …; a number as text for one that Node has no name for. */
  readonly reason: string

  constructor(syscall: string, errno: number, remedy?: string, options?: ErrorOptions) {
    const reason = errnoName(errno)
    super(`${syscall}: ${reason}${remedy === undefined ? '' : ` (${remedy})`}`, options)
    this.syscall = syscall
    this.errno = errno
    this.reason = reason
  }
}

/**
 * Thrown by the first call on a system where none can work:
 * - `'not-linux'`: another kernel
 * - `'no-ffi'`: the foreign function library has no binary for this processor or C library
 */
export class UnsupportedSystemError extends Error {
  override readonly name = 'UnsupportedSystemError'
  readonly code = 'ERR_LINUX_NET_UNSUPPORTED'
  readonly reason: 'not-linux' | 'no-ffi'

  constructor(reason: 'not-linux' | 'no-ffi', message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Thrown by the netlink decoders for bytes that do not hold what they state. */
export class NetlinkDecodeError extends Error {
  override readonly name = 'NetlinkDecodeError'
  readonly code = 'ERR_LINUX_NET_NETLINK_DECODE'
  /** Offset of the part that is wrong, in bytes. */
  readonly offset: number

  constructor(offset: number, message: string, options?: ErrorOptions) {
    super(`malformed netlink message at byte ${offset}: ${message}`, options)
    this.offset = offset
  }
}

/** The errno values that callers of this package decide by, as Linux numbers them. */
export const ERRNO = {
  EPERM: 1,
  EINTR: 4,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENOBUFS: 105,
  ECONNREFUSED: 111
} as const

function errnoName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : String(errno)
}
