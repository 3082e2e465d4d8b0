import { LivenessCore } from '../core.ts'
import type { LivenessCoreCounters, LivenessEffect } from '../core-state.ts'
import type { LivenessEvent } from '../events.ts'
import { firstIncarnation } from '../incarnation.ts'
import type { Standing } from '../knowledge.ts'
import { memberKey } from '../member-key.ts'
import type { Envelope, Message } from '../message.ts'
import { decodeMessage, encodeMessage, messageBytes, rumorBytes } from '../packet.ts'
import { type LivenessParameterOptions, type LivenessParameters, parseParameters } from '../parameters.ts'
import { SEAL_BYTES } from '../sealing.ts'
import { type NetworkConditions, SimulatedNetwork } from './network.ts'
import { seededRandom } from './random.ts'
import { Schedule } from './schedule.ts'

export interface SimulationOptions {
  /** Members, named `m0` to `m<count − 1>`. */
  readonly count: number
  /** Decides everything. */
  readonly seed: number
  readonly parameters?: LivenessParameterOptions | undefined
  readonly conditions?: NetworkConditions | undefined
  /** A timer may be late by so much, evenly. @defaultValue 1 */
  readonly timerLatenessMs?: number | undefined
  /** Encodes and decodes each message on its way. @defaultValue false */
  readonly encodes?: boolean | undefined
  /** Adds to `events`: each member tells of each, so thousands make millions. @defaultValue true */
  readonly keepsEvents?: boolean | undefined
}

/** An event of one member, and when it was, in virtual milliseconds. */
export interface SimulatedEvent {
  readonly atMs: number
  /** Who tells it. */
  readonly by: string
  readonly event: LivenessEvent
}

interface Process {
  readonly core: LivenessCore
  readonly boot: bigint
}

interface Host {
  readonly id: string
  readonly key: bigint
  process: Process | undefined
  /** Whether the machine answers for a closed port. */
  isUp: boolean
  pausedUntilMs: number
  /** What came during a pause, to be read before anything else. */
  readonly waiting: (() => void)[]
  wallClockOffsetMs: number
  /** Time that a tick is scheduled for. */
  wakeMs: number
}

/** As the driver does. */
const FAREWELLS = 3
const FAREWELL_INTERVAL_MS = 15
const MAX_WAITING = 500
/** An ordinary wall clock at virtual time 0. */
const WALL_CLOCK_MS = 1_800_000_000_000
const NETWORK_HEADER_BYTES = 28

/** Members in virtual time on a network that does what it is told; a seed decides all else. */
export class Simulation {
  readonly network: SimulatedNetwork
  readonly events: SimulatedEvent[] = []
  readonly #options: SimulationOptions
  readonly #parameters: LivenessParameters
  readonly #schedule: Schedule = new Schedule()
  readonly #random: () => number
  readonly #hosts: Map<string, Host> = new Map()
  readonly #byKey: Map<bigint, Host> = new Map()
  #boots = 0n
  #sentBytes = 0
  #sent = 0
  #longest = 0

