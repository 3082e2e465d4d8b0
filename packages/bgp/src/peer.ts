import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { type IpFamily, type IpPrefix, tryParseIpAddress } from '@clarion-lb/netaddr'
import { AdjRibOut } from './adj-rib-out.ts'
import { type MutableCounters, zeroCounters } from './counters.ts'
import type { BgpState, SessionEnd } from './fsm-types.ts'
import type { NotificationMessage, UpdateMessage } from './messages/model.ts'
import { hardReset, NOTIFICATION, notification, shutdownData } from './messages/notification.ts'
import { buildOpen, type LocalIdentity, refuseOpen } from './negotiation.ts'
import { chooseNextHops, type NextHops } from './next-hops.ts'
import { type BgpPeerOptions, DEFAULTS } from './options.ts'
import { endpointOf, fsmConfigOf, isSameJson, needsRestart, tooManyPrefixes } from './peer-config.ts'
import type { PeerContext, StopOptions } from './peer-context.ts'
import {
  type BgpCloseReason,
  type BgpFamilyStatus,
  type BgpPeerEvents,
  type BgpPeerStatus,
  closeReasonOf
} from './peer-events.ts'
import { PeerSessions } from './peer-sessions.ts'
import { PrefixCount } from './prefix-count.ts'
import { RouteSender } from './route-sender.ts'
import { type Advertisement, routeKeyOf } from './routes.ts'
import type { Session } from './session.ts'
import { dial, type PeerEndpoint, prepareAccepted, rekey, splitZone } from './transport.ts'

const { CEASE } = NOTIFICATION
/** How long a stop waits for routes that are not sent yet. */
const FLUSH_TIMEOUT_MS = 2000
/** A neighbour and its session. Made by `BgpSpeaker.addPeer`. */
export class BgpPeer extends EventEmitter<BgpPeerEvents> {
  readonly #context: PeerContext
  readonly #rib: AdjRibOut = new AdjRibOut()
  readonly #counters: MutableCounters = zeroCounters()
  readonly #sessions: PeerSessions
  #options: BgpPeerOptions
  #endpoint: PeerEndpoint | undefined
  #isStarted = false
  #sender: RouteSender | undefined
  #prefixes: PrefixCount
  #state: BgpState = 'idle'
  #sinceMs: number = Date.now()
  #lastClose: BgpCloseReason | undefined

  /** @internal */
  constructor(options: BgpPeerOptions, context: PeerContext) {
    super()
    this.#options = options
    this.#context = context
    this.#prefixes = new PrefixCount(options.maxPrefixes)
    this.#sessions = this.#createSessions()
    this.#endpoint = endpointOf(options)
  }

  get name(): string {
    return this.#options.name
  }

  get options(): BgpPeerOptions {
    return this.#options
  }

  get state(): BgpState {
    return this.#state
  }

  /** Where it is, or was found. */
  get endpoint(): PeerEndpoint | undefined {
    return this.#endpoint
  }

