import { admit } from './admission.ts'
import {
  type CoreState,
  emit,
  type LivenessCoreCounters,
  type LivenessEffect,
  newCounters
} from './core-state.ts'
import { Health } from './health.ts'
import { lifeOf } from './incarnation.ts'
import type { Knowledge } from './knowledge.ts'
import { memberKey } from './member-key.ts'
import { type MemberName, type MemberRecord, Membership } from './membership.ts'
import type { Envelope, Message, Rumor } from './message.ts'
import { Opinions } from './opinions.ts'
import { Outbox } from './outbox.ts'
import type { LivenessParameters } from './parameters.ts'
import { Prober } from './prober.ts'
import { ReplayWindow } from './replay-window.ts'

export interface LivenessCoreOptions {
  readonly id: string
  /** Random for each start of a process, 64 bits. */
  readonly boot: bigint
  /** To begin with; see `firstIncarnation`. */
  readonly incarnation: number
  readonly parameters: LivenessParameters
  /** From 0 to below 1. */
  readonly random: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: number
}

/** What a {@link LivenessCore} can be told. */
export type LivenessCoreEvent =
  /** Time has passed: at the latest at `dueMs`. */
  | { readonly type: 'tick' }
  | { readonly type: 'received'; readonly envelope: Envelope; readonly message: Message }
  /** The host of a member, to whom a probe was sent, says that its port is closed. */
  | { readonly type: 'refused'; readonly member: bigint }
  /** All other members, in place of those before. */
  | { readonly type: 'members'; readonly members: readonly MemberName[] }
  /** This member stops. May be said again, for those that did not hear it. */
  | { readonly type: 'leave' }

const VERIFY_INTERVAL_MS = 20

/**
 * A member of the failure detector without sockets, timers and clocks: it does what its events, their times and its random
 * numbers say, and nothing else.
 */
export class LivenessCore {
  readonly key: bigint
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #opinions: Opinions
  readonly #prober: Prober
  #dueMs: number
  /** When a pause was last noticed: what is still due then is no pause more. */
  #noticedMs = Number.NEGATIVE_INFINITY

