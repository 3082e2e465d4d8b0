import { EventEmitter } from 'node:events'
import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { type LivenessClock, SYSTEM_CLOCK } from './clock.ts'
import { LivenessCore, type LivenessCoreEvent } from './core.ts'
import type { LivenessEffect } from './core-state.ts'
import { dropChannel, verdictChannel } from './diagnostics.ts'
import { LivenessDecodeError, LivenessOptionsError } from './errors.ts'
import type { LivenessEvent } from './events.ts'
import { firstIncarnation, nextLife } from './incarnation.ts'
import { memberKey } from './member-key.ts'
import { checkMembers, isId, MAX_ID_LENGTH, type MemberName } from './membership.ts'
import type { LivenessCounters, LivenessEvents, LivenessMember, LivenessOptions } from './options.ts'
import { decodeMessage, encodeMessage } from './packet.ts'
import { type LivenessParameters, parseParameters } from './parameters.ts'
import { decodeEnvelope, randomBoot, Sealer } from './sealing.ts'
import type { LivenessAddress, LivenessTransport } from './transport.ts'
import { UdpTransport } from './udp-transport.ts'
import { type LivenessVerdict, verdictOf } from './verdict.ts'

const FAREWELLS = 3
const FAREWELL_INTERVAL_MS = 15
const MAX_DELAY_MS = 60_000

/** One member of a failure detector: tells which of the others are alive. */
export class Liveness extends EventEmitter<LivenessEvents> {
  readonly #options: LivenessOptions
  readonly #parameters: LivenessParameters
  readonly #clock: LivenessClock
  readonly #transport: LivenessTransport
  readonly #key: bigint
  #keys: readonly Uint8Array[]
  #addresses: Map<bigint, LivenessAddress> = new Map()
  #names: readonly MemberName[] = []
  #core: LivenessCore | undefined
  #sealer: Sealer | undefined
  #formerIncarnation = 0
  #cancelTimer: (() => void) | undefined
  #armedForMs = Number.POSITIVE_INFINITY
  #unbindSignal: (() => void) | undefined
  #stopping: Promise<void> | undefined
  readonly #counters = { bytesSent: 0, bytesReceived: 0, sendErrors: 0, unauthenticated: 0, malformed: 0 }

