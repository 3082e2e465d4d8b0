import type { Link } from '@clarion-lb/link'
import type { LivenessSettings, PlaneCounts, WantedChange } from './messages.ts'
import type { Plane } from './plane.ts'
import type { PlaneCore } from './plane-core.ts'

export interface LoopPlaneOptions {
  readonly link: Link
  readonly core: PlaneCore
}

const FAREWELL_MS = 10

/** Frames in this thread's event loop, for links that are not polled. */
export class LoopPlane implements Plane {
  readonly #options: LoopPlaneOptions
  readonly #stopping = new AbortController()
  readonly #done = Promise.withResolvers<void>()
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isWorking = false
  #isLeaving = false

  constructor(options: LoopPlaneOptions) {
    this.#options = options
  }

  start(): Promise<void> {
    const { link, core } = this.#options
    link.start()
    this.#running = link.run(this.#stopping.signal)
    core.start()
    this.#work()
    return Promise.resolve()
  }

  apply(change: WantedChange): void {
    this.#options.core.apply(change)
    this.#work()
  }

  setLiveness(settings: LivenessSettings | undefined): void {
    this.#options.core.setLiveness(settings)
    this.#work()
  }

  /** To be called after the link told of a frame, which may have to be answered later, or of changed interfaces. */
  onLinkEvent(): void {
    this.#work()
  }

  /** To be called by the core when the failure detector told something. */
  onLiveness(): void {
    queueMicrotask(() => this.#work())
  }

  counts(): Promise<PlaneCounts> {
    return Promise.resolve(this.#options.core.counts())
  }

  async stop(): Promise<void> {
    if (this.#running === undefined) return
    if (!this.#isLeaving) {
      this.#isLeaving = true
      this.#options.core.leave()
      this.#work()
    }
    await this.#done.promise
    await this.#running
  }

  #work(): void {
    // A link may hand in what our own frames have caused before they are all sent.
    if (this.#isWorking) return
    clearTimeout(this.#timer)
    if (this.#stopping.signal.aborted) return
    this.#isWorking = true
    const waitMs = this.#options.core.work()
    this.#isWorking = false
    if (this.#isLeaving && this.#options.core.isDone) {
      this.#stopping.abort()
      this.#done.resolve()
    } else this.#wait(waitMs)
  }

  #wait(waitMs: number | undefined): void {
    // The failure detector's farewell has timers of its own.
    const delayMs = this.#isLeaving ? Math.min(waitMs ?? FAREWELL_MS, FAREWELL_MS) : waitMs
    if (delayMs === undefined) return
    const dueMs = performance.now() + delayMs
    this.#timer = setTimeout(() => {
      this.#options.core.wasLate(performance.now() - dueMs)
      this.#work()
    }, delayMs)
  }
}
