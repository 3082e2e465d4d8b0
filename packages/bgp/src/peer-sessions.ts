import type { Socket } from 'node:net'
import type { BgpState, SessionEnd } from './fsm-types.ts'
import type { NotificationMessage, OpenMessage } from './messages/model.ts'
import { collisionLoser, type LocalIdentity } from './negotiation.ts'
import { Session, type SessionHost } from './session.ts'

const STATE_ORDER: readonly BgpState[] = [
  'idle',
  'active',
  'connect',
  'openSent',
  'openConfirm',
  'established'
]

/** A connection in the last second of an idle hold time, which is all of the first one, ends it. */
const EARLY_MS = 1000

export interface PeerSessionsHost extends Omit<SessionHost, 'winsCollision'> {
  readonly identity: () => LocalIdentity
}

/**
 * The sessions of one peer: one that lasts, and for the time of a collision another one, for a connection that the peer
 * made while ours is on its way (RFC 4271 §6.8). The one that is left when the other ends is the one that lasts.
 */
export class PeerSessions {
  readonly #host: PeerSessionsHost
  readonly #sessionHost: SessionHost
  #primary: Session
  #incoming: Session | undefined

  constructor(host: PeerSessionsHost) {
    this.#host = host
    this.#sessionHost = {
      ...host,
      winsCollision: (session, open) => this.#winsCollision(session, open),
      onEnded: (session, end, wasEstablished) => this.#ended(session, end, wasEstablished)
    }
    this.#primary = new Session(this.#sessionHost, 'idle')
  }

  /** The state of the session that is farthest. */
  get state(): BgpState {
    const states = [this.#primary.state, this.#incoming?.state ?? 'idle']
    return STATE_ORDER.findLast((state) => states.includes(state)) ?? 'idle'
  }

  get established(): Session | undefined {
    return this.#all().find((session) => session.state === 'established')
  }

  /** Until the next attempt; `undefined` if none is waited for. */
  get retryInMs(): number | undefined {
    return this.#primary.retryInMs
  }

  start(): void {
    this.#primary.handle({ type: 'start' })
  }

  /** Ends all, for good or to start again. Settles when the connections are closed. */
  async end(type: 'stop' | 'automaticStop', told: NotificationMessage | undefined): Promise<void> {
    const closed = this.#all().map(async (session) => session.connection?.closed)
    for (const session of this.#all()) {
      if (type === 'stop') session.handle({ type, notification: told })
      else session.handle({ type, notification: told, idleHoldMs: undefined })
    }
    await Promise.all(closed)
  }

  /** One connection is up: the other is not needed. */
  endOther(session: Session): void {
    const other = session === this.#primary ? this.#incoming : this.#primary
    other?.handle({ type: 'collisionLost' })
  }

  /** Takes a connection that the peer made. Returns whether it is wanted; the caller closes it, if not. */
  accept(socket: Socket): boolean {
    // The peer is ready again a moment before we are.
    const { retryInMs } = this.#primary
    if (this.#primary.state === 'idle' && retryInMs !== undefined && retryInMs <= EARLY_MS)
      this.#primary.handle({ type: 'idleHoldTimerExpired' })
    const { state, negotiated } = this.#primary
    // RFC 4271 §8.2.2: Idle refuses; a session that is up stays, unless the peer restarts (RFC 4724 §4.2).
    if (state === 'idle') return false
    if (state === 'established' && negotiated?.hasGracefulRestart !== true) return false
    if (state === 'active') {
      this.#primary.accept(socket)
      return true
    }
    // Of several connections that the peer makes, the newest is meant: the others may be left from before it crashed.
    if (this.#incoming !== undefined && this.#incoming.state !== 'openSent') return false
    this.#incoming?.dispose()
    this.#incoming = new Session(this.#sessionHost, 'active')
    this.#incoming.accept(socket)
    return true
  }

  #all(): readonly Session[] {
    return this.#incoming === undefined ? [this.#primary] : [this.#incoming, this.#primary]
  }

  #ended(session: Session, end: SessionEnd, wasEstablished: boolean): void {
    if (session === this.#incoming) {
      this.#incoming = undefined
      session.dispose()
    } else if (this.#incoming !== undefined) {
      this.#primary = this.#incoming
      this.#incoming = undefined
      session.dispose()
    }
    this.#host.onEnded(session, end, wasEstablished)
  }

  /** The OPEN of the peer has come on `session`. */
  #winsCollision(session: Session, open: OpenMessage): boolean {
    const other = session === this.#primary ? this.#incoming : this.#primary
    if (other === undefined) return true
    if (other.state === 'established') {
      if (other.negotiated?.hasGracefulRestart !== true) return false
      // RFC 4724 §4.2: the peer has restarted; its old connection is closed without a word.
      other.handle({ type: 'automaticStop', notification: undefined, idleHoldMs: undefined })
      return true
    }
    if (other.state !== 'openConfirm') return true
    const loser = collisionLoser(this.#host.identity(), open)
    if (session.isIncoming === (loser === 'theirs')) return false
    other.handle({ type: 'collisionLost' })
    return true
  }
}
