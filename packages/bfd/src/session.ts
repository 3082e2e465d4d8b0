import { EventEmitter } from 'node:events'
import type { IpAddress } from '@clarion-lb/netaddr'
import type { BfdStateChange } from './fsm.ts'
import type { BfdSessionState } from './packet.ts'

/** What a session emits, after its state has changed. Listeners must not throw. */
export interface BfdSessionEvents {
  up: [change: BfdStateChange]
  /** It was up. The change's reason tells a failure from an operator's wish on either side (RFC 5882 §3.2). */
  down: [change: BfdStateChange]
  /** Any change, before `up` or `down`. */
  stateChange: [change: BfdStateChange]
}

/** Counted since the session was added. */
export interface BfdSessionCounters {
  readonly packetsReceived: number
  readonly packetsSent: number
  /** Packets that the system did not take; see {@link BfdSessionStatus.lastSendError}. */
  readonly sendErrors: number
  /** Packets of other keys, repeated ones, and those without authentication. */
  readonly authenticationRefusals: number
  readonly upEvents: number
  readonly downEvents: number
}

/** A session as it is now. Intervals are as negotiated. */
export interface BfdSessionStatus {
  readonly state: BfdSessionState
  readonly remoteState: BfdSessionState
  /** See `BfdDiagnostic`. */
  readonly diagnostic: number
  readonly remoteDiagnostic: number
  readonly localDiscriminator: number
  /** Zero while the peer is not known. */
  readonly remoteDiscriminator: number
  /** Before jitter. */
  readonly transmitIntervalMs: number
  /** `undefined` while the peer is not known. */
  readonly detectionTimeMs: number | undefined
  /** A change of parameters is not confirmed by the peer yet. */
  readonly isPolling: boolean
  /** Of the last packet that the system did not take: `'ENETUNREACH'`, … */
  readonly lastSendError: string | undefined
}

/** What a session is made of; given by its speaker. */
export interface BfdSessionControl {
  readonly remoteAddress: IpAddress
  readonly localDiscriminator: number
  status(): BfdSessionStatus
  counters(): BfdSessionCounters
  setAdministrative(state: 'down' | 'up'): void
}

/** A session of a `BfdSpeaker`. */
export class BfdSession extends EventEmitter<BfdSessionEvents> {
  readonly #control: BfdSessionControl

  constructor(control: BfdSessionControl) {
    super()
    this.#control = control
  }

  get remoteAddress(): IpAddress {
    return this.#control.remoteAddress
  }

  /** Random, not zero, unique within its speaker. */
  get localDiscriminator(): number {
    return this.#control.localDiscriminator
  }

  get state(): BfdSessionState {
    return this.#control.status().state
  }

  get status(): BfdSessionStatus {
    return this.#control.status()
  }

  get counters(): BfdSessionCounters {
    return this.#control.counters()
  }

  /** Holds the session down and keeps telling the peer that this is no failure (RFC 5880 §6.8.16). */
  adminDown(): void {
    this.#control.setAdministrative('down')
  }

  /** Ends {@link BfdSession.adminDown}. */
  adminUp(): void {
    this.#control.setAdministrative('up')
  }
}