  /** All members are started at once. */
  constructor(options: SimulationOptions) {
    this.#options = options
    this.#parameters = parseParameters(options.parameters)
    this.#random = seededRandom(options.seed)
    this.network = new SimulatedNetwork(this.#schedule, this.#random)
    this.network.setConditions(options.conditions ?? {})
    for (let i = 0; i < options.count; i += 1) this.#addHost(`m${i}`)
    for (const id of this.ids) this.start(id)
  }

  get nowMs(): number {
    return this.#schedule.nowMs
  }

  get ids(): readonly string[] {
    return [...this.#hosts.keys()]
  }

  /** Ids of the processes that run. */
  get running(): readonly string[] {
    return this.ids.filter((id) => this.#host(id).process !== undefined)
  }

  /** Of all members: datagrams, and octets with UDP and IPv4 headers; the longest datagram without them. */
  get traffic(): { readonly datagrams: number; readonly bytes: number; readonly longestBytes: number } {
    return { datagrams: this.#sent, bytes: this.#sentBytes, longestBytes: this.#longest }
  }

  run(durationMs: number): void {
    this.#schedule.runUntil(this.nowMs + durationMs)
  }

  /** Runs until something holds, looked at every `stepMs`; returns how long it took, or `undefined` if it never did. */
  runUntil(holds: () => boolean, maxMs: number, stepMs = 1): number | undefined {
    const startMs = this.nowMs
    while (!holds()) {
      if (this.nowMs - startMs >= maxMs) return undefined
      this.run(stepMs)
    }
    return this.nowMs - startMs
  }

  /** A new process of a member, in place of what ran. */
  start(id: string): void {
    const host = this.#host(id)
    this.#boots += 1n
    const wallClockMs = WALL_CLOCK_MS + this.nowMs + host.wallClockOffsetMs
    const core = new LivenessCore({
      id,
      boot: this.#boots,
      incarnation: firstIncarnation(wallClockMs),
      parameters: this.#parameters,
      random: seededRandom(Math.floor(this.#random() * 0x1_0000_0000)),
      nowMs: this.nowMs
    })
    host.process = { core, boot: this.#boots }
    host.isUp = true
    host.waiting.length = 0
    host.wakeMs = Number.POSITIVE_INFINITY
    this.setMembers(id, this.ids)
  }

  /** What a member is told of the others; itself is left out. */
  setMembers(id: string, ids: readonly string[]): void {
    const host = this.#host(id)
    const process = host.process
    if (process === undefined) return
    const members = ids.filter((each) => each !== id).map((each) => this.#host(each))
    this.#apply(host, process, process.core.step(this.nowMs, { type: 'members', members }))
  }

  /** The machine is gone, without a word. */
  crash(id: string): void {
    this.#host(id).process = undefined
    this.#host(id).isUp = false
  }

  /** The process is gone, and the machine says so to who asks. */
  kill(id: string): void {
    this.#host(id).process = undefined
  }

  /** The process says that it leaves, and ends. */
  leave(id: string): void {
    const host = this.#host(id)
    const { process } = host
    if (process === undefined) return
    for (let i = 0; i < FAREWELLS; i += 1)
      this.#schedule.at(this.nowMs + i * FAREWELL_INTERVAL_MS, () => {
        this.#apply(host, process, process.core.step(this.nowMs, { type: 'leave' }))
      })
    this.#schedule.at(this.nowMs + FAREWELLS * FAREWELL_INTERVAL_MS, () => {
      if (host.process === process) host.process = undefined
    })
  }

  /** The process does nothing for a while. */
  pause(id: string, durationMs: number): void {
    const host = this.#host(id)
    host.pausedUntilMs = this.nowMs + durationMs
    this.#schedule.at(host.pausedUntilMs, () => this.#resume(host))
  }

  /** The wall clock of a machine is so much ahead of, or behind, what it was. */
  stepClock(id: string, stepMs: number): void {
    this.#host(id).wallClockOffsetMs += stepMs
  }

  /** What one member holds of another; `undefined` if it does not run. */
  standing(by: string, of: string): Standing | undefined {
    return this.#host(by).process?.core.knowledgeOf(this.#host(of).key)?.standing
  }

  isIsolated(id: string): boolean {
    return this.#host(id).process?.core.isIsolated ?? false
  }

  counters(id: string): Readonly<LivenessCoreCounters> | undefined {
    return this.#host(id).process?.core.counters
  }

  /** Whether all that run hold this of a member, except itself. */
  allHold(of: string, standing: Standing): boolean {
    return this.running.every((by) => by === of || this.standing(by, of) === standing)
  }

  /** Whether each that runs holds all that run to be alive, and unaccused. */
  isConverged(): boolean {
    return this.running.every((id) => this.allHold(id, 'alive'))
  }

  #addHost(id: string): void {
    const host: Host = {
      id,
      key: memberKey(id),
      process: undefined,
      isUp: false,
      pausedUntilMs: 0,
      waiting: [],
      wallClockOffsetMs: 0,
      wakeMs: Number.POSITIVE_INFINITY
    }
    this.#hosts.set(id, host)
    this.#byKey.set(host.key, host)
  }

  #host(id: string): Host {
    const host = this.#hosts.get(id)
    if (host === undefined) throw new RangeError(`there is no member ${id}`)
    return host
  }

  #apply(host: Host, process: Process, effects: readonly LivenessEffect[]): void {
    const { keepsEvents = true } = this.#options
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(host, process, effect)
      else if (keepsEvents) this.events.push({ atMs: this.nowMs, by: host.id, event: effect.event })
    }
    this.#arm(host, process)
  }

  #arm(host: Host, process: Process): void {
    const { dueMs } = process.core
    if (dueMs >= host.wakeMs || !Number.isFinite(dueMs)) return
    host.wakeMs = dueMs
    const wakeMs = dueMs + this.#random() * (this.#options.timerLatenessMs ?? 1)
    this.#schedule.at(wakeMs, () => {
      if (host.process !== process || host.wakeMs !== dueMs) return
      host.wakeMs = Number.POSITIVE_INFINITY
      if (this.nowMs < host.pausedUntilMs) return
      if (this.nowMs < process.core.dueMs) this.#arm(host, process)
      else this.#apply(host, process, process.core.step(this.nowMs, { type: 'tick' }))
    })
  }

  #resume(host: Host): void {
    if (this.nowMs < host.pausedUntilMs) return
    for (const deliver of host.waiting.splice(0)) deliver()
    const { process } = host
    if (process !== undefined) this.#apply(host, process, process.core.step(this.nowMs, { type: 'tick' }))
  }

  #send(host: Host, process: Process, effect: LivenessEffect & { readonly type: 'send' }): void {
    const target = this.#byKey.get(effect.to)
    if (target === undefined) return
    const envelope: Envelope = { sender: host.key, boot: process.boot, sequence: effect.sequence }
    const message =
      this.#options.encodes === true ? decodeMessage(encodeMessage(effect.message)) : effect.message
    const bytes = sealedBytes(message)
    this.#sent += 1
    this.#sentBytes += bytes + NETWORK_HEADER_BYTES
    this.#longest = Math.max(this.#longest, bytes)
    this.network.carry(host.id, target.id, () => {
      if (target.process !== undefined) this.#deliver(target, envelope, message)
      else if (target.isUp && effect.isProbe) this.#refuse(host, process, target)
    })
  }

  #deliver(host: Host, envelope: Envelope, message: Message): void {
    const { process } = host
    if (process === undefined) return
    if (this.nowMs >= host.pausedUntilMs)
      this.#apply(host, process, process.core.step(this.nowMs, { type: 'received', envelope, message }))
    else if (host.waiting.length < MAX_WAITING)
      host.waiting.push(() => this.#deliver(host, envelope, message))
  }

  #refuse(host: Host, process: Process, by: Host): void {
    this.network.carry(by.id, host.id, () => {
      if (host.process !== process || this.nowMs < host.pausedUntilMs) return
      this.#apply(host, process, process.core.step(this.nowMs, { type: 'refused', member: by.key }))
    })
  }
}

function sealedBytes(message: Message): number {
  let bytes = SEAL_BYTES + messageBytes(message.type)
  for (const rumor of message.rumors) bytes += rumorBytes(rumor)
  return bytes
}
