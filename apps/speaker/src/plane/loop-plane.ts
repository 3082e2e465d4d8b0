import type { Link } from '@clarion-lb/link'
import type { FramesCore } from './frames-core.ts'
import type { AddressCounts, WantedChange } from './messages.ts'
import type { Plane } from './plane.ts'

export interface LoopPlaneOptions {
  readonly link: Link
  readonly core: FramesCore
}

/** Frames in this thread's event loop, for links that are not polled. */
export class LoopPlane implements Plane {
  readonly #options: LoopPlaneOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isWorking = false

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

  /** To be called after the link told of a frame, which may have to be answered later, or of changed interfaces. */
  onLinkEvent(): void {
    this.#work()
  }

  counts(): Promise<readonly AddressCounts[]> {
    return Promise.resolve(this.#options.core.counts())
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
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
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.#work(), waitMs)
  }
}
