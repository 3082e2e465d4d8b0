import assert from 'node:assert/strict'
import { getRandomValues } from 'node:crypto'
import type { IpAddress } from '@clarion-lb/netaddr'
import { type BfdClock, SYSTEM_CLOCK } from './clock.ts'
import { type BfdDecodeReason, BfdOptionsError } from './errors.ts'
import {
  BFD_PORT,
  type BfdParameterOptions,
  type BfdSessionOptions,
  parseParameters,
  parseSessionOptions,
  type SessionConfiguration
} from './options.ts'
import { controlPacketProblem, yourDiscriminatorOf } from './packet.ts'
import { isOnPath, type Member, type ReceiveGroup } from './receive-group.ts'
import { ReceiveGroups } from './receive-groups.ts'
import type { BfdSession } from './session.ts'
import { SessionDriver } from './session-driver.ts'
import { SessionSocket } from './session-socket.ts'
import { TimerQueue } from './timer-queue.ts'
import type { BfdReceiver, BfdTransport, PacketSource, TtlPolicy } from './transport.ts'
import { UdpTransport } from './udp-transport.ts'

export interface BfdSpeakerOptions {
  /** More are refused. @defaultValue 512 */
  readonly maxSessions?: number
  /** Where packets are received. Default: all addresses. */
  readonly listenAddresses?: {
    readonly ipv4?: IpAddress | undefined
    readonly ipv6?: IpAddress | undefined
  }
  /** Default: 3784 and 4784 (RFC 5881 §4, RFC 5883 §5). */
  readonly listenPorts?: { readonly single?: number; readonly multi?: number }
  /** Default: UDP sockets. */
  readonly transport?: BfdTransport
  /** Default: the system's. */
  readonly clock?: BfdClock
  /** From 0 to 1, for jitter. */
  readonly random?: () => number
  /** Of 32 bits, for discriminators, ports and sequence numbers. Default: from the system's generator. */
  readonly randomUint32?: () => number
}

/** Packets that no session got, since the start. */
export interface BfdSpeakerCounters {
  /** Malformed ones, by what was wrong. */
  readonly discarded: Readonly<Partial<Record<BfdDecodeReason, number>>>
  /** With a discriminator, or from an address, of no session. */
  readonly unknownPeer: number
  /** For a session that receives elsewhere: on another interface, by the other number of hops, from another address. */
  readonly wrongPath: number
}

/** How sessions end. */
export interface BfdLeaveOptions {
  /**
   * `'adminDown'` tells the peers that this is no failure, so that they keep what the session protects (RFC 5882 §3.2);
   * `'silent'` lets them find out. @defaultValue 'adminDown'
   */
  readonly farewell?: 'adminDown' | 'silent'
}

const DEFAULT_MAX_SESSIONS = 512

/** BFD sessions of a host (RFC 5880) with neighbours (RFC 5881) and over several hops (RFC 5883). */
export class BfdSpeaker {
  readonly #options: BfdSpeakerOptions
  readonly #clock: BfdClock
  readonly #transport: BfdTransport
  readonly #timers: TimerQueue
  readonly #randomUint32: () => number
  readonly #byDiscriminator: Map<number, Member> = new Map()
  readonly #bySession: Map<BfdSession, SessionDriver> = new Map()
  readonly #groups: ReceiveGroups
  readonly #leaving: Map<SessionDriver, Promise<void>> = new Map()
  readonly #discarded: Partial<Record<BfdDecodeReason, number>> = {}
  #unknownPeer = 0
  #wrongPath = 0
  #isRunning = false
  #unlisten: (() => void) | undefined

