import { AwaitedAnswers } from './awaited-answers.ts'
import type { CoreState } from './core-state.ts'
import { type MemberRecord, newsOf, pick } from './membership.ts'
import type { Echo, Message, Rumor } from './message.ts'
import { MAX_MESSAGE_BYTES, messageBytes, rumorBytes } from './packet.ts'

/** A message without what the outbox adds to each. */
export type MessageBody =
  | { readonly type: 'ping' | 'gossip' }
  | { readonly type: 'ack'; readonly echo: Echo }
  | { readonly type: 'ask'; readonly member: bigint; readonly silentMs: number }
  | {
      readonly type: 'vouch'
      readonly member: bigint
      readonly memberIncarnation: number
      readonly ageMs: number
    }

/**
 * How news is told beside what rides on all datagrams:
 * - `'verdict'`: of this member's own, at once to many
 * - `'relayed'`: a verdict or a farewell that others told to many, at once to a few
 * - `'urgent'`: anything else that others wait for, at once to some
 * - `'ordinary'`: not at all
 */
export type Urgency = 'verdict' | 'relayed' | 'urgent' | 'ordinary'

/** Flushes of urgent news are at least so far apart; what comes meanwhile goes together. */
const FLUSH_INTERVAL_MS = 10
/** Each flush is repeated once, to others: one alone leaves out e⁻⁵ of a large cluster. */
const REPEAT_MS = 20
/** Whose verdict or farewell it is tells so many itself: in a small cluster all. */
const FIRST_FANOUT = 32
/** In a small cluster all were told already: whoever learns it sees to it that what was lost is made good, no more. */
const SMALL_FANOUT = 2
/** Old news that a ping has room for, if there is none: what went missing heals by itself. */
const FILLER = 3
const MAX_RUMORS = 24
const MAX_TABLE_DATAGRAMS = 4

/** Writes messages, and sees to it that news goes round: each a number of times, the freshest first. */
export class Outbox {
  readonly #state: CoreState
  /** Times that news of a member is still to be told; not told yet, and told before. Bounded by the list of members. */
  readonly #fresh: Map<bigint, number> = new Map()
  readonly #told: Map<bigint, number> = new Map()
  readonly #awaited: AwaitedAnswers = new AwaitedAnswers()
  /** To so many what is urgent is to be told, and then once more. */
  #flushTo = 0
  #repeatTo = 0
  #flushedMs = Number.NEGATIVE_INFINITY
  #filler: Iterator<MemberRecord> | undefined
  #sequence = 0

  constructor(state: CoreState) {
    this.#state = state
  }

  /** @param held against the receiver: that comes first, for nobody but it can refute it */
  send(to: MemberRecord, body: MessageBody, held: readonly Rumor[] = this.#heldAgainst(to)): void {
    const rumors: Rumor[] = []
    let room = MAX_MESSAGE_BYTES - messageBytes(body.type)
    room -= add(rumors, held, room)
    this.#addNews(rumors, room)
    if (body.type === 'ping' && rumors.length < FILLER) this.#addFiller(rumors, FILLER - rumors.length)
    this.#emit(to, body, rumors)
  }

  /** A member answered. @returns when that was sent which it answers; `undefined` if it was not, or is answered already */
  answered(by: MemberRecord, sequence: number): number | undefined {
    return this.#awaited.take(by, sequence)
  }

  /** Pings a member that is watched. */
  probe(to: MemberRecord): void {
    const position = this.#state.effects.length
    this.send(to, { type: 'ping' })
    const effect = this.#state.effects[position]
    if (effect?.type === 'send') this.#state.effects[position] = { ...effect, isProbe: true }
  }

  /** There is news of a member. */
  enqueue(key: bigint, urgency: Urgency): void {
    this.#told.delete(key)
    this.#fresh.set(key, 2 + 2 * Math.ceil(Math.log2(this.#state.members.size + 1)))
    this.#flushTo = Math.max(this.#flushTo, this.#fanoutOf(urgency))
  }

