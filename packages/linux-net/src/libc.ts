import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import type * as KoffiModule from 'koffi'
import type { KoffiFunc, LibraryHandle } from 'koffi'
import { ERRNO, LinuxNetError, UnsupportedSystemError } from './errors.ts'

type Koffi = typeof KoffiModule
type PollFunction = (fds: Uint8Array, count: number, timeoutMs: number) => number

/** The calls of the C library, and what is needed to build their structures. All return −1 on failure. */
export interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly bind: (fd: number, address: Uint8Array, length: number) => number
  readonly connect: (fd: number, address: Uint8Array, length: number) => number
  readonly close: (fd: number) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint8Array
  ) => number
  readonly sendto: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array | null,
    addressLength: number
  ) => number
  readonly recvfrom: (
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: Uint8Array
  ) => number
  readonly recvmmsg: (fd: number, messages: Uint8Array, count: number, flags: number, timeout: null) => number
  readonly read: (fd: number, bytes: Uint8Array, length: number) => number
  readonly write: (fd: number, bytes: Uint8Array, length: number) => number
  readonly eventfd: (initial: number, flags: number) => number
  readonly poll: KoffiFunc<PollFunction>
  /** Of the last call that failed, in this thread. */
  readonly errno: () => number
  /** Where the bytes are, for structures that hold pointers. The buffer must be kept alive by its owner. */
  readonly address: (bytes: Uint8Array) => bigint
  readonly pointerBytes: 4 | 8
}

export const IS_LITTLE_ENDIAN: boolean = endianness() === 'LE'

let loaded: Libc | undefined

/**
 * Loads the C library at the first use, so that importing this package is harmless anywhere.
 *
 * @throws {@link UnsupportedSystemError}
 */
export function libc(): Libc {
  loaded ??= load()
  return loaded
}

/** `undefined` if the calls of this package can work here, or else why not. */
export function unsupportedReason(): string | undefined {
  try {
    libc()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Fails with errno if a call returned −1. */
export function check(syscall: string, result: number, remedy?: string): number {
  if (result >= 0) return result
  const errno = libc().errno()
  const isDenied = errno === ERRNO.EPERM || errno === ERRNO.EACCES
  throw new LinuxNetError(syscall, errno, isDenied ? remedy : undefined)
}

/** An `int` as the kernel reads it. */
export function intBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, IS_LITTLE_ENDIAN)
  return bytes
}

function load(): Libc {
  if (process.platform !== 'linux') {
    throw new UnsupportedSystemError(
      'not-linux',
      `packet sockets need Linux, and this is ${process.platform}; use the libpcap or the in-memory backend`
    )
  }
  try {
    const koffi = loadKoffi()
    // The running process has its C library loaded, glibc or musl.
    return bindFunctions(koffi, koffi.load(null))
  } catch (cause) {
    const message = `no foreign function interface for ${process.arch} on this C library: koffi cannot be loaded`
    throw new UnsupportedSystemError('no-ffi', message, { cause })
  }
}

/** Synchronous, and not before it is needed: `import` would be neither. */
function loadKoffi(): Koffi {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- require() knows no types; this is koffi's own
  const koffi: Koffi = createRequire(import.meta.url)('koffi')
  return koffi
}

function bindFunctions(koffi: Koffi, library: LibraryHandle): Libc {
  const pointer = 'void *'
  return {
    socket: library.func('socket', 'int', ['int', 'int', 'int']),
    bind: library.func('bind', 'int', ['int', pointer, 'uint32_t']),
    connect: library.func('connect', 'int', ['int', pointer, 'uint32_t']),
    close: library.func('close', 'int', ['int']),
    setsockopt: library.func('setsockopt', 'int', ['int', 'int', 'int', pointer, 'uint32_t']),
    getsockopt: library.func('getsockopt', 'int', ['int', 'int', 'int', pointer, pointer]),
    sendto: library.func('sendto', 'long', ['int', pointer, 'size_t', 'int', pointer, 'uint32_t']),
    recvfrom: library.func('recvfrom', 'long', ['int', pointer, 'size_t', 'int', pointer, pointer]),
    recvmmsg: library.func('recvmmsg', 'int', ['int', pointer, 'uint', 'int', pointer]),
    read: library.func('read', 'long', ['int', pointer, 'size_t']),
    write: library.func('write', 'long', ['int', pointer, 'size_t']),
    eventfd: library.func('eventfd', 'int', ['uint', 'int']),
    poll: library.func('poll', 'int', [pointer, 'ulong', 'int']),
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes),
    pointerBytes: koffi.sizeof(pointer) === 8 ? 8 : 4
  }
}
