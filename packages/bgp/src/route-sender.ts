import type { IpFamily } from '@clarion-lb/netaddr'
import type { AdjRibOut } from './adj-rib-out.ts'
import { encodeEndOfRib, encodeRouteRefresh } from './messages/codec.ts'
import type { BgpMessage } from './messages/model.ts'
import type { Negotiated } from './negotiation.ts'
import type { NextHops, WithheldReason } from './next-hops.ts'
import type { RibEncoder } from './rib-encoder.ts'

const FAMILIES: readonly IpFamily[] = [4, 6]

/** What a {@link RouteSender} sends through. */
export interface RouteSink {
  readonly hasRoom: boolean
  readonly send: (type: BgpMessage['type'], messages: readonly Uint8Array[]) => void
}

export interface RouteSenderOptions {
  readonly rib: AdjRibOut
  readonly encoder: RibEncoder
  readonly sink: RouteSink
  readonly negotiated: Negotiated
  readonly nextHops: NextHops
  readonly isGracefulShutdown: boolean
  /** The routes are all there: End-of-RIB may follow them. */
  readonly isComplete: boolean
}

/**
 * Sends an Adj-RIB-Out over a session, a batch at a time, and only while the connection has room: what waits is kept as
 * routes, not as bytes. Changes of one turn of the event loop go out together.
 */
export class RouteSender {
  readonly #rib: AdjRibOut
  readonly #encoder: RibEncoder
  readonly #sink: RouteSink
  readonly #negotiated: Negotiated
  #nextHops: NextHops
  #isGracefulShutdown: boolean
  #isComplete: boolean
  #immediate: NodeJS.Immediate | undefined
  #isStopped = false
  readonly #ended: Set<IpFamily> = new Set()
  readonly #refreshAsked: Set<IpFamily> = new Set()
  readonly #refreshing: Set<IpFamily> = new Set()
  #waiting: (() => void)[] = []

  constructor(options: RouteSenderOptions) {
    this.#rib = options.rib
    this.#encoder = options.encoder
    this.#sink = options.sink
    this.#negotiated = options.negotiated
    this.#nextHops = options.nextHops
    this.#isGracefulShutdown = options.isGracefulShutdown
    this.#isComplete = options.isComplete
  }

  /** Why routes of this family are not sent; `undefined`: they are. */
  withheldReason(family: IpFamily): WithheldReason | undefined {
    const nextHop = this.#nextHops[family]
    return typeof nextHop === 'string' ? nextHop : undefined
  }

  start(): void {
    for (const family of FAMILIES) if (typeof this.#nextHops[family] === 'object') this.#rib.activate(family)
    this.wake()
  }

  /** Something changed, or there is room again. */
  wake(): void {
    if (this.#isStopped || this.#immediate !== undefined) return
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined
      this.#run()
    })
  }

  /** The peer asks for everything once more (RFC 2918). Asking again before it was sent changes nothing. */
  refresh(family: IpFamily): void {
    if (!this.#negotiated.encoding.families.includes(family)) return
    this.#refreshAsked.add(family)
    this.wake()
  }

  /** What routes look like has changed: they are sent again. */
  reconfigure(changes: { readonly nextHops?: NextHops; readonly isGracefulShutdown?: boolean }): void {
    const before = this.#nextHops
    this.#nextHops = changes.nextHops ?? before
    this.#isGracefulShutdown = changes.isGracefulShutdown ?? this.#isGracefulShutdown
    for (const family of FAMILIES) {
      // A family that lost its next hop keeps what was sent: there is nothing better to say.
      if (typeof this.#nextHops[family] === 'string') continue
      if (typeof before[family] === 'string') this.#rib.activate(family)
      else this.#rib.refresh(family)
    }
    this.wake()
  }

  markComplete(): void {
    this.#isComplete = true
    this.wake()
  }

  /** Settles when everything was handed to the connection, the session is over, or so much time has passed. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return
    this.wake()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  stop(): void {
    this.#isStopped = true
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    this.#rib.deactivate()
    this.#settle()
  }

  #run(): void {
    if (!this.#sink.hasRoom) return
    for (const family of this.#negotiated.encoding.families) {
      if (this.#sendBatch(family)) {
        this.wake()
        return
      }
      this.#finish(family)
      if (this.#beginRefresh(family)) {
        this.wake()
        return
      }
    }
    this.#settle()
  }

  /** @returns whether there was one. */
  #sendBatch(family: IpFamily): boolean {
    const nextHop = this.#nextHops[family]
    if (typeof nextHop === 'string') return false
    const { encoding, localAsn } = this.#negotiated
    const context = { encoding, localAsn, nextHop, family, isGracefulShutdown: this.#isGracefulShutdown }
    const batch = this.#rib.take(family, (attributes) => this.#encoder.roomOf(attributes, context))
    if (batch === undefined) return false
    this.#sink.send('update', this.#encoder.encode(batch, context))
    return true
  }

  /** All routes of the family are sent. */
  #finish(family: IpFamily): void {
    if (this.#refreshing.delete(family))
      this.#sink.send('routeRefresh', [encodeRouteRefresh({ family, subtype: 'end' })])
    if (!this.#isComplete || this.#ended.has(family)) return
    this.#ended.add(family)
    this.#sink.send('update', [encodeEndOfRib(family, this.#negotiated.encoding)])
  }

  /** RFC 7313 §4.1: with a beginning and an end, but not before End-of-RIB. */
  #beginRefresh(family: IpFamily): boolean {
    if (!this.#refreshAsked.delete(family)) return false
    if (this.#negotiated.hasEnhancedRouteRefresh && this.#ended.has(family)) {
      this.#refreshing.add(family)
      this.#sink.send('routeRefresh', [encodeRouteRefresh({ family, subtype: 'begin' })])
    }
    this.#rib.refresh(family)
    return true
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
