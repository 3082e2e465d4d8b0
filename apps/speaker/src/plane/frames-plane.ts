import { getPriority, setPriority } from 'node:os'
import { wakeLink } from '@clarion-lb/link'
import type { FramesWorkerData } from './frames-worker.ts'
import {
  type FramesAnswer,
  type FramesRequest,
  isFramesAnswer,
  type LivenessSettings,
  type PlaneCounts,
  type PlaneIdentity,
  type WantedAddress,
  type WantedChange
} from './messages.ts'
import type { Plane, PlaneHandlers } from './plane.ts'
import { Questions } from './questions.ts'
import { WorkerHost } from './worker-host.ts'

export interface FramesPlaneOptions extends PlaneHandlers, PlaneIdentity {
  /** Source of a regular expression: interfaces that do not exist for us. */
  readonly excludeSource: string | undefined
  /** Entry of the thread. @defaultValue the frames worker */
  readonly entry?: URL
}

const DEFAULT_ENTRY = new URL(
  `frames-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url
)

/** Of the main thread, where frames have one of their own: a third of its share of a busy processor. */
const MAIN_THREAD_NICENESS = 5

const NOTHING_COUNTED: PlaneCounts = { addresses: [], liveness: undefined }

/** Frames in a thread of their own, which sleeps in poll(2): nothing that the main thread does delays an answer. */
export class FramesPlane implements Plane {
  readonly #options: FramesPlaneOptions
  readonly #wanted = new Map<string, WantedAddress>()
  readonly #questions = new Questions<PlaneCounts>(NOTHING_COUNTED)
  readonly #host: WorkerHost<FramesRequest, FramesAnswer>
  /** Writing to it wakes the thread. −1 while there is none: the number may be another file's then. */
  #wakeFd = -1
  #liveness: LivenessSettings | undefined

  constructor(options: FramesPlaneOptions) {
    this.#options = options
    this.#host = new WorkerHost<FramesRequest, FramesAnswer>({
      name: 'frames',
      entry: options.entry ?? DEFAULT_ENTRY,
      // It makes little garbage, and what it keeps is small: 100,000 addresses are some 60 MiB.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 256 },
      workerData: () => this.#workerData(),
      isAnswer: isFramesAnswer,
      onAnswer: (answer) => this.#onAnswer(answer),
      onGone: () => {
        this.#wakeFd = -1
      },
      onRestart: options.onRestart
    })
  }

  async start(): Promise<void> {
    await this.#host.start()
    giveWay()
  }

  apply(change: WantedChange): void {
    for (const address of change.remove) this.#wanted.delete(address)
    for (const { address } of change.handOver ?? []) this.#wanted.delete(address)
    for (const wanted of change.set) this.#wanted.set(wanted.address, wanted)
    this.#send({ type: 'change', change })
  }

  setLiveness(settings: LivenessSettings | undefined): void {
    this.#liveness = settings
    this.#send({ type: 'liveness', settings })
  }

  async counts(): Promise<PlaneCounts> {
    if (!this.#host.isRunning) return NOTHING_COUNTED
    return this.#questions.ask((id) => this.#send({ type: 'counts', id }))
  }

  async stop(): Promise<void> {
    await this.#host.stop(() => this.#send({ type: 'stop' }))
  }

  #workerData(): FramesWorkerData {
    const { excludeSource, node, takeBackMs } = this.#options
    return { excludeSource, node, takeBackMs, wanted: [...this.#wanted.values()], liveness: this.#liveness }
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
        this.#questions.answer(answer.id, answer.counts)
        return
      case 'stopped':
        // The file that this number stands for is closed.
        this.#wakeFd = -1
    }
  }

  #send(request: FramesRequest): void {
    this.#host.post(request)
    wakeLink(this.#wakeFd)
  }
}

/**
 * From now on the main thread waits where that one wants the processor, too: on Linux, niceness is a thread's own. Threads that
 * are started later have it as well, since nobody may take it back; what counts most is there already.
 */
function giveWay(): void {
  try {
    setPriority(Math.max(getPriority(), MAIN_THREAD_NICENESS))
  } catch {
    // A sandbox may refuse it, and it is a favour.
  }
}
