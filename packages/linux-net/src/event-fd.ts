import { Descriptor } from './descriptor.ts'
import { check, IS_LITTLE_ENDIAN, libc } from './libc.ts'

const EFD_NONBLOCK = 0o4000
const EFD_CLOEXEC = 0o2000000

/** A counter to wake a thread that sleeps in `poll()` (eventfd(2)). */
export class EventFd {
  readonly #descriptor: Descriptor
  readonly #count: Uint8Array = new Uint8Array(8)

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
  }

  /** @throws LinuxNetError */
  static open(): EventFd {
    return new EventFd(new Descriptor(check('eventfd', libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))))
  }

  get fd(): number {
    return this.#descriptor.fd
  }

  /** Takes all notifications since the last drain. Returns whether there were any. */
  drain(): boolean {
    return libc().read(this.#descriptor.fd, this.#count, 8) === 8
  }

  close(): void {
    this.#descriptor.close()
  }
}

/**
 * Wakes who polls an eventfd, from any thread of its process: give it the number only. Never blocks.
 * Not to be called after the eventfd was closed: its number may then be another file's.
 */
export function notifyEventFd(fd: number): void {
  const one = new Uint8Array(8)
  new DataView(one.buffer).setBigUint64(0, 1n, IS_LITTLE_ENDIAN)
  // Fails only when the counter is at its end, and then the sleeper is awake anyway.
  libc().write(fd, one, 8)
}