  /** @throws {@link LivenessOptionsError} */
  constructor(options: LivenessOptions) {
    super()
    checkOptions(options)
    this.#options = options
    this.#parameters = parseParameters(options.parameters)
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#transport = options.transport ?? new UdpTransport(options)
    this.#key = memberKey(options.id)
    this.#keys = copyOf(options.keys)
    // Refuses keys that cannot be, now.
    new Sealer(this.#key, 0n, this.#keys).retain(() => false)
  }

  get id(): string {
    return this.#options.id
  }

  /** That is bound; 0 while it is not started. */
  get port(): number {
    return this.#transport.port
  }

  /** Of this member; 0 before the start. Grows with each start, and each time that it had to refute something. */
  get incarnation(): number {
    return this.#core?.incarnation ?? 0
  }

  /** Whether no member answers this one. That ends with `'connected'`, or without a word where nobody is left to answer. */
  get isIsolated(): boolean {
    return this.#core?.isIsolated ?? false
  }

  /** When any member last answered this one, by the clock of this member; `undefined` if none did. */
  get answeredMs(): number | undefined {
    return this.#core?.lastAnswerMs
  }

  /** `undefined` before the start. */
  get counters(): LivenessCounters | undefined {
    return this.#core === undefined ? undefined : { ...this.#core.counters, ...this.#counters }
  }

  /**
   * Opens the socket, and begins to watch; does nothing if it did so already. A farewell that is under way is over then: it
   * was said once, and this life is a later one.
   *
   * @param signal stops, as {@link Liveness.stop} does
   * @throws LinuxNetError if the port cannot be had
   */
  start(signal?: AbortSignal): void {
    if (signal?.aborted === true) return
    if (this.#stopping !== undefined) this.abandon()
    this.#stopping = undefined
    if (this.#core !== undefined) return
    const { id, random = Math.random } = this.#options
    const boot = randomBoot()
    const sealer = new Sealer(this.#key, boot, this.#keys)
    // The last that may fail, so that nothing stays open.
    this.#transport.open({
      onDatagram: (bytes) => this.#receive(bytes),
      onRefused: (member) => this.#step({ type: 'refused', member })
    })
    this.#sealer = sealer
    this.#core = new LivenessCore({
      id,
      boot,
      incarnation: Math.max(firstIncarnation(this.#clock.wallClockMs()), nextLife(this.#formerIncarnation)),
      parameters: this.#parameters,
      random,
      nowMs: this.#clock.now()
    })
    const abort = (): void => void this.stop()
    signal?.addEventListener('abort', abort, { once: true })
    this.#unbindSignal = () => signal?.removeEventListener('abort', abort)
    this.#tellMembers()
  }

  /** Tells the others that this member leaves, and closes the socket. Resolves when that is done, or it is started again. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#leave()
    const stopping = this.#stopping
    await stopping
    if (this.#stopping === stopping) this.#stopping = undefined
  }

  /** Closes the socket without a word, as a crash does. */
  abandon(): void {
    if (this.#core === undefined) return
    this.#formerIncarnation = this.#core.incarnation
    this.#core = undefined
    this.#stopping = undefined
    this.#sealer = undefined
    this.#disarm()
    this.#unbindSignal?.()
    this.#transport.close()
  }

  /**
   * Replaces the list of members. This member may be in it or not. What is known of those who stay is kept; of those who
   * do not, nothing more is told.
   *
   * @throws {@link LivenessOptionsError}; nothing was changed
   */
  setMembers(members: readonly LivenessMember[]): void {
    const others = members.filter(({ id }) => id !== this.#options.id)
    for (const member of others) checkMember(member)
    const names = others.map(({ id }) => ({ id, key: memberKey(id) }))
    // Before the start, too: there is nobody to tell then whose list it is that cannot be.
    checkMembers(this.#key, names)
    this.#names = names
    this.#addresses = new Map(others.map(({ id, address, port }) => [memberKey(id), { address, port }]))
    this.#tellMembers()
  }

  /**
   * Replaces the keys. To change a key without a gap: add the new one as the second everywhere, then make it the first
   * everywhere, then drop the old one.
   *
   * @throws {@link LivenessOptionsError}; nothing was changed
   */
  setKeys(keys: readonly Uint8Array[]): void {
    const copy = copyOf(keys)
    if (this.#sealer === undefined) new Sealer(this.#key, 0n, copy).retain(() => false)
    else this.#sealer.setKeys(copy)
    this.#keys = copy
  }

  /** What is held of a member now; `undefined` for who is none, and before the start. */
  verdictOf(id: string): LivenessVerdict | undefined {
    return this.#core === undefined ? undefined : verdictOf(this.#core, id, this.#clock.now())
  }

  #tellMembers(): void {
    this.#step({ type: 'members', members: this.#names })
    this.#sealer?.retain((sender) => this.#addresses.has(sender))
  }

  /** By the clock alone: a thread without an event loop keeps no promises meanwhile. */
  async #leave(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const core = this.#core
    const say = (left: number): void => {
      // It may have been abandoned meanwhile, and be started again: that life goes on.
      const isOver = core === undefined || this.#core !== core
      if (left === 0 || isOver) {
        if (!isOver) this.abandon()
        resolve()
        return
      }
      this.#step({ type: 'leave' })
      this.#clock.after(FAREWELL_INTERVAL_MS, () => say(left - 1))
    }
    say(FAREWELLS)
    await promise
  }

  #receive(datagram: Uint8Array): void {
    if (this.#core === undefined || this.#sealer === undefined) return
    this.#counters.bytesReceived += datagram.length
    try {
      const envelope = decodeEnvelope(datagram)
      // Nobody else has a key, so the bytes of strangers are not worth the work. The core counts them.
      if (!this.#addresses.has(envelope.sender))
        this.#step({ type: 'received', envelope, message: NO_MESSAGE })
      else {
        const message = decodeMessage(this.#sealer.open(datagram, envelope))
        this.#step({ type: 'received', envelope, message })
      }
    } catch (error) {
      if (!(error instanceof LivenessDecodeError)) throw error
      if (error.reason === 'unauthenticated') this.#counters.unauthenticated += 1
      else this.#counters.malformed += 1
      if (dropChannel.hasSubscribers) dropChannel.publish({ by: this.id, reason: error.reason })
    }
  }

  #step(event: LivenessCoreEvent): void {
    const core = this.#core
    if (core === undefined) return
    for (const effect of core.step(this.#clock.now(), event)) {
      // A listener may have ended this life, and begun another one with a key and sequence numbers of its own.
      if (this.#core !== core) return
      this.#apply(effect)
    }
    if (this.#core === core) this.#arm(core)
  }

  #apply(effect: LivenessEffect): void {
    if (effect.type === 'event') this.#report(effect.event)
    else this.#send(effect)
  }

  #send({ to, sequence, message, isProbe }: LivenessEffect & { readonly type: 'send' }): void {
    const address = this.#addresses.get(to)
    if (address === undefined || this.#sealer === undefined) return
    const datagram = this.#sealer.seal(encodeMessage(message), to, sequence)
    const errno = isProbe
      ? this.#transport.probe(datagram, address, to)
      : this.#transport.send(datagram, address)
    if (errno === 0) this.#counters.bytesSent += datagram.length
    else this.#counters.sendErrors += 1
  }

  #report(event: LivenessEvent): void {
    // A listener to the event before may have taken the member out of the list.
    if ('id' in event.detail && !this.#addresses.has(memberKey(event.detail.id))) return
    if (verdictChannel.hasSubscribers) verdictChannel.publish({ by: this.id, event })
    switch (event.type) {
      case 'alive':
        this.emit('alive', event.detail)
        return
      case 'suspected':
        this.emit('suspected', event.detail)
        return
      case 'refuted':
        this.emit('refuted', event.detail)
        return
      case 'dead':
        this.emit('dead', event.detail)
        return
      case 'left':
        this.emit('left', event.detail)
        return
      case 'isolated':
        this.emit('isolated', event.detail)
        return
      case 'connected':
        this.emit('connected', event.detail)
        return
      case 'judged':
        this.emit('judged', event.detail)
    }
  }

  #arm(core: LivenessCore): void {
    const { dueMs } = core
    // A deadline that moved away is found out when the old one is due.
    if (dueMs >= this.#armedForMs) return
    this.#disarm()
    if (!Number.isFinite(dueMs)) return
    this.#armedForMs = dueMs
    const delayMs = Math.min(Math.max(0, Math.ceil(dueMs - this.#clock.now())), MAX_DELAY_MS)
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#due())
  }

  /** An event loop that was blocked calls timers before it reads what came meanwhile. So that is read here first. */
  #due(): void {
    this.#disarm()
    this.#transport.drain()
    const core = this.#core
    if (core === undefined) return
    if (this.#clock.now() >= core.dueMs) this.#step({ type: 'tick' })
    else this.#arm(core)
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#armedForMs = Number.POSITIVE_INFINITY
  }
}

/** The user may wipe its own. @throws {@link LivenessOptionsError} */
function copyOf(keys: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!Array.isArray(keys) || !keys.every((key) => key instanceof Uint8Array))
    throw new LivenessOptionsError('range', 'keys', 'a key is an Uint8Array')
  return keys.map((key) => Uint8Array.from(key))
}

function checkOptions({ id, port }: LivenessOptions): void {
  if (!isId(id)) throw new LivenessOptionsError('range', 'id', `an id has 1 to ${MAX_ID_LENGTH} characters`)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new LivenessOptionsError('range', 'port', `${port} is no port`)
}

function checkMember({ id, address, port }: LivenessMember): void {
  if (!isId(id))
    throw new LivenessOptionsError('range', 'members', `an id has 1 to ${MAX_ID_LENGTH} characters`)
  if (!(address instanceof Ipv4Address || address instanceof Ipv6Address))
    throw new LivenessOptionsError('range', 'members', `the address of ${id} is none`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new LivenessOptionsError('range', 'members', `${port} is no port, of ${id}`)
}

const NO_MESSAGE = { type: 'gossip', incarnation: 1, patienceMs: 0, rumors: [] } as const
