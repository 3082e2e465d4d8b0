import type {
  AddressCounts,
  LivenessSettings,
  PlaneCounts,
  PlaneEvent,
  WantedChange
} from '../src/plane/messages.ts'
import { Ownership } from '../src/plane/ownership.ts'
import type { Plane } from '../src/plane/plane.ts'

export interface FakePlaneOptions {
  readonly node: string
  readonly onEvent: (event: PlaneEvent) => void
  readonly onChange: () => void
}

/** Keeps what is its own to answer for, instead of answering frames. Nobody is heard. */
export class FakePlane implements Plane {
  readonly changes: WantedChange[] = []
  readonly #options: FakePlaneOptions
  readonly #answered = new Map<string, readonly string[] | undefined>()
  readonly #ownership: Ownership
  isRunning = false
  found: readonly AddressCounts[] = []
  liveness: LivenessSettings | undefined

  constructor(options: FakePlaneOptions) {
    this.#options = options
    this.#ownership = new Ownership({
      node: options.node,
      takeBackMs: 0,
      answerer: {
        apply: ({ set, remove }) => {
          for (const { address, interfaces } of set) this.#answered.set(address, interfaces)
          for (const address of remove) this.#answered.delete(address)
        },
        announce: () => undefined,
        isAble: () => true,
        ask: () => undefined
      },
      onChange: (change) => options.onEvent({ type: 'holdings', ...change })
    })
  }

  /** Addresses that are answered for, each with its interfaces if they are limited. */
  get wanted(): readonly string[] {
    return [...this.#answered]
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
    this.#ownership.apply(change)
    this.#ownership.work(0)
    this.#options.onChange()
  }

  setLiveness(settings: LivenessSettings | undefined): void {
    this.liveness = settings
    this.#options.onChange()
  }

  async counts(): Promise<PlaneCounts> {
    return { addresses: this.found, liveness: undefined }
  }

  async stop(): Promise<void> {
    this.isRunning = false
    this.#options.onChange()
  }
}
