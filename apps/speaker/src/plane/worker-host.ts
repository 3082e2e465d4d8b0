import { type ResourceLimits, Worker } from 'node:worker_threads'

export interface WorkerHostOptions<Answer> {
  /** Of the thread, as debuggers show it. */
  readonly name: string
  readonly entry: URL
  readonly resourceLimits: ResourceLimits
  /** What it starts with: asked for at each start. */
  readonly workerData: () => unknown
  /** What comes from another thread has no type. */
  readonly isAnswer: (message: unknown) => message is Answer
  readonly onAnswer: (answer: Answer) => void
  /** The thread is gone, for now or for good. */
  readonly onGone: () => void
  /** It failed, and starts again. */
  readonly onRestart: (error: Error) => void
}

/** Time until the thread is started again after a failure: doubles up to the last. */
const RESTART_DELAYS_MS = [100, 200, 400, 800, 1600, 3200, 5000]
/** A thread that has run this long is healthy: the next failure is a first one. */
const HEALTHY_AFTER_MS = 30_000

/** Runs a thread and starts it again when it fails. The thread says `ready` when it works. */
export class WorkerHost<Request, Answer extends { readonly type: string }> {
  readonly #options: WorkerHostOptions<Answer>
  #worker: Worker | undefined
  #failures = 0
  #startedAtMs = 0
  #restart: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: WorkerHostOptions<Answer>) {
    this.#options = options
  }

  /** There is a thread; it may not be ready yet. */
  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /** Resolves when the thread is ready. @throws why the first start failed */
  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#spawn(resolve, reject)
    await promise
  }

  /** Starts the thread, and again if that fails. */
  keepStarted(): void {
    this.#spawn(
      () => undefined,
      (failure) => this.#repair(failure)
    )
  }

  /** Dropped while there is no thread. */
  post(request: Request): void {
    this.#worker?.postMessage(request)
  }

  /** Resolves when the thread has ended, which it does after this last request. Idempotent. */
  async stop(last: () => void): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker === undefined) return
    // Not by `once` of node:events: an error on the way to its end is no failure of the end.
    const exited = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve())
    })
    last()
    await exited
  }

  #spawn(onReady: () => void, onFailed: (error: Error) => void): void {
    const { name, entry, resourceLimits, workerData, isAnswer, onAnswer, onGone } = this.#options
    const worker = new Worker(entry, { name, workerData: workerData(), resourceLimits })
    this.#worker = worker
    this.#startedAtMs = performance.now()
    const state = { isReady: false, failure: new Error(`the ${name} thread ended`) }
    worker.on('message', (answer: unknown) => {
      if (!isAnswer(answer)) return
      onAnswer(answer)
      if (answer.type !== 'ready') return
      state.isReady = true
      onReady()
    })
    worker.on('error', (error: unknown) => {
      state.failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.once('exit', () => {
      this.#worker = undefined
      onGone()
      if (this.#isStopped) onReady()
      else if (state.isReady) this.#repair(state.failure)
      else onFailed(state.failure)
    })
  }

  #repair(error: Error): void {
    if (performance.now() - this.#startedAtMs > HEALTHY_AFTER_MS) this.#failures = 0
    const delayMs = RESTART_DELAYS_MS[Math.min(this.#failures, RESTART_DELAYS_MS.length - 1)]
    this.#failures += 1
    this.#options.onRestart(error)
    this.#restart = setTimeout(() => this.keepStarted(), delayMs)
  }
}