  constructor(options: LivenessCoreOptions) {
    const { id, boot, incarnation, parameters, random, nowMs } = options
    this.key = memberKey(id)
    this.#state = {
      selfId: id,
      self: this.key,
      boot,
      parameters,
      random,
      members: new Membership(this.key),
      health: new Health(),
      counters: newCounters(),
      effects: [],
      nowMs,
      incarnation,
      isLeaving: false,
      anybodyMs: appearedMs(nowMs, parameters),
      answeredMs: undefined,
      firstAnsweredMs: undefined,
      trustedFromMs: nowMs + parameters.doubtMs,
      isIsolated: false
    }
    this.#outbox = new Outbox(this.#state)
    this.#opinions = new Opinions(this.#state, this.#outbox)
    this.#prober = new Prober(this.#state, this.#outbox, this.#opinions)
    this.#dueMs = nowMs
  }

  /** When the next `'tick'` is due, by the same clock. */
  get dueMs(): number {
    return this.#dueMs
  }

  get incarnation(): number {
    return this.#state.incarnation
  }

  get isIsolated(): boolean {
    return this.#state.isIsolated
  }

  get counters(): Readonly<LivenessCoreCounters> {
    return this.#state.counters
  }

  /** `undefined` for who is no member. */
  knowledgeOf(key: bigint): Knowledge | undefined {
    return this.#state.members.get(key)?.knowledge
  }

  /** When any member last answered this one; `undefined` if none did. */
  get lastAnswerMs(): number | undefined {
    return this.#state.answeredMs
  }

  /** When a member last answered this one; `undefined` if it never did. */
  answeredMs(key: bigint): number | undefined {
    const answeredMs = this.#state.members.get(key)?.answeredMs
    return answeredMs !== undefined && Number.isFinite(answeredMs) ? answeredMs : undefined
  }

  /**
   * Takes one event; returns what is to be done, in order. Before a `'tick'`, all datagrams that wait are to be given.
   *
   * @param nowMs not less than before
   * @throws LivenessOptionsError for `'members'` that cannot be; nothing else throws
   */
  step(nowMs: number, event: LivenessCoreEvent): readonly LivenessEffect[] {
    const state = this.#state
    state.nowMs = nowMs
    state.effects.length = 0
    this.#noticePause()
    this.#take(event)
    if (!state.isLeaving) {
      // Not when a datagram comes late: others may wait to be read, and 'tick' is for when they are.
      if (event.type === 'tick' || event.type === 'members') this.#tick()
      this.#outbox.flush()
    }
    this.#dueMs = this.#dueFrom(this.#nextDueMs())
    return [...state.effects]
  }

  /**
   * What has just become due, since less patience is needed than a moment ago, is due now, whatever it is reckoned from: nobody
   * was late.
   */
  #dueFrom(dueMs: number): number {
    const { nowMs } = this.#state
    return dueMs >= nowMs ? dueMs : Math.min(nowMs, Math.max(dueMs, this.#dueMs))
  }

  #take(event: LivenessCoreEvent): void {
    switch (event.type) {
      case 'received':
        this.#receive(event.envelope, event.message)
        return
      case 'refused': {
        const record = this.#state.members.get(event.member)
        if (record !== undefined && !this.#state.isLeaving) this.#prober.refused(record)
        return
      }
      case 'members':
        this.#state.members.set(event.members, this.#state.nowMs)
        this.#opinions.retain()
        this.#outbox.retain()
        return
      case 'leave':
        this.#state.isLeaving = true
        this.#outbox.sayLeave()
        return
      case 'tick':
    }
  }

  #tick(): void {
    this.#opinions.review()
    this.#prober.tick()
    this.#noticeIsolation()
  }

  #nextDueMs(): number {
    if (this.#state.isLeaving) return Number.POSITIVE_INFINITY
    return Math.min(this.#prober.dueMs, this.#outbox.flushDueMs)
  }

  #noticePause(): void {
    const { nowMs, parameters, health, counters } = this.#state
    const pauseMs = nowMs - Math.max(this.#dueMs, this.#noticedMs)
    if (pauseMs < parameters.lateMs || this.#state.isLeaving) return
    this.#noticedMs = nowMs
    counters.pauses += 1
    health.paused(nowMs, pauseMs)
    this.#prober.paused(pauseMs)
    const { anybodyMs } = this.#state
    if (anybodyMs < nowMs) this.#state.anybodyMs = Math.min(nowMs, anybodyMs + pauseMs)
  }

  #noticeIsolation(): void {
    const state = this.#state
    const { nowMs, anybodyMs, parameters, health, members } = state
    if (members.active.length === 0 && members.away.every(hasLeft)) {
      state.isIsolated = false
      state.anybodyMs = appearedMs(nowMs, parameters)
      return
    }
    const silentMs = nowMs - anybodyMs
    if (state.isIsolated || silentMs < parameters.silenceMs * (1 + health.lossFactor)) return
    state.isIsolated = true
    emit(state, { type: 'isolated', detail: { silentMs } })
  }

  #receive(envelope: Envelope, message: Message): void {
    const { members, counters, isLeaving } = this.#state
    const record = members.get(envelope.sender)
    if (record === undefined) {
      counters.strangers += 1
      return
    }
    if (isLeaving) {
      // Some may not have believed the farewell, for they never had an answer of this process.
      if (message.type === 'ping') this.#outbox.answerLeaving(record, ackOf(envelope))
      return
    }
    const isAnswer = this.#isTimelyAnswer(record, message)
    const admission = admit(record, envelope, { incarnation: message.incarnation, isAnswer })
    switch (admission) {
      case 'replayed':
        counters.replayed += 1
        return
      case 'stale':
      case 'unverified':
        counters[admission] += 1
        if (isAnswer) this.#contradict(record)
        else this.#challenge(record, envelope, message)
        return
      case 'new':
        record.boot = envelope.boot
        record.window = new ReplayWindow()
        record.window.accept(envelope.sequence)
        this.#meet(record, message)
        break
      case 'known':
    }
    counters.datagramsReceived += 1
    this.#hearFrom(record, message, isAnswer)
    this.#handle(record, envelope, message)
    if (isAnswer) this.#answered(record)
  }

  #meet(record: MemberRecord, { incarnation }: Message): void {
    const { standing, incarnation: known } = record.knowledge
    this.#opinions.sawAlive(record, incarnation)
    if (standing !== 'alive' || incarnation > known) this.#outbox.sendTable(record)
  }

  /**
   * A process that is not known answers for itself first: its ping is answered, and it is pinged. Nothing is said of it yet: that
   * would reach the process that is known if this is a recording of one before it.
   */
  #challenge(record: MemberRecord, envelope: Envelope, { type }: Message): void {
    if (!this.#mayVerify(record)) return
    if (type === 'ping') this.#outbox.send(record, ackOf(envelope), [])
    this.#outbox.send(record, { type: 'ping' }, [])
  }

  #mayVerify(record: MemberRecord): boolean {
    const { nowMs } = this.#state
    if (nowMs - record.verifiedMs < VERIFY_INTERVAL_MS) return false
    record.verifiedMs = nowMs
    return true
  }

  /** One that is there, but that others know a newer life of, is told so as if it were dead, and takes a higher incarnation. */
  #contradict(record: MemberRecord): void {
    const { key, knowledge } = record
    const { incarnation } = knowledge
    const contradiction: Rumor = { kind: 'dead', member: key, incarnation, accusers: [], reason: 'silent' }
    this.#outbox.send(record, { type: 'gossip' }, [contradiction])
  }

  /** What a dead one says may have been on its way since before it fell silent: it has to answer. */
  #hearFrom(record: MemberRecord, { type, incarnation, patienceMs }: Message, isAnswer: boolean): void {
    record.patienceMs = patienceMs
    record.life = lifeOf(incarnation)
    const { standing, incarnation: known } = record.knowledge
    if (standing !== 'dead' || isAnswer) this.#opinions.sawAlive(record, incarnation)
    else if (type !== 'ack' && incarnation > known && this.#mayVerify(record))
      this.#outbox.send(record, { type: 'ping' })
  }

  #handle(record: MemberRecord, envelope: Envelope, message: Message): void {
    for (const rumor of message.rumors)
      if (rumor.member !== record.key || rumor.kind !== 'alive') this.#opinions.hear(rumor, record)
    switch (message.type) {
      case 'ping':
        this.#outbox.send(record, ackOf(envelope))
        return
      case 'ask': {
        this.#outbox.send(record, ackOf(envelope))
        const other = this.#state.members.get(message.member)
        if (other !== undefined && other !== record) this.#prober.asked(record, other, message.silentMs)
        return
      }
      case 'vouch': {
        const other = this.#state.members.get(message.member)
        if (other === undefined) return
        this.#opinions.withdrawn(other, record.key)
        this.#prober.vouched(other, message.memberIncarnation, message.ageMs)
        return
      }
      case 'ack':
      case 'gossip':
    }
  }

  #isTimelyAnswer(record: MemberRecord, message: Message): boolean {
    if (message.type !== 'ack' || message.echo.boot !== this.#state.boot) return false
    const sentMs = this.#outbox.answered(record, message.echo.sequence)
    return sentMs !== undefined && this.#prober.isTimely(record, { sentMs, patienceMs: message.patienceMs })
  }

  #answered(record: MemberRecord): void {
    this.#prober.answered(record)
    if (!this.#state.isIsolated) return
    this.#state.isIsolated = false
    emit(this.#state, { type: 'connected', detail: { id: record.id } })
  }
}

/** What counts as the last answer where there is none to wait for: who comes has time to appear before this one is isolated. */
function appearedMs(nowMs: number, { joinTimeoutMs, silenceMs }: LivenessParameters): number {
  return nowMs + joinTimeoutMs - silenceMs
}

function hasLeft({ knowledge }: MemberRecord): boolean {
  return knowledge.standing === 'left'
}

function ackOf({ boot, sequence }: Envelope): { type: 'ack'; echo: { boot: bigint; sequence: number } } {
  return { type: 'ack', echo: { boot, sequence } }
}
