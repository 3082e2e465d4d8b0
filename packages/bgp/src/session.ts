import type { Socket } from 'node:net'
import { Connection } from './connection.ts'
import { messageChannel, transitionChannel } from './diagnostics.ts'
import { BgpDecodeError } from './errors.ts'
import { IDLE, step } from './fsm.ts'
import { sendHoldTimeMs } from './fsm-effects.ts'
import type { BgpState, Fsm, FsmConfig, FsmEffect, FsmEvent, SessionEnd, TimerName } from './fsm-types.ts'
import {
  decodeMessage,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  INITIAL_ENCODING
} from './messages/codec.ts'
import type {
  BgpMessage,
  NotificationMessage,
  OpenMessage,
  RouteRefreshMessage,
  UpdateMessage
} from './messages/model.ts'
import { type Negotiated, negotiate } from './negotiation.ts'
import { Timers } from './timers.ts'

/** Offset of the type in a message's header, and its values (RFC 4271 §4.1, RFC 2918 §3). */
const TYPE_OFFSET = 18
const TYPE = { OPEN: 1, UPDATE: 2, NOTIFICATION: 3, KEEPALIVE: 4, ROUTE_REFRESH: 5 } as const
/** RFC 4271 §10. */
const MIN_JITTER = 0.75

/** What a session needs from its peer, and tells it. */
export interface SessionHost {
  readonly peerName: string
  readonly fsmConfig: () => FsmConfig
  readonly buildOpen: () => OpenMessage
  /** @throws if it cannot even be tried */
  readonly dial: () => Socket
  readonly refuseOpen: (open: OpenMessage) => NotificationMessage | undefined
  /** Whether this session goes on; the other one is ended, if not. */
  readonly winsCollision: (session: Session, open: OpenMessage) => boolean
  readonly onMessage: (direction: 'sent' | 'received', type: BgpMessage['type'], count: number) => void
  readonly onTransition: (session: Session) => void
  readonly onEstablished: (session: Session) => void
  readonly onUpdate: (session: Session, update: UpdateMessage) => void
  readonly onRefresh: (session: Session, refresh: RouteRefreshMessage) => void
  readonly onRoom: (session: Session) => void
  readonly onEnded: (session: Session, end: SessionEnd, wasEstablished: boolean) => void
}

/** One state machine with its timers and the connection that it has: applies effects, decides nothing. */
export class Session {
  readonly #host: SessionHost
  readonly #timers: Timers = new Timers((timer) => this.#expired(timer))
  readonly #events: FsmEvent[] = []
  #fsm: Fsm = IDLE
  #isStepping = false
  #isDisposed = false
  #wasEstablished = false
  #connection: Connection | undefined
  #ours: OpenMessage | undefined
  #negotiated: Negotiated | undefined
  #acceptedBytes = 0

  /** @param initial `'active'` for one that is made for a connection that was accepted */
  constructor(host: SessionHost, initial: 'idle' | 'active') {
    this.#host = host
    this.#fsm = { ...IDLE, state: initial }
  }

  get state(): BgpState {
    return this.#fsm.state
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Whether the peer made the connection. */
  get isIncoming(): boolean {
    return this.#connection?.isIncoming === true
  }

  /** From the peer's OPEN on. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated
  }

  /** Until the next attempt; `undefined` if none is waited for. */
  get retryInMs(): number | undefined {
    if (this.state !== 'idle' && this.state !== 'active') return undefined
    return this.#timers.remainingMs(this.state === 'idle' ? 'idleHold' : 'connectRetry')
  }

  /** Takes a connection that the peer made. */
  accept(socket: Socket): void {
    this.#attach(socket, true)
    this.handle({ type: 'tcpConnected' })
  }

  /** Events that come while one is handled wait for their turn. */
  handle(event: FsmEvent): void {
    this.#events.push(event)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next)
    } finally {
      this.#isStepping = false
    }
  }

