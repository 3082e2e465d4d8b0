import { type AuthenticationRefusal, Authenticator, isMeticulous } from './authentication.ts'
import type { BfdClock } from './clock.ts'
import { Detection } from './detection.ts'
import { transitionChannel } from './diagnostics.ts'
import { type BfdEffect, type BfdEvent, type BfdStateChange, step } from './fsm.ts'
import type { SessionConfiguration } from './options.ts'
import {
  BFD_PACKET_LENGTH,
  type BfdControlPacket,
  decodeControlPacket,
  encodeControlPacket,
  hasPollOrFinal,
  isSameBytes
} from './packet.ts'
import { BfdSession, type BfdSessionCounters, type BfdSessionStatus } from './session.ts'
import type { SessionSocket } from './session-socket.ts'
import { QueueTimer, type TimerQueue } from './timer-queue.ts'
import {
  type BfdParameters,
  type BfdVariables,
  detectionTimeUs,
  initialVariables,
  isTransmitting,
  jittered,
  transmitIntervalUs
} from './variables.ts'

/** AdminDown is said so often when a session ends, in case packets are lost, … */
const FAREWELLS = 3
/** … at this distance. */
const FAREWELL_INTERVAL_MS = 20

export interface SessionDriverOptions {
  readonly configuration: SessionConfiguration
  readonly localDiscriminator: number
  readonly socket: SessionSocket
  readonly clock: BfdClock
  readonly timers: TimerQueue
  /** From 0 to 1, for jitter. */
  readonly random: () => number
  /** Of 32 bits, for the first sequence number. */
  readonly randomUint32: () => number
  /** Reads packets that wait to be read. */
  readonly drain: () => void
}

/** Runs one session: applies what the state machine decides. */
export class SessionDriver {
  readonly session: BfdSession
  readonly configuration: SessionConfiguration
  readonly localDiscriminator: number
  readonly #options: SessionDriverOptions
  readonly #authenticator: Authenticator | undefined
  readonly #transmitTimer: QueueTimer = new QueueTimer(() => this.#transmitDue())
  readonly #detection: Detection
  readonly #counters = { received: 0, refused: 0, up: 0, down: 0 }
  #variables: BfdVariables
  #lastSentMs = Number.NEGATIVE_INFINITY
  #forgetSequenceAfterMs = 0
  /** The last packet, if it changed nothing: the same again will change nothing, too. */
  readonly #quiet: Uint8Array = new Uint8Array(BFD_PACKET_LENGTH)
  #isQuiet = false
  /** The periodic packet as it is now. */
  #encoded: Uint8Array | undefined
  #farewell: { left: number; readonly done: () => void } | undefined
  #isClosed = false