  /** No news of members that are not in the list. */
  retain(): void {
    for (const map of [this.#fresh, this.#told])
      for (const key of map.keys()) if (this.#state.members.get(key) === undefined) map.delete(key)
    this.#filler = undefined
  }

  /** When {@link Outbox.flush} is due. */
  get flushDueMs(): number {
    if (this.#flushTo > 0) return this.#flushedMs + FLUSH_INTERVAL_MS
    return this.#repeatTo > 0 ? this.#flushedMs + REPEAT_MS : Number.POSITIVE_INFINITY
  }

  /** Sends urgent news to a few, if it is time. */
  flush(): void {
    const { nowMs, members, parameters, random } = this.#state
    if (nowMs < this.flushDueMs) return
    const receivers = pick(members.active, Math.max(this.#flushTo, this.#repeatTo), random)
    this.#repeatTo = Math.min(this.#flushTo, parameters.fanout)
    this.#flushTo = 0
    this.#flushedMs = nowMs
    const rumors: Rumor[] = []
    this.#addNews(rumors, MAX_MESSAGE_BYTES - messageBytes('gossip'))
    for (const to of receivers) this.#emit(to, { type: 'gossip' }, rumors)
  }

  /** Tells some about one member at once. */
  tell(receivers: Iterable<MemberRecord>, about: MemberRecord): void {
    const rumors = newsOf(about, this.#state.nowMs)
    for (const to of receivers) this.#emit(to, { type: 'gossip' }, rumors)
  }

  /** Tells a member that was just met what is known: who is not alive first. */
  sendTable(to: MemberRecord): void {
    const { away, active } = this.#state.members
    const everybody = [...away, ...active].filter((record) => record !== to)
    let next = 0
    for (let datagram = 0; datagram < MAX_TABLE_DATAGRAMS && next < everybody.length; datagram += 1) {
      const rumors: Rumor[] = []
      let room = MAX_MESSAGE_BYTES - messageBytes('gossip')
      for (let record = everybody[next]; record !== undefined; record = everybody[next]) {
        const news = newsOf(record, this.#state.nowMs)
        const used = add(rumors, news, room)
        if (used === 0 && news.length > 0) break
        room -= used
        next += 1
      }
      if (rumors.length > 0) this.#emit(to, { type: 'gossip' }, rumors)
    }
  }

  /** Tells as many as is decent that this member stops. */
  sayLeave(): void {
    const { members, random, self } = this.#state
    const rumors = this.#rumorsOf(self)
    for (const to of pick(members.active, FIRST_FANOUT, random)) this.#emit(to, { type: 'gossip' }, rumors)
  }

  /** Answers who asks while this member stops. */
  answerLeaving(to: MemberRecord, body: MessageBody): void {
    this.#emit(to, body, this.#rumorsOf(this.#state.self))
  }

  #heldAgainst(member: MemberRecord): readonly Rumor[] {
    const { standing, accusations } = member.knowledge
    return standing === 'alive' && accusations.length === 0 ? [] : newsOf(member, this.#state.nowMs)
  }

  #fanoutOf(urgency: Urgency): number {
    const { members, parameters } = this.#state
    switch (urgency) {
      case 'ordinary':
        return 0
      case 'urgent':
        return parameters.fanout
      case 'verdict':
        return FIRST_FANOUT
      case 'relayed':
        return members.active.length <= FIRST_FANOUT ? SMALL_FANOUT : parameters.fanout
    }
  }

  #addNews(rumors: Rumor[], roomBytes: number): void {
    let room = roomBytes
    const told: [bigint, number][] = []
    for (const map of [this.#fresh, this.#told]) {
      for (const [key, left] of map) {
        if (rumors.length >= MAX_RUMORS) break
        const news = this.#rumorsOf(key)
        const used = add(rumors, news, room)
        if (used === 0 && news.length > 0) break
        room -= used
        map.delete(key)
        if (left > 1) told.push([key, left - 1])
      }
    }
    for (const [key, left] of told) this.#told.set(key, left)
  }

  #addFiller(rumors: Rumor[], count: number): void {
    for (let left = Math.min(count, this.#state.members.size); left > 0; left -= 1) {
      this.#filler ??= this.#state.members.values()
      const next = this.#filler.next()
      if (next.done === true) {
        this.#filler = undefined
        return
      }
      rumors.push(...newsOf(next.value, this.#state.nowMs))
    }
  }

  #rumorsOf(key: bigint): readonly Rumor[] {
    const { self, incarnation, isLeaving, members, nowMs } = this.#state
    if (key === self)
      return [
        { kind: isLeaving ? 'left' : 'alive', member: self, incarnation, accusers: [], reason: 'silent' }
      ]
    const record = members.get(key)
    return record === undefined ? [] : newsOf(record, nowMs)
  }

  #emit(to: MemberRecord, body: MessageBody, rumors: readonly Rumor[]): void {
    const { state, sequence } = { state: this.#state, sequence: this.#sequence + 1 }
    this.#sequence = sequence
    state.counters.datagramsSent += 1
    if (body.type === 'ping' || body.type === 'ask') this.#awaited.expect(to, sequence, state.nowMs)
    const patienceMs = state.health.patienceMs(state.nowMs)
    const message: Message = { ...body, incarnation: state.incarnation, patienceMs, rumors }
    state.effects.push({ type: 'send', to: to.key, sequence, message, isProbe: false })
  }
}

/** All or nothing; returns the octets used. */
function add(rumors: Rumor[], news: readonly Rumor[], roomBytes: number): number {
  let bytes = 0
  for (const rumor of news) bytes += rumorBytes(rumor)
  if (bytes > roomBytes) return 0
  rumors.push(...news)
  return bytes
}
