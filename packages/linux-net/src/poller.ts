import { ERRNO, LinuxNetError } from './errors.ts'
import { IS_LITTLE_ENDIAN, libc } from './libc.ts'

const POLLIN = 0x001
const ENTRY_BYTES = 8
/** poll(2) in a thread of the pool cannot be interrupted; this is how late an end of the process may be. */
const MAX_ASYNC_TIMEOUT_MS = 250

/** Waits until one of a fixed set of file descriptors can be read, or reports an error (poll(2)). */
export class Poller {
  readonly #entries: Uint8Array
  readonly #view: DataView
  readonly #count: number

  constructor(fds: readonly number[]) {
    this.#count = fds.length
    this.#entries = new Uint8Array(fds.length * ENTRY_BYTES)
    this.#view = new DataView(this.#entries.buffer)
    fds.forEach((fd, i) => {
      this.#view.setInt32(i * ENTRY_BYTES, fd, IS_LITTLE_ENDIAN)
      this.#view.setInt16(i * ENTRY_BYTES + 4, POLLIN, IS_LITTLE_ENDIAN)
    })
  }

  /**
   * Blocks this thread, event loop included. Returns how many descriptors are ready; 0 also after a signal.
   *
   * @param timeoutMs −1 waits for ever. A worker thread needs a bound, or it can neither be stopped nor exit
   * @throws LinuxNetError
   */
  wait(timeoutMs: number): number {
    const { poll, errno } = libc()
    const ready = poll(this.#entries, this.#count, timeoutMs)
    if (ready >= 0) return ready
    this.#clear()
    const error = errno()
    if (error === ERRNO.EINTR || error === ERRNO.EAGAIN) return 0
    throw new LinuxNetError('poll', error)
  }

  /**
   * The same without blocking: waits in a thread of libuv's pool, one for as long as it waits, at most 250 ms.
   * One wait at a time.
   */
  async waitAsync(timeoutMs: number): Promise<number> {
    const bounded = timeoutMs < 0 ? MAX_ASYNC_TIMEOUT_MS : Math.min(timeoutMs, MAX_ASYNC_TIMEOUT_MS)
    return new Promise((resolve, reject) => {
      libc().poll.async(this.#entries, this.#count, bounded, (error: unknown, ready: number) => {
        if (error instanceof Error) reject(error)
        else {
          // errno belongs to the other thread; a broken descriptor shows itself at its next read.
          if (ready < 0) this.#clear()
          resolve(Math.max(ready, 0))
        }
      })
    })
  }

  /** After a wait: whether the descriptor at this place of the list can be read, or has an error to tell. */
  isReady(position: number): boolean {
    return this.#view.getInt16(position * ENTRY_BYTES + 6, IS_LITTLE_ENDIAN) !== 0
  }

  #clear(): void {
    for (let i = 0; i < this.#count; i += 1) this.#view.setInt16(i * ENTRY_BYTES + 6, 0, IS_LITTLE_ENDIAN)
  }
}