  constructor(options: BfdSpeakerOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#transport = options.transport ?? new UdpTransport()
    this.#timers = new TimerQueue(this.#clock, () => this.#groups.poll())
    this.#groups = new ReceiveGroups(
      (group, ttl) => this.#openReceiver(group, ttl),
      this.#clock,
      this.#timers
    )
    this.#randomUint32 = options.randomUint32 ?? systemRandomUint32
  }

  get sessions(): Iterable<BfdSession> {
    return this.#bySession.keys()
  }

  get counters(): BfdSpeakerCounters {
    return { discarded: { ...this.#discarded }, unknownPeer: this.#unknownPeer, wrongPath: this.#wrongPath }
  }

  /** Begins, until `signal` aborts or {@link stop}. */
  start(signal?: AbortSignal): void {
    if (this.#isRunning) return
    this.#isRunning = true
    // An aborted stop has nobody to report to, and cannot fail.
    const onAbort = (): void => void this.stop()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#unlisten = () => signal?.removeEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
  }

  /** Ends all sessions, and resolves when the last farewell is said. */
  async stop(options: BfdLeaveOptions = {}): Promise<void> {
    this.#isRunning = false
    this.#unlisten?.()
    this.#unlisten = undefined
    for (const session of this.#bySession.keys()) this.remove(session, options)
    if (options.farewell === 'silent') for (const driver of this.#leaving.keys()) driver.close()
    await Promise.all(this.#leaving.values())
    if (this.#bySession.size === 0) this.#timers.close()
  }

  /**
   * Adds a session, which begins at once. The speaker must be started.
   *
   * @throws {@link BfdOptionsError}; what the transport throws if packets cannot be received (LinuxNetError)
   */
  add(options: BfdSessionOptions): BfdSession {
    assert(this.#isRunning, 'the speaker is not started')
    const configuration = parseSessionOptions(options)
    const { maxSessions = DEFAULT_MAX_SESSIONS } = this.#options
    if (this.#bySession.size >= maxSessions)
      throw new BfdOptionsError('limit', 'maxSessions', `there are ${maxSessions} sessions`)
    const driver = this.#createDriver(configuration)
    this.#byDiscriminator.set(driver.localDiscriminator, this.#groups.add(driver))
    this.#bySession.set(driver.session, driver)
    driver.start()
    return driver.session
  }

  /**
   * Changes parameters of a running session without a break (RFC 5880 §6.8.3); those that are not given stay.
   *
   * @throws {@link BfdOptionsError}
   */
  update(session: BfdSession, changes: BfdParameterOptions): void {
    const driver = this.#bySession.get(session)
    assert(driver !== undefined, 'not a session of this speaker')
    const { desiredMinTxUs, requiredMinRxUs, detectMultiplier, isPassive } = driver.parameters
    driver.update(
      parseParameters({
        transmitIntervalMs: changes.transmitIntervalMs ?? desiredMinTxUs / 1000,
        receiveIntervalMs: changes.receiveIntervalMs ?? requiredMinRxUs / 1000,
        detectMultiplier: changes.detectMultiplier ?? detectMultiplier,
        passiveMode: changes.passiveMode ?? isPassive
      })
    )
  }

  /** Ends a session; nothing if it is ended. */
  remove(session: BfdSession, { farewell = 'adminDown' }: BfdLeaveOptions = {}): void {
    const driver = this.#bySession.get(session)
    if (driver === undefined) return
    this.#bySession.delete(session)
    const member = this.#byDiscriminator.get(driver.localDiscriminator)
    this.#byDiscriminator.delete(driver.localDiscriminator)
    if (member !== undefined) this.#groups.delete(member)
    if (farewell === 'silent') driver.close()
    else
      this.#leaving.set(
        driver,
        driver.leave().finally(() => this.#leaving.delete(driver))
      )
  }

  #createDriver(configuration: SessionConfiguration): SessionDriver {
    const { remoteAddress, remotePort, localAddress, device, hops } = configuration
    const endpoint = { remoteAddress, remotePort, localAddress, device }
    return new SessionDriver({
      configuration,
      localDiscriminator: this.#newDiscriminator(),
      socket: new SessionSocket(this.#transport, endpoint, this.#randomUint32),
      clock: this.#clock,
      timers: this.#timers,
      random: this.#options.random ?? Math.random,
      randomUint32: this.#randomUint32,
      drain: () => this.#groups.drain({ family: remoteAddress.family, hops, device })
    })
  }

  #openReceiver(group: ReceiveGroup, ttl: TtlPolicy): BfdReceiver {
    const { family, hops, device } = group.scope
    const { listenAddresses = {}, listenPorts = {} } = this.#options
    return this.#transport.openReceiver(
      {
        family,
        device,
        localAddress: family === 4 ? listenAddresses.ipv4 : listenAddresses.ipv6,
        port: listenPorts[hops] ?? BFD_PORT[hops],
        ttl
      },
      (bytes, source) => this.#receive(group, bytes, source)
    )
  }

  /** RFC 5880 §6.8.6, up to the choice of the session. */
  #receive(group: ReceiveGroup, bytes: Uint8Array, source: PacketSource): void {
    const problem = controlPacketProblem(bytes)
    if (problem !== undefined) {
      this.#discarded[problem] = (this.#discarded[problem] ?? 0) + 1
      return
    }
    const discriminator = yourDiscriminatorOf(bytes)
    const member =
      discriminator === 0
        ? this.#groups.find(group, source.addressText())
        : this.#byDiscriminator.get(discriminator)
    if (member === undefined) this.#unknownPeer += 1
    else if (isOnPath(member, group, source)) member.driver.receive(bytes)
    else this.#wrongPath += 1
  }

  #newDiscriminator(): number {
    for (;;) {
      const discriminator = this.#randomUint32()
      if (discriminator !== 0 && !this.#byDiscriminator.has(discriminator)) return discriminator
    }
  }
}

function systemRandomUint32(): number {
  return getRandomValues(new Uint32Array(1))[0] ?? 0
}
