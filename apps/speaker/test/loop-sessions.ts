import { SessionsCore } from '../src/plane/sessions-core.ts'
import type {
  PeerCounts,
  PeerState,
  RoutesChange,
  SessionsEnd,
  WantedPeer
} from '../src/plane/sessions-messages.ts'
import type { Sessions } from '../src/plane/sessions-plane.ts'

/** Sessions in this thread. What it is told is copied as between threads. */
export class LoopSessions implements Sessions {
  readonly #core: SessionsCore
  readonly #states = new Map<string, PeerState>()
  readonly #onGone: (peer: string) => void
  #isStopped = false

  constructor(node: string, onState: (state: PeerState) => void, onGone: (peer: string) => void) {
    this.#onGone = onGone
    this.#core = new SessionsCore({
      node,
      onState: (state) => {
        this.#states.set(state.name, state)
        onState(state)
      }
    })
    this.#core.start()
  }

  setPeers(peers: readonly WantedPeer[]): void {
    const names = new Set(peers.map(({ name }) => name))
    for (const name of this.#states.keys()) {
      if (names.has(name)) continue
      this.#states.delete(name)
      this.#onGone(name)
    }
    this.#core.setPeers(structuredClone(peers))
  }

  setRoutes(changes: readonly RoutesChange[]): void {
    this.#core.setRoutes(structuredClone(changes))
  }

  setGracefulShutdown(isGraceful: boolean): void {
    this.#core.setGracefulShutdown(isGraceful)
  }

  markComplete(): void {
    this.#core.markComplete()
  }

  states(): Iterable<PeerState> {
    return this.#states.values()
  }

  async counts(): Promise<readonly PeerCounts[]> {
    return this.#core.counts()
  }

  async stop(end: SessionsEnd): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#core.stop(end)
  }
}
