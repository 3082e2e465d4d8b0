import { type CoreState, emit, hasSecondAccuser } from './core-state.ts'
import { lifeOf, nextIncarnation, nextLife } from './incarnation.ts'
import {
  type Accusation,
  isSameNews,
  type Knowledge,
  learn,
  withoutAccuser,
  withoutExpired
} from './knowledge.ts'
import { isActive, type MemberRecord } from './membership.ts'
import type { AccusationReason, Rumor } from './message.ts'
import type { Outbox, Urgency } from './outbox.ts'

/** When a network that was in two halves is one again, news of it goes round within this. */
const MUTUAL_MS = 2000
/** So many must accuse, if there are as many that could. */
const ACCUSERS = 2

/** What this member holds of the others: rumors in, verdicts and events out. */
export class Opinions {
  readonly #state: CoreState
  readonly #outbox: Outbox
  /** Those whose accusations have to be looked at again. */
  readonly #accused: Set<MemberRecord> = new Set()
  /** The last incarnation of this member that others held dead. */
  #judged = 0

  constructor(state: CoreState, outbox: Outbox) {
    this.#state = state
    this.#outbox = outbox
  }

  /** @param from who told it; it hears the answer first if the rumor is of this member */
  hear(rumor: Rumor, from: MemberRecord): void {
    if (rumor.member === this.#state.self) {
      this.#refute(rumor, from)
      return
    }
    // An accusation of its own that comes back from others may be withdrawn by now.
    if (rumor.kind === 'accused' && rumor.accusers.includes(this.#state.self)) return
    const record = this.#state.members.get(rumor.member)
    if (record === undefined) return
    const after = learn(record.knowledge, rumor, this.#accusedUntilMs())
    if (after === record.knowledge) return
    if (rumor.kind === 'accused' && this.#hasFreshAnswer(record)) this.#vouch(record, from)
    // Who came to the verdict first may be one that tells a few: that both accusers tell many does not depend on it.
    const isOwnVerdict = rumor.kind === 'dead' && rumor.accusers.includes(this.#state.self)
    this.#apply(record, after, isOwnVerdict ? 'verdict' : undefined)
  }

  /** The member itself said so, by its own datagram. */
  sawAlive(record: MemberRecord, incarnation: number): void {
    const { knowledge, key } = record
    if (incarnation < knowledge.incarnation) return
    const rumor: Rumor = { kind: 'alive', member: key, incarnation, accusers: [], reason: 'silent' }
    const after = learn(knowledge, rumor, 0)
    if (after !== knowledge) this.#apply(record, after)
  }

  /** This member accuses another one, or does so again. */
  accuse(record: MemberRecord, reason: AccusationReason, witnesses: Iterable<MemberRecord>): void {
    const { self, counters, members, parameters, random } = this.#state
    const isNew = !record.knowledge.accusations.some(({ accuser }) => accuser === self)
    if (isNew) counters.accusations += 1
    const rumor: Rumor = {
      kind: 'accused',
      member: record.key,
      incarnation: record.knowledge.incarnation,
      accusers: [self],
      reason
    }
    this.#apply(record, learn(record.knowledge, rumor, this.#accusedUntilMs()))
    if (record.knowledge.standing === 'dead') return
    const receivers = new Set([record, ...members.watchersOf(record.key, parameters.watchers), ...witnesses])
    if (isNew && members.size <= parameters.fanout) for (const each of members.active) receivers.add(each)
    else if (isNew) receivers.add(members.active[Math.floor(random() * members.active.length)] ?? record)
    this.#outbox.tell(receivers, record)
  }

  /** The member answered, or somebody vouched for it: what this member said against it counts no more, anywhere. */
  acquit(record: MemberRecord): void {
    if (!this.withdrawn(record, this.#state.self)) return
    const { members, parameters } = this.#state
    const counting = record.knowledge.accusations.flatMap(({ accuser }) => members.get(accuser) ?? [])
    const isSmall = members.size <= parameters.fanout
    const others = isSmall ? members.active : members.watchersOf(record.key, parameters.watchers)
    for (const each of new Set([...others, ...counting])) this.#vouch(record, each)
  }

  /** One who accused the member does so no more. @returns whether it did */
  withdrawn(record: MemberRecord, accuser: bigint): boolean {
    const after = withoutAccuser(record.knowledge, accuser)
    if (after === record.knowledge) return false
    this.#apply(record, after)
    return true
  }

  /** Accusations that were not renewed count no more; those that remain may now be enough. */
  review(): void {
    for (const record of this.#accused) {
      const after = withoutExpired(record.knowledge, this.#state.nowMs)
      if (after !== record.knowledge) this.#apply(record, after)
      else this.#judge(record)
    }
  }

  /** Members that are accused. */
  get accusedCount(): number {
    return this.#accused.size
  }

  /** Forgets members that are not in the list. */
  retain(): void {
    for (const record of this.#accused)
      if (this.#state.members.get(record.key) !== record) this.#accused.delete(record)
  }

  #accusedUntilMs(): number {
    return this.#state.nowMs + this.#state.parameters.accusationMs
  }

  #hasFreshAnswer({ answeredMs }: MemberRecord): boolean {
    return this.#state.nowMs - answeredMs < this.#state.parameters.doubtMs
  }

  #vouch(record: MemberRecord, to: MemberRecord): void {
    const ageMs = this.#state.nowMs - record.answeredMs
    const memberIncarnation = record.knowledge.incarnation
    if (to !== record && memberIncarnation > 0)
      this.#outbox.send(to, { type: 'vouch', member: record.key, memberIncarnation, ageMs })
  }

  /**
   * Only a higher incarnation can refute, and only this process may take one. What is said of one that it did not take yet, or
   * without accusers, is said of a process before it.
   */
  #refute(rumor: Rumor, from: MemberRecord): void {
    const { incarnation, isLeaving, counters, self } = this.#state
    const isHarmless = rumor.kind === 'alive' && rumor.incarnation === incarnation
    if (isLeaving) return
    this.#noteJudged(rumor, from)
    if (rumor.incarnation < incarnation || isHarmless) return
    const isOurs = rumor.incarnation === incarnation && rumor.accusers.length > 0
    this.#state.incarnation = isOurs ? nextIncarnation(incarnation) : nextLife(rumor.incarnation)
    counters.refutations += 1
    this.#outbox.enqueue(self, 'urgent')
    this.#outbox.send(from, { type: 'gossip' })
  }

  #apply(record: MemberRecord, after: Knowledge, urgency = urgencyOf(record.knowledge, after)): void {
    const before = record.knowledge
    const wasActive = isActive(record)
    record.knowledge = after
    record.news = undefined
    if (before.standing === 'dead' && after.standing === 'alive') record.revivedMs = this.#state.nowMs
    if (after.accusations.length > 0) this.#accused.add(record)
    else this.#accused.delete(record)
    if (!wasActive && isActive(record)) record.backMs = this.#state.nowMs
    if (before.standing !== after.standing) this.#state.members.changed()
    if (!isSameNews(before, after)) {
      this.#outbox.enqueue(record.key, urgency)
      this.#report(record, before)
    }
    this.#judge(record)
  }

  /**
   * The verdict, once enough accuse. A member that alone could accuse is enough; so is one against who was never heard: those
   * who wait for the same one may not be there either, and its first word refutes all that was said before it.
   */
  #judge(record: MemberRecord): void {
    const { knowledge } = record
    const { nowMs, self } = this.#state
    const counting = knowledge.accusations.filter(({ untilMs }) => untilMs > nowMs)
    if (counting.length === 0) return
    const needed = knowledge.standing === 'unknown' || !hasSecondAccuser(this.#state) ? 1 : ACCUSERS
    if (counting.length < needed) return
    const isOwn = counting.some(({ accuser }) => accuser === self)
    if (!isOwn && this.#hasFreshAnswer(record)) return
    const dead: Knowledge = {
      standing: 'dead',
      incarnation: knowledge.incarnation,
      accusations: [],
      accusers: counting.slice(0, ACCUSERS).map(({ accuser }) => accuser),
      reason: strongestReason(counting)
    }
    // The accusations of others may have met nowhere else.
    this.#apply(record, dead, isOwn ? 'verdict' : 'urgent')
  }

  #report(record: MemberRecord, before: Knowledge): void {
    const { id, knowledge: after } = record
    const { incarnation } = after
    if (after.standing === 'alive') this.#reportAlive(record, before)
    if (after.standing === 'left') emit(this.#state, { type: 'left', detail: { id, incarnation } })
    if (after.standing === 'dead') this.#reportDead(record)
    const [accusation] = after.accusations
    const wasAccused = before.accusations.length > 0 && before.incarnation === incarnation
    if (accusation !== undefined && !wasAccused) {
      const detail = { id, incarnation, accuser: this.#nameOf(accusation.accuser), reason: accusation.reason }
      emit(this.#state, { type: 'suspected', detail })
    }
  }

  #reportAlive({ id, knowledge: after }: MemberRecord, before: Knowledge): void {
    const { incarnation } = after
    const isOtherLife = lifeOf(before.incarnation) !== lifeOf(incarnation)
    if (before.standing === 'unknown')
      emit(this.#state, { type: 'alive', detail: { id, incarnation, reason: 'joined' } })
    else if (isOtherLife && before.incarnation > 0)
      emit(this.#state, { type: 'alive', detail: { id, incarnation, reason: 'restarted' } })
    else if (before.standing !== 'alive') {
      const reason = before.incarnation === 0 ? 'joined' : 'returned'
      emit(this.#state, { type: 'alive', detail: { id, incarnation, reason } })
    } else if (before.accusations.length > 0 && after.accusations.length === 0)
      emit(this.#state, { type: 'refuted', detail: { id, incarnation } })
  }

  #reportDead({ id, knowledge, answeredMs, watchedMs }: MemberRecord): void {
    const { incarnation, reason } = knowledge
    this.#state.counters.deaths += 1
    const accusers = knowledge.accusers.map((key) => this.#nameOf(key))
    // Others are asked so seldom that their last answer says nothing of when they fell silent.
    const silentMs = answeredMs >= watchedMs ? this.#state.nowMs - answeredMs : undefined
    emit(this.#state, { type: 'dead', detail: { id, incarnation, accusers, reason, silentMs } })
  }

  /**
   * Once for each incarnation, also for one that is refuted already: the accusation may have been heard first. What is said
   * of another life, or without accusers, is of a process before this one.
   */
  #noteJudged({ kind, incarnation, accusers, reason }: Rumor, from: MemberRecord): void {
    const isOurs = lifeOf(incarnation) === lifeOf(this.#state.incarnation)
    if (kind !== 'dead' || accusers.length === 0 || !isOurs || incarnation <= this.#judged) return
    this.#judged = incarnation
    const detail = {
      by: from.id,
      accusers: accusers.map((key) => this.#nameOf(key)),
      reason,
      isMutual: accusers.some((key) => this.#wasDead(this.#state.members.get(key)))
    }
    emit(this.#state, { type: 'judged', detail })
  }

  /** Until a moment ago, in the eyes of this member. */
  #wasDead(record: MemberRecord | undefined): boolean {
    if (record === undefined) return false
    return record.knowledge.standing === 'dead' || this.#state.nowMs - record.revivedMs < MUTUAL_MS
  }

  #nameOf(key: bigint): string {
    if (key === this.#state.self) return this.#state.selfId
    return this.#state.members.get(key)?.id ?? key.toString(16).padStart(16, '0')
  }
}

function urgencyOf(before: Knowledge, after: Knowledge): Urgency {
  const isMereAccusation = before.incarnation === after.incarnation && after.accusations.length > 0
  if (isMereAccusation) return 'ordinary'
  if (after.standing === 'dead' || after.standing === 'left') return 'relayed'
  return before.standing === 'unknown' ? 'ordinary' : 'urgent'
}

function strongestReason(accusations: readonly Accusation[]): AccusationReason {
  return accusations.find(({ reason }) => reason === 'refused')?.reason ?? accusations[0]?.reason ?? 'silent'
}