  send(type: BgpMessage['type'], messages: readonly Uint8Array[]): void {
    if (this.#connection === undefined) return
    this.#connection.send(messages)
    this.#host.onMessage('sent', type, messages.length)
    if (messageChannel.hasSubscribers)
      for (const bytes of messages)
        messageChannel.publish({ peer: this.#host.peerName, direction: 'sent', bytes })
  }

  /** Nothing happens any more; a connection that is still there is closed at once. */
  dispose(): void {
    this.#isDisposed = true
    this.#timers.stopAll()
    this.#connection?.destroy()
    this.#connection = undefined
  }

  #step(event: FsmEvent): void {
    if (this.#isDisposed) return
    const from = this.#fsm.state
    const { fsm, effects } = step(this.#fsm, event, this.#host.fsmConfig())
    this.#fsm = fsm
    for (const effect of effects) if (!this.#isDisposed) this.#apply(effect)
    if (fsm.state === from) return
    if (transitionChannel.hasSubscribers)
      transitionChannel.publish({
        peer: this.#host.peerName,
        connection: this.isIncoming ? 'incoming' : 'outgoing',
        from,
        to: fsm.state,
        event: event.type
      })
    this.#host.onTransition(this)
  }

  #apply(effect: FsmEffect): void {
    switch (effect.type) {
      case 'connect':
        return this.#connect()
      case 'close':
        return this.#detach()
      case 'sendOpen':
        this.#ours = this.#host.buildOpen()
        return this.send('open', [encodeOpen(this.#ours)])
      case 'sendKeepalive':
        return this.send('keepalive', [encodeKeepalive()])
      case 'sendNotification':
        return this.send('notification', [encodeNotification(effect.notification)])
      case 'startTimer': {
        const share = effect.isJittered ? MIN_JITTER + Math.random() * (1 - MIN_JITTER) : 1
        return this.#timers.start(effect.timer, effect.durationMs * share)
      }
      case 'stopTimer':
        return this.#timers.stop(effect.timer)
      case 'stopAllTimers':
        return this.#timers.stopAll()
      case 'establish':
        this.#wasEstablished = true
        return this.#host.onEstablished(this)
      case 'deliverUpdate':
        return this.#host.onUpdate(this, effect.update)
      case 'deliverRefresh':
        return this.#host.onRefresh(this, effect.refresh)
      case 'end': {
        const wasEstablished = this.#wasEstablished
        this.#wasEstablished = false
        this.#negotiated = undefined
        return this.#host.onEnded(this, effect.end, wasEstablished)
      }
    }
  }

  #connect(): void {
    try {
      this.#attach(this.#host.dial(), false)
    } catch (error) {
      this.handle({ type: 'tcpFailed', message: error instanceof Error ? error.message : String(error) })
    }
  }

  #attach(socket: Socket, isIncoming: boolean): void {
    this.#detach()
    const connection: Connection = new Connection(socket, isIncoming, {
      onConnected: () => this.handle({ type: 'tcpConnected' }),
      onMessage: (bytes) => this.#receive(bytes),
      onMalformed: (error) => this.handle({ type: 'headerRefused', notification: error.notification }),
      onLost: (message) => {
        if (this.#connection === connection) this.handle({ type: 'tcpFailed', message })
      },
      onDrain: () => this.#host.onRoom(this)
    })
    this.#connection = connection
    this.#acceptedBytes = 0
  }

  #detach(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  #receive(bytes: Uint8Array): void {
    if (messageChannel.hasSubscribers)
      messageChannel.publish({ peer: this.#host.peerName, direction: 'received', bytes })
    const encoding = this.#negotiated?.encoding ?? INITIAL_ENCODING
    try {
      const message = decodeMessage(bytes, encoding)
      this.#host.onMessage('received', message.type, 1)
      this.#take(message)
    } catch (error) {
      if (!(error instanceof BgpDecodeError)) throw error
      this.handle(refusalOf(bytes, error.notification))
    }
  }

  #take(message: BgpMessage): void {
    switch (message.type) {
      case 'open':
        return this.#takeOpen(message)
      case 'keepalive':
        return this.handle({ type: 'keepaliveReceived' })
      case 'update':
        return this.handle({ type: 'updateReceived', update: message })
      case 'notification':
        return this.handle({ type: 'notificationReceived', notification: message })
      case 'routeRefresh':
        return this.handle({ type: 'refreshReceived', refresh: message })
    }
  }

  #takeOpen(open: OpenMessage): void {
    if (this.state !== 'openSent' || this.#ours === undefined) {
      this.handle({ type: 'openReceived', open })
      return
    }
    const refusal = this.#host.refuseOpen(open)
    if (refusal !== undefined) {
      this.handle({ type: 'openRefused', notification: refusal })
      return
    }
    if (!this.#host.winsCollision(this, open)) {
      this.handle({ type: 'collisionLost' })
      return
    }
    this.#negotiated = negotiate(this.#ours, open)
    if (this.#connection !== undefined)
      this.#connection.maxMessageLength = this.#negotiated.encoding.maxMessageLength
    this.handle({ type: 'openReceived', open })
  }

  #expired(timer: TimerName): void {
    if (timer === 'sendHold' && this.#isSending()) {
      this.#timers.start('sendHold', sendHoldTimeMs(this.#host.fsmConfig()))
      return
    }
    this.handle({ type: `${timer}TimerExpired` })
  }

  /** Whether the peer has taken something since the send hold timer began, or there was nothing to take (RFC 9687 §3.2). */
  #isSending(): boolean {
    const connection = this.#connection
    if (connection === undefined) return false
    const isMoving = connection.acceptedBytes > this.#acceptedBytes
    this.#acceptedBytes = connection.acceptedBytes
    return isMoving || connection.waitingBytes === 0
  }
}

/** Events 21, 22 and 28 of RFC 4271 §8.1.5. */
function refusalOf(bytes: Uint8Array, told: NotificationMessage): FsmEvent {
  switch (bytes[TYPE_OFFSET]) {
    case TYPE.OPEN:
      return { type: 'openRefused', notification: told }
    case TYPE.UPDATE:
    case TYPE.ROUTE_REFRESH:
      return { type: 'updateRefused', notification: told }
    default:
      return { type: 'headerRefused', notification: told }
  }
}
