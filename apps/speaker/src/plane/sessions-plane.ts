import { isDeepStrictEqual } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Questions } from './questions.ts'
import {
  isSessionsAnswer,
  type PeerCounts,
  type PeerState,
  type RouteMessage,
  type RoutesChange,
  type SessionsAnswer,
  type SessionsEnd,
  type SessionsRequest,
  type WantedPeer
} from './sessions-messages.ts'
import type { SessionsWorkerData } from './sessions-worker.ts'
import { WorkerHost } from './worker-host.ts'

export interface SessionsPlaneOptions {
  /** Name of this node. */
  readonly node: string
  /** All routes of a peer, for a thread that is started again. */
  readonly routesOf: (peer: string) => readonly RouteMessage[]
  readonly onState: (state: PeerState) => void
  /** A peer that was told of is no peer any more. */
  readonly onGone: (peer: string) => void
  /** It failed and starts again, with all that is wanted. */
  readonly onRestart: (error: Error) => void
  /** Entry of the thread. @defaultValue the sessions worker */
  readonly entry?: URL
}

/** Where sessions with routers are held. */
export interface Sessions {
  /** All peers of this node. */
  setPeers(peers: readonly WantedPeer[]): void
  setRoutes(changes: readonly RoutesChange[]): void
  /** All routes that are known at the start were given. */
  markComplete(): void
  /** Whether peers are to prefer other ways (RFC 8326). */
  setGracefulShutdown(isGraceful: boolean): void
  /** Of every peer as last told. */
  states(): Iterable<PeerState>
  counts(): Promise<readonly PeerCounts[]>
  /** Idempotent; settles when the sessions have ended. */
  stop(end: SessionsEnd): Promise<void>
}

const DEFAULT_ENTRY = new URL(
  `sessions-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url
)
const NO_MORE_PEERS: SessionsEnd = { mode: 'leave', text: 'the peer was removed' }

/** Sessions in a thread of their own: what blocks the main thread delays no keepalive. There is none while there are no peers. */
export class SessionsPlane implements Sessions {
  readonly #options: SessionsPlaneOptions
  readonly #states = new Map<string, PeerState>()
  readonly #questions = new Questions<readonly PeerCounts[]>([])
  #host: WorkerHost<SessionsRequest, SessionsAnswer> | undefined
  #isReady = false
  #peers: readonly WantedPeer[] = []
  #isComplete = false
  #isGracefulShutdown = false
  /** Threads that end. */
  #ending: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: SessionsPlaneOptions) {
    this.#options = options
  }

  setPeers(peers: readonly WantedPeer[]): void {
    if (this.#isStopped || isDeepStrictEqual(this.#peers, peers)) return
    this.#peers = peers
    const names = new Set(peers.map(({ name }) => name))
    for (const name of this.#states.keys()) {
      if (names.has(name)) continue
      this.#states.delete(name)
      this.#options.onGone(name)
    }
    if (peers.length === 0) this.#end(NO_MORE_PEERS)
    else if (this.#host === undefined) this.#begin()
    else this.#post({ type: 'peers', peers })
  }

  setRoutes(changes: readonly RoutesChange[]): void {
    if (changes.length > 0) this.#post({ type: 'routes', changes })
  }

  markComplete(): void {
    this.#isComplete = true
    this.#post({ type: 'complete' })
  }

  setGracefulShutdown(isGraceful: boolean): void {
    if (this.#isGracefulShutdown === isGraceful) return
    this.#isGracefulShutdown = isGraceful
    this.#post({ type: 'shutdown', isGraceful })
  }

  states(): Iterable<PeerState> {
    return this.#states.values()
  }

  async counts(): Promise<readonly PeerCounts[]> {
    if (!this.#isReady) return []
    return this.#questions.ask((id) => this.#post({ type: 'counts', id }))
  }

  async stop(end: SessionsEnd): Promise<void> {
    this.#isStopped = true
    this.#end(end)
    await this.#ending
  }

  #begin(): void {
    useOptimizingCompilers()
    const host = new WorkerHost<SessionsRequest, SessionsAnswer>({
      name: 'sessions',
      entry: this.#options.entry ?? DEFAULT_ENTRY,
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 512 },
      workerData: (): SessionsWorkerData => ({ node: this.#options.node }),
      isAnswer: isSessionsAnswer,
      onAnswer: (answer) => {
        if (this.#host === host) this.#onAnswer(answer)
      },
      onGone: () => {
        if (this.#host === host) this.#isReady = false
      },
      onRestart: this.#options.onRestart
    })
    this.#host = host
    // The last thread may still be saying farewell to the same peers.
    void this.#ending.then(() => {
      if (this.#host === host) host.keepStarted()
    })
  }

  #onAnswer(answer: SessionsAnswer): void {
    switch (answer.type) {
      case 'ready':
        this.#isReady = true
        if (this.#isGracefulShutdown) this.#post({ type: 'shutdown', isGraceful: true })
        this.#post({ type: 'routes', changes: this.#allRoutes() })
        this.#post({ type: 'peers', peers: this.#peers })
        if (this.#isComplete) this.#post({ type: 'complete' })
        return
      case 'state':
        if (!this.#peers.some(({ name }) => name === answer.state.name)) return
        this.#states.set(answer.state.name, answer.state)
        this.#options.onState(answer.state)
        return
      case 'counts':
        this.#questions.answer(answer.id, answer.counts)
    }
  }

  #allRoutes(): readonly RoutesChange[] {
    return this.#peers.map(({ name }) => ({ peer: name, set: this.#options.routesOf(name), remove: [] }))
  }

  /** Dropped before the thread is ready: it is told everything then. */
  #post(request: SessionsRequest): void {
    if (this.#isReady) this.#host?.post(request)
  }

  #end(end: SessionsEnd): void {
    const host = this.#host
    this.#host = undefined
    this.#isReady = false
    if (host === undefined) return
    const ended = host.stop(() => host.post({ type: 'stop', end }))
    this.#ending = Promise.all([this.#ending, ended]).then(() => undefined)
  }
}

/**
 * The binary starts without them, since they take more memory than answering ARP is worth. Hundreds of BFD sessions are:
 * they cost half the time with them. Threads started from now on have them, too.
 */
function useOptimizingCompilers(): void {
  setFlagsFromString('--opt')
  setFlagsFromString('--maglev')
}