  status(): BgpPeerStatus {
    return {
      name: this.name,
      state: this.#state,
      sinceMs: this.#sinceMs,
      address: this.#endpoint?.address,
      negotiated: this.#state === 'established' ? this.#sessions.established?.negotiated : undefined,
      families: { 4: this.#familyStatus(4), 6: this.#familyStatus(6) },
      counters: structuredClone(this.#counters),
      lastClose: this.#lastClose,
      retryInMs: this.#sessions.retryInMs
    }
  }

  /** Makes these the routes that the peer is told. Differences alone are sent. */
  setAdvertisements(advertisements: Iterable<Advertisement>): void {
    this.#rib.replace(Array.from(advertisements, (it) => this.#context.interner.intern(it)))
    this.#sender?.wake()
  }

  /** Adds routes, or changes those of the same prefixes. */
  add(advertisements: Iterable<Advertisement>): void {
    for (const advertisement of advertisements) this.#rib.set(this.#context.interner.intern(advertisement))
    this.#sender?.wake()
  }

  remove(prefixes: Iterable<IpPrefix>): void {
    for (const prefix of prefixes) this.#rib.delete(routeKeyOf(prefix))
    this.#sender?.wake()
  }

  /**
   * Ends the session, which then starts again by itself: Cease/4 by an operator, Cease/10 because BFD says that the peer
   * cannot be reached (RFC 9384).
   */
  reset(cause: 'administrative' | 'bfd-down'): void {
    const told =
      cause === 'bfd-down'
        ? this.#lastWord(notification(CEASE.code, CEASE.BFD_DOWN))
        : notification(CEASE.code, CEASE.ADMINISTRATIVE_RESET)
    void this.#sessions.end('automaticStop', told)
  }

  /** @internal */
  start(): void {
    this.#isStarted = true
    if (this.#endpoint !== undefined) this.#sessions.start()
  }

  /** @internal */
  async stop({ mode, text = '' }: StopOptions): Promise<void> {
    if (mode === 'restart') await this.#sender?.drained(FLUSH_TIMEOUT_MS)
    this.#isStarted = false
    const data = text === '' ? [] : [shutdownData(text)]
    const told =
      mode === 'removal'
        ? notification(CEASE.code, CEASE.PEER_DE_CONFIGURED)
        : notification(CEASE.code, CEASE.ADMINISTRATIVE_SHUTDOWN, ...data)
    await this.#sessions.end('stop', mode === 'restart' ? undefined : this.#lastWord(told))
  }

  /** @internal The session is ended if it cannot live with the change. */
  update(options: BgpPeerOptions): void {
    const before = this.#options
    const isOther = needsRestart(before, options)
    this.#options = options
    this.#prefixes.setLimit(options.maxPrefixes)
    if (isOther || !this.#rekey(before)) {
      // No hard reset: the session comes again at once, and routes may stay until then.
      void this.#sessions.end('stop', notification(CEASE.code, CEASE.OTHER_CONFIGURATION_CHANGE))
      if (isOther) this.#endpoint = endpointOf(options)
      if (this.#isStarted) this.start()
      return
    }
    const session = this.#sessions.established
    if (session !== undefined && !isSameJson(before.nextHops, options.nextHops))
      this.#sender?.reconfigure({ nextHops: this.#nextHopsOf(session) })
  }

  /** @internal An unnumbered peer is found, or another one; of several on a link the one with a session is meant. */
  setEndpoint(endpoint: PeerEndpoint): void {
    if (this.state === 'established' || this.#endpoint?.address.equals(endpoint.address) === true) return
    if (this.#endpoint !== undefined)
      void this.#sessions.end('stop', this.#lastWord(notification(CEASE.code, CEASE.PEER_DE_CONFIGURED)))
    this.#endpoint = endpoint
    if (this.#isStarted) this.#sessions.start()
  }

  /** @internal Takes a connection, or refuses it. */
  accept(socket: Socket): void {
    try {
      // Keys of TCP-AO are for connections that we make: what comes in has none.
      if (this.#isStarted && this.#options.authentication === undefined) {
        prepareAccepted(socket, this.#options)
        if (this.#sessions.accept(socket)) return
      }
    } catch {
      // The peer is gone before its connection could get its options.
    }
    socket.destroy()
  }

  /** @internal */
  markComplete(): void {
    this.#sender?.markComplete()
  }

  /** @internal */
  gracefulShutdownChanged(): void {
    this.#sender?.reconfigure({ isGracefulShutdown: this.#context.isGracefulShutdown() })
  }

  #createSessions(): PeerSessions {
    return new PeerSessions({
      identity: () => this.#identity(),
      peerName: this.#options.name,
      fsmConfig: () => fsmConfigOf(this.#options),
      buildOpen: () => buildOpen(this.#options, this.#identity(), this.#isRestarting()),
      dial: () => {
        if (this.#endpoint === undefined) throw new Error('the neighbour is not known yet')
        return dial(this.#endpoint, this.#options)
      },
      refuseOpen: (open) => refuseOpen(open, this.#options, this.#identity()),
      onMessage: (direction, type, count) => {
        this.#counters[direction][type] += count
      },
      onTransition: () => this.#noteState(),
      onEstablished: (session) => this.#establish(session),
      onUpdate: (session, update) => this.#receive(session, update),
      onRefresh: (_session, { family, subtype }) => {
        if (family !== undefined && subtype === 'request') this.#sender?.refresh(family)
      },
      onRoom: () => this.#sender?.wake(),
      onEnded: (_session, end, wasEstablished) => this.#ended(end, wasEstablished)
    })
  }

  #establish(session: Session): void {
    const { negotiated } = session
    if (negotiated === undefined) return
    this.#sessions.endOther(session)
    this.#counters.sessions += 1
    this.#prefixes = new PrefixCount(this.#options.maxPrefixes)
    this.#sender = new RouteSender({
      rib: this.#rib,
      encoder: this.#context.encoder,
      sink: {
        get hasRoom() {
          return session.connection?.hasRoom === true
        },
        send: (type, messages) => session.send(type, messages)
      },
      negotiated,
      nextHops: this.#nextHopsOf(session),
      isGracefulShutdown: this.#context.isGracefulShutdown(),
      isComplete: this.#context.isComplete()
    })
    this.#sender.start()
    this.#noteState()
    this.emit('established', negotiated)
  }

  #receive(session: Session, update: UpdateMessage): void {
    if (update.problems.length > 0) this.#counters.malformedUpdates += 1
    const exceeded = this.#prefixes.add(update)
    if (exceeded === undefined) {
      this.emit('update', update)
      return
    }
    const idleHoldMs = this.#options.maxPrefixesIdleMs ?? DEFAULTS.maxPrefixesIdleMs
    const told = this.#lastWord(tooManyPrefixes(exceeded, this.#options.maxPrefixes ?? 0))
    session.handle({ type: 'automaticStop', notification: told, idleHoldMs })
  }

  #ended(end: SessionEnd, wasEstablished: boolean): void {
    if (wasEstablished) {
      this.#sender?.stop()
      this.#sender = undefined
    }
    this.#noteState()
    // One of two connections is not the end of anything.
    if (end.cause === 'collision' && !wasEstablished) return
    this.#lastClose = closeReasonOf(end, wasEstablished)
    this.emit('closed', this.#lastClose)
  }

  #noteState(): void {
    const { state } = this.#sessions
    const previous = this.#state
    if (state === previous) return
    this.#state = state
    this.#sinceMs = Date.now()
    this.emit('stateChange', state, previous)
  }

  /** Changes the key of what is connected; `false`: it needs a new connection. */
  #rekey(before: BgpPeerOptions): boolean {
    if (before.password === this.#options.password) return true
    const socket = this.#sessions.established?.connection?.socket
    if (socket === undefined || this.#endpoint === undefined) return false
    return rekey(socket, this.#endpoint.address, this.#options)
  }

  #identity(): LocalIdentity {
    return this.#context.identity(this.#options)
  }

  /** RFC 4724 §4.1: only the first session of a process that was started again. */
  #isRestarting(): boolean {
    return this.#counters.sessions === 0 && this.#options.gracefulRestart?.isRestarting === true
  }

  #nextHopsOf(session: Session): NextHops {
    const { connection, negotiated } = session
    if (negotiated === undefined) return { 4: 'not-negotiated', 6: 'not-negotiated' }
    const [text] = splitZone(connection?.socket.localAddress)
    return chooseNextHops(tryParseIpAddress(text), this.#options.nextHops ?? {}, negotiated.encoding)
  }

  /** RFC 8538 §4: what routes must not survive is a hard reset. */
  #lastWord(told: NotificationMessage): NotificationMessage {
    return this.#sessions.established?.negotiated?.hasNotificationRestart === true ? hardReset(told) : told
  }

  #familyStatus(family: IpFamily): BgpFamilyStatus {
    return {
      wanted: this.#rib.size(family),
      advertised: this.#rib.advertisedCount(family),
      pending: this.#rib.pendingCount(family),
      received: this.#sender === undefined ? 0 : this.#prefixes.count(family),
      withheld: this.#sender?.withheldReason(family)
    }
  }
}
