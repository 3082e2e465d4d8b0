import type { AddressCounts, WantedChange } from '../src/plane/messages.ts'
import type { Plane } from '../src/plane/plane.ts'

/** Keeps what it is told instead of answering frames. */
export class FakePlane implements Plane {
  readonly changes: WantedChange[] = []
  readonly #wanted = new Map<string, readonly string[] | undefined>()
  readonly #onChange: () => void
  isRunning = false
  found: readonly AddressCounts[] = []

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Addresses that are answered for, each with its interfaces if they are limited. */
  get wanted(): readonly string[] {
    return [...this.#wanted]
      .map(([address, interfaces]) =>
        interfaces === undefined ? address : `${address} on ${interfaces.join()}`
      )
      .toSorted()
  }

  async start(): Promise<void> {
    this.isRunning = true
  }

  apply(change: WantedChange): void {
    this.changes.push(change)
    for (const { address, interfaces } of change.set) this.#wanted.set(address, interfaces)
    for (const address of change.remove) this.#wanted.delete(address)
    this.#onChange()
  }

  async counts(): Promise<readonly AddressCounts[]> {
    return this.found
  }

  async stop(): Promise<void> {
    this.isRunning = false
    this.#onChange()
  }
}
