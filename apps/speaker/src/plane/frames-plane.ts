import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { wakeLink } from '@clarion-lb/link'
import type { FramesWorkerData } from './frames-worker.ts'
import {
  type AddressCounts,
  type FramesAnswer,
  type FramesRequest,
  isFramesAnswer,
  type WantedAddress,
  type WantedChange
} from './messages.ts'
import type { Plane, PlaneHandlers } from './plane.ts'

export interface FramesPlaneOptions extends PlaneHandlers {
  /** Source of a regular expression: interfaces that do not exist for us. */
  readonly excludeSource: string | undefined
  /** Entry of the thread. @defaultValue the frames worker */
  readonly entry?: URL
}

/** Time until the thread is started again after a failure: doubles up to the last. */
const RESTART_DELAYS_MS = [100, 200, 400, 800, 1600, 3200, 5000]
/** A thread that has run this long is healthy: the next failure is a first one. */
const HEALTHY_AFTER_MS = 30_000
const COUNTS_TIMEOUT_MS = 2000
const DEFAULT_ENTRY = new URL(
  `frames-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url
)

/** Frames in a thread of their own, which sleeps in poll(2): nothing that the main thread does delays an answer. */
export class FramesPlane implements Plane {
  readonly #options: FramesPlaneOptions
  readonly #wanted = new Map<string, WantedAddress['interfaces']>()
  readonly #asked = new Map<number, (counts: readonly AddressCounts[]) => void>()
  #worker: Worker | undefined
  /** Writing to it wakes the thread. −1 while there is none: the number may be another file's then. */
  #wakeFd = -1
  #lastId = 0
  #failures = 0
  #startedAtMs = 0
  #restart: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: FramesPlaneOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#spawn(resolve, reject)
    await promise
  }

  apply(change: WantedChange): void {
    for (const address of change.remove) this.#wanted.delete(address)
    for (const wanted of change.set) this.#wanted.set(wanted.address, wanted.interfaces)
    this.#send({ type: 'change', change })
  }

  async counts(): Promise<readonly AddressCounts[]> {
    if (this.#worker === undefined) return []
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<readonly AddressCounts[]>()
    const timeout = setTimeout(() => resolve([]), COUNTS_TIMEOUT_MS)
    this.#asked.set(id, resolve)
    this.#send({ type: 'counts', id })
    try {
      return await promise
    } finally {
      clearTimeout(timeout)
      this.#asked.delete(id)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker === undefined) return
    const exited = once(worker, 'exit')
    this.#send({ type: 'stop' })
    await exited
  }

  #spawn(onReady: () => void, onFailed: (error: Error) => void): void {
    const workerData: FramesWorkerData = {
      excludeSource: this.#options.excludeSource,
      wanted: [...this.#wanted].map(([address, interfaces]) => ({ address, interfaces }))
    }
    const worker = new Worker(this.#options.entry ?? DEFAULT_ENTRY, {
      name: 'frames',
      workerData,
      // It makes little garbage, and what it keeps is small: 100,000 addresses are some 60 MiB.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 256 }
    })
    this.#worker = worker
    this.#startedAtMs = performance.now()
    const state = { isReady: false, failure: new Error('the frames thread ended') }
    worker.on('message', (answer: unknown) => {
      if (!isFramesAnswer(answer)) return
      this.#onAnswer(answer)
      if (answer.type !== 'ready') return
      state.isReady = true
      onReady()
    })
    worker.on('error', (error: unknown) => {
      state.failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.once('exit', () => {
      this.#worker = undefined
      this.#wakeFd = -1
      if (this.#isStopped) onReady()
      else if (state.isReady) this.#repair(state.failure)
      else onFailed(state.failure)
    })
  }

  #onAnswer(answer: FramesAnswer): void {
    switch (answer.type) {
      case 'ready':
        this.#wakeFd = answer.wakeFd
        // What was asked for since it was spawned may lie there unread.
        wakeLink(this.#wakeFd)
        return
      case 'event':
        this.#options.onEvent(answer.event)
        return
      case 'counts':
        this.#asked.get(answer.id)?.(answer.counts)
        return
      case 'stopped':
        // The file that this number stands for is closed.
        this.#wakeFd = -1
    }
  }

  #repair(error: Error): void {
    if (performance.now() - this.#startedAtMs > HEALTHY_AFTER_MS) this.#failures = 0
    const delayMs = RESTART_DELAYS_MS[Math.min(this.#failures, RESTART_DELAYS_MS.length - 1)]
    this.#failures += 1
    this.#options.onRestart(error)
    this.#restart = setTimeout(
      () =>
        this.#spawn(
          () => undefined,
          (failure) => this.#repair(failure)
        ),
      delayMs
    )
  }

  #send(request: FramesRequest): void {
    this.#worker?.postMessage(request)
    wakeLink(this.#wakeFd)
  }
}