  constructor(options: SessionDriverOptions) {
    const { configuration, localDiscriminator, randomUint32 } = options
    this.#options = options
    this.configuration = configuration
    this.localDiscriminator = localDiscriminator
    this.#variables = initialVariables(configuration.parameters)
    const { clock, timers, drain } = options
    this.#detection = new Detection({
      clock,
      timers,
      drain,
      onExpired: () => this.#dispatch({ type: 'detectionTimeExpired' })
    })
    if (configuration.authentication !== undefined)
      this.#authenticator = new Authenticator(configuration.authentication, randomUint32())
    this.session = new BfdSession({
      remoteAddress: configuration.remoteAddress,
      localDiscriminator,
      status: () => this.#status(),
      counters: () => this.#readCounters(),
      setAdministrative: (state) =>
        this.#dispatch({ type: state === 'down' ? 'administrativelyDown' : 'administrativelyUp' })
    })
  }

  start(): void {
    if (isTransmitting(this.#variables)) this.#sendPeriodic()
  }

  /** Takes over other parameters, by a Poll Sequence while the session is up (RFC 5880 §6.8.3). */
  update(parameters: BfdParameters): void {
    this.#dispatch({ type: 'parametersChanged', parameters })
  }

  get parameters(): BfdParameters {
    return this.#variables.parameters
  }

  /** @param bytes a packet for this session without a `controlPacketProblem` */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed) return
    this.#counters.received += 1
    if (this.#isQuiet && isSameBytes(bytes, this.#quiet)) {
      this.#detection.heard()
      return
    }
    const packet = decodeControlPacket(bytes)
    if (this.#refusalOf(packet, bytes) !== undefined) {
      this.#counters.refused += 1
      return
    }
    const before = this.#variables
    this.#dispatch({ type: 'packetReceived', packet })
    if (this.#variables !== before || this.#authenticator !== undefined) return
    if (bytes.length !== BFD_PACKET_LENGTH || hasPollOrFinal(bytes)) return
    // In AdminDown a packet is no sign of life, so it has to go the long way.
    if (before.sessionState === 'adminDown') return
    this.#quiet.set(bytes)
    this.#isQuiet = true
  }

  /** Tells the peer that this is no failure, a few times, then closes (RFC 5880 §6.8.16). */
  async leave(): Promise<void> {
    this.#dispatch({ type: 'administrativelyDown' })
    if (this.#isClosed || !isTransmitting(this.#variables)) {
      this.close()
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#farewell = { left: FAREWELLS - 1, done: resolve }
    this.#setTransmit(this.#options.clock.now() + FAREWELL_INTERVAL_MS)
    await promise
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#detection.close()
    this.#options.timers.clear(this.#transmitTimer)
    this.#options.socket.close()
    this.#farewell?.done()
  }

  #dispatch(event: BfdEvent): void {
    if (this.#isClosed) return
    const { variables, effects } = step(this.#variables, event)
    if (variables !== this.#variables) {
      this.#variables = variables
      this.#isQuiet = false
      this.#encoded = undefined
      const detectionUs = detectionTimeUs(variables)
      this.#detection.setTime(detectionUs === undefined ? undefined : detectionUs / 1000)
      if (detectionUs !== undefined) this.#forgetSequenceAfterMs = (2 * detectionUs) / 1000
    }
    for (const effect of effects) this.#apply(effect)
  }

  #apply(effect: BfdEffect): void {
    switch (effect.type) {
      case 'sendFinal':
        this.#options.socket.send(this.#encode({ ...this.#packet(), poll: false, final: true }))
        // It took a sequence number: with the former one the next packet would be refused (RFC 5880 §6.7.3).
        this.#encoded = undefined
        return
      case 'sendNow':
        this.#sendPeriodic()
        return
      case 'reschedule':
        this.#scheduleTransmit()
        return
      case 'restartDetection':
        this.#detection.heard()
        return
      case 'changed':
        this.#report(effect.change)
    }
  }

  #report(change: BfdStateChange): void {
    const { remoteAddress, device } = this.configuration
    if (transitionChannel.hasSubscribers)
      transitionChannel.publish({
        ...change,
        remoteAddress: remoteAddress.toString(),
        device,
        localDiscriminator: this.localDiscriminator
      })
    if (change.to === 'up') this.#counters.up += 1
    if (change.from === 'up') this.#counters.down += 1
    this.session.emit('stateChange', change)
    if (change.to === 'up') this.session.emit('up', change)
    if (change.from === 'up') this.session.emit('down', change)
  }

  #transmitDue(): void {
    const farewell = this.#farewell
    if (farewell === undefined) {
      this.#sendPeriodic()
      return
    }
    this.#options.socket.send(this.#periodicBytes())
    farewell.left -= 1
    if (farewell.left > 0) this.#setTransmit(this.#options.clock.now() + FAREWELL_INTERVAL_MS)
    else this.close()
  }

  #sendPeriodic(): void {
    this.#options.socket.send(this.#periodicBytes())
    this.#lastSentMs = this.#options.clock.now()
    this.#scheduleTransmit()
  }

  /** RFC 5880 §6.8.7: an interval after the last packet, however long that one was meant to be the last for. */
  #scheduleTransmit(): void {
    if (this.#farewell !== undefined) return
    if (!isTransmitting(this.#variables)) {
      this.#options.timers.clear(this.#transmitTimer)
      return
    }
    const { detectMultiplier } = this.#variables.parameters
    const { earliestUs, latestUs } = jittered(
      transmitIntervalUs(this.#variables),
      detectMultiplier,
      this.#options.random()
    )
    this.#setTransmit(Math.max(this.#lastSentMs, 0) + latestUs / 1000, (latestUs - earliestUs) / 1000)
  }

  #setTransmit(deadlineMs: number, earlyMs = 0): void {
    this.#transmitTimer.earlyMs = earlyMs
    this.#options.timers.set(this.#transmitTimer, deadlineMs)
  }

  #periodicBytes(): Uint8Array {
    const type = this.configuration.authentication?.type
    if (type !== undefined && isMeticulous(type)) return this.#encode(this.#packet())
    this.#encoded ??= this.#encode(this.#packet())
    return this.#encoded
  }

  #packet(): BfdControlPacket {
    const variables = this.#variables
    return {
      diagnostic: variables.localDiagnostic,
      state: variables.sessionState,
      poll: variables.isPolling,
      final: false,
      // It shares the fate of the process that everything else here runs in.
      controlPlaneIndependent: false,
      demand: false,
      detectMultiplier: variables.parameters.detectMultiplier,
      myDiscriminator: this.localDiscriminator,
      yourDiscriminator: variables.remoteDiscriminator,
      desiredMinTxUs: variables.desiredMinTxUs,
      requiredMinRxUs: variables.parameters.requiredMinRxUs,
      requiredMinEchoRxUs: 0
    }
  }

  #encode(packet: BfdControlPacket): Uint8Array {
    return this.#authenticator?.encode(packet) ?? encodeControlPacket(packet)
  }

  #refusalOf(packet: BfdControlPacket, bytes: Uint8Array): AuthenticationRefusal | undefined {
    const authenticator = this.#authenticator
    if (authenticator === undefined) return packet.authentication === undefined ? undefined : 'unexpected'
    if (this.#detection.silentForMs() >= this.#forgetSequenceAfterMs) authenticator.forget()
    return authenticator.verify(packet, bytes)
  }

  #status(): BfdSessionStatus {
    const variables = this.#variables
    return {
      state: variables.sessionState,
      remoteState: variables.remoteSessionState,
      diagnostic: variables.localDiagnostic,
      remoteDiagnostic: variables.remoteDiagnostic,
      localDiscriminator: this.localDiscriminator,
      remoteDiscriminator: variables.remoteDiscriminator,
      transmitIntervalMs: transmitIntervalUs(variables) / 1000,
      detectionTimeMs: this.#detection.timeMs,
      isPolling: variables.isPolling,
      lastSendError: this.#options.socket.lastError
    }
  }

  #readCounters(): BfdSessionCounters {
    const { sent, errors } = this.#options.socket
    return {
      packetsReceived: this.#counters.received,
      packetsSent: sent,
      sendErrors: errors,
      authenticationRefusals: this.#counters.refused,
      upEvents: this.#counters.up,
      downEvents: this.#counters.down
    }
  }
}
