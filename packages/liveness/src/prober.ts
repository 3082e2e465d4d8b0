import { type CoreState, hasSecondAccuser } from './core-state.ts'
import { isActive, type MemberRecord, pick } from './membership.ts'
import type { AccusationReason } from './message.ts'
import type { Opinions } from './opinions.ts'
import type { Outbox } from './outbox.ts'
import { createWatch, REFUSALS, type Watch, watchDueMs } from './watch.ts'

/** Helpers look for so long after they were last asked, in multiples of the time between questions. */
const ASK_LIFE = 2.5
const MAX_HELPED = 16
/** A helper accuses after so many pings of its own, at the earliest. */
const HELPER_PROBES = 3
const MAX_ASKERS = 4
/** It looks so far round the ring for one that answers, at the least … */
const REACHED = 9
/** … in so many steps: each takes the time in which those of the one before fall silent. */
const REACH_STEPS = 2

/** Pings those that this member watches, asks others about the silent ones, and accuses. */
export class Prober {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #opinions: Opinions
  readonly #watches: Map<bigint, Watch> = new Map()
  #roundMs: number
  #gossipMs: number
  #reconnectMs: number
  #reconnectTurn: number
  #gossipTurn: number
  /** How many of the next ones on the ring it watches. */
  #reach: number
  #followedVersion = -1
  #followedDead = 0

  constructor(state: CoreState, outbox: Outbox, opinions: Opinions) {
    this.#state = state
    this.#outbox = outbox
    this.#opinions = opinions
    const { parameters, random, nowMs } = state
    this.#reach = parameters.watchers
    // Members that start together do not ping together.
    this.#roundMs = nowMs + random() * parameters.periodMs
    this.#gossipMs = this.#roundMs
    this.#reconnectMs = this.#roundMs
    this.#reconnectTurn = Math.floor(random() * 0x1_0000_0000)
    this.#gossipTurn = Math.floor(random() * 0x1_0000_0000)
  }

  /** When {@link Prober.tick} is due. */
  get dueMs(): number {
    if (this.#followedVersion !== this.#state.members.version) return this.#state.nowMs
    let dueMs = this.#roundMs
    for (const watch of this.#watches.values())
      dueMs = Math.min(dueMs, watchDueMs(watch, this.#limitMs(watch.record), this.#state.parameters))
    return dueMs
  }

  tick(): void {
    this.#follow()
    this.#endHelp()
    if (this.#state.nowMs >= this.#roundMs) this.#round()
    for (const watch of this.#watches.values()) this.#look(watch)
  }

  /** This member did nothing for so long: that time does not count, and some must pass before it accuses again. */
  paused(pauseMs: number): void {
    const { nowMs, parameters } = this.#state
    for (const watch of this.#watches.values()) {
      if (watch.unanswered >= parameters.patientProbes) continue
      const leastMs = nowMs - this.#limitMs(watch.record) + parameters.periodMs
      watch.evidenceMs = Math.min(nowMs, Math.max(watch.evidenceMs + pauseMs, leastMs))
    }
  }

  /** A member answered this one. */
  answered(record: MemberRecord): void {
    const { nowMs, anybodyMs, parameters } = this.#state
    // How long a host looked for a link-layer address says nothing about loss.
    const isFirst = record.answeredMs < record.backMs
    record.answeredMs = nowMs
    const gapMs = nowMs - anybodyMs
    // A network that was away for all comes back for one after the other.
    if (gapMs > parameters.silenceMs) this.#state.trustedFromMs = nowMs + parameters.silenceMs
    else if (gapMs > parameters.doubtMs) this.#state.trustedFromMs = nowMs + parameters.doubtMs
    this.#state.anybodyMs = nowMs
    this.#state.answeredMs = nowMs
    this.#state.firstAnsweredMs ??= nowMs
    const watch = this.#watches.get(record.key)
    if (watch === undefined) return
    this.#state.health.answered(isFirst ? 0 : Math.max(0, watch.unanswered - 1))
    for (const asker of this.#freshAskers(watch)) this.#vouch(record, asker)
    watch.askers.clear()
    this.#believe(watch, nowMs)
    if (!watch.isOwn) this.#watches.delete(record.key)
  }

  /**
   * Whether an answer to what was sent then says anything of now: this member may have been late to read it, and the other one
   * late to write it.
   *
   * @param patienceMs that the answer asks for
   */
  isTimely(record: MemberRecord, { sentMs, patienceMs }: { sentMs: number; patienceMs: number }): boolean {
    const { nowMs, health } = this.#state
    return nowMs - sentMs < this.#limitMs(record, patienceMs) + health.patienceMs(nowMs)
  }

  /** A member asks whether this one hears another one. */
  asked(asker: MemberRecord, record: MemberRecord, silentMs: number): void {
    const { nowMs, parameters } = this.#state
    if (!isActive(record) || record.knowledge.standing === 'unknown') return
    if (nowMs - record.answeredMs < parameters.doubtMs) {
      this.#vouch(record, asker)
      return
    }
    let watch = this.#watches.get(record.key)
    if (watch === undefined) {
      if (this.#watches.size >= MAX_HELPED) return
      // Who asks may be the one that hears nothing: a helper accuses after it asked in vain itself.
      const ownMs = this.#limitMs(record) - HELPER_PROBES * parameters.probeMs
      watch = createWatch(record, Math.max(record.answeredMs, nowMs - Math.min(silentMs, ownMs)))
      this.#watches.set(record.key, watch)
    }
    if (watch.askers.size < MAX_ASKERS || watch.askers.has(asker))
      watch.askers.set(asker, nowMs + ASK_LIFE * parameters.askMs)
    watch.evidenceMs = Math.min(watch.evidenceMs, nowMs - Math.min(silentMs, parameters.doubtMs))
    this.#look(watch)
  }

  /** Another member had an answer of this one. */
  vouched(record: MemberRecord, incarnation: number, ageMs: number): void {
    const watch = this.#watches.get(record.key)
    if (watch === undefined || incarnation < record.knowledge.incarnation) return
    this.#believe(watch, this.#state.nowMs - ageMs)
  }

  /** The host of a member says that nobody has the port open. Hosts are believed only while the member is silent. */
  refused(record: MemberRecord): void {
    const watch = this.#watches.get(record.key)
    if (watch === undefined || this.#state.nowMs - watch.evidenceMs < this.#state.parameters.probeMs) return
    watch.refusals += 1
    watch.refusedMs = this.#state.nowMs
    this.#look(watch)
  }

  /** Watches those that the ring says now. */
  #follow(): void {
    const { members, parameters, nowMs } = this.#state
    const reach = this.#reachNow()
    if (this.#followedVersion === members.version && this.#reach === reach) return
    this.#followedVersion = members.version
    const wanted = [...members.watched(reach), ...members.awaited(parameters.watchers)]
    const dead = members.away.filter(({ knowledge }) => knowledge.standing === 'dead').length
    // Nothing is known of the time before. Where others died, or are silent, this one may be with them: in a split, half of all are.
    const isWithOthers = dead > this.#followedDead || reach > this.#reach
    const evidenceMs = isWithOthers ? nowMs - parameters.doubtMs + parameters.probeMs : nowMs
    this.#followedDead = dead
    this.#reach = reach
    for (const watch of this.#watches.values()) {
      watch.isOwn = wanted.includes(watch.record)
      if (!watch.isOwn) watch.record.watchedMs = Number.POSITIVE_INFINITY
    }
    for (const record of wanted) {
      record.watchedMs = Math.min(record.watchedMs, nowMs)
      if (this.#watches.has(record.key)) continue
      // Who was never heard gets all the time that it has to appear.
      const isUnknown = record.knowledge.standing === 'unknown'
      const watch = createWatch(record, isUnknown ? nowMs : Math.max(record.answeredMs, evidenceMs))
      watch.isOwn = true
      this.#watches.set(record.key, watch)
      this.#ping(watch)
    }
  }

  /**
   * While all that it watches are silent, it watches those after them, too: in a partition nobody else on this side may do so,
   * and to wait until the first ones are dead would take as long again.
   */
  #reachNow(): number {
    const { members, parameters } = this.#state
    const { watchers } = parameters
    if (this.#reach === watchers && this.#hears()) return watchers
    const stepLength = Math.max(watchers, Math.ceil((REACHED - watchers) / REACH_STEPS))
    const next = members.watched(watchers + REACH_STEPS * stepLength)
    const heard = next.findIndex(({ key }) => !this.#isSilent(this.#watches.get(key)))
    const silent = heard < 0 ? next.length : heard
    const steps = Math.floor((silent - watchers) / stepLength) + 1
    return watchers + stepLength * Math.min(REACH_STEPS, steps)
  }

  /** Whether any of those that it watches is not silent. Who was never heard is none of them. */
  #hears(): boolean {
    for (const watch of this.#watches.values())
      if (watch.isOwn && watch.record.knowledge.standing !== 'unknown' && !this.#isSilent(watch)) return true
    return false
  }

  #isSilent(watch: Watch | undefined): boolean {
    if (watch?.isOwn !== true || watch.isAwaited) return false
    return this.#wasSilentFor(watch, this.#state.parameters.doubtMs)
  }

  #endHelp(): void {
    const { members } = this.#state
    for (const [key, watch] of this.#watches) {
      const isMember = members.get(key) === watch.record
      const isWanted = watch.isOwn || this.#freshAskers(watch).length > 0
      if (isMember && isActive(watch.record) && isWanted) continue
      this.#watches.delete(key)
      watch.record.watchedMs = Number.POSITIVE_INFINITY
      // Who does not look any more has nothing to say.
      if (isMember) this.#opinions.withdrawn(watch.record, this.#state.self)
    }
  }

  #believe(watch: Watch, evidenceMs: number): void {
    if (evidenceMs <= watch.evidenceMs) return
    watch.evidenceMs = evidenceMs
    watch.unanswered = 0
    if (evidenceMs > watch.refusedMs) watch.refusals = 0
    watch.probeMs = Number.NEGATIVE_INFINITY
    watch.askMs = Number.NEGATIVE_INFINITY
    watch.accuseMs = Number.NEGATIVE_INFINITY
    watch.helpers = []
    this.#opinions.acquit(watch.record)
  }

  #round(): void {
    const { nowMs, parameters, random, members } = this.#state
    this.#roundMs = nowMs + parameters.periodMs * (0.9 + 0.2 * random())
    for (const watch of this.#watches.values()) if (watch.isOwn) this.#ping(watch)
    if (nowMs >= this.#gossipMs) {
      this.#gossipMs = nowMs + parameters.gossipMs
      this.#gossipTurn += 1
      const other = members.active[this.#gossipTurn % members.active.length]
      if (other !== undefined && !this.#watches.has(other.key)) this.#outbox.send(other, { type: 'ping' })
    }
    if (nowMs >= this.#reconnectMs) {
      this.#reconnectMs = nowMs + parameters.reconnectMs
      this.#reconnectTurn += 1
      const lost = members.away[this.#reconnectTurn % members.away.length]
      if (lost !== undefined) this.#outbox.send(lost, { type: 'ping' })
    }
  }

  #ping(watch: Watch): void {
    watch.unanswered += 1
    watch.probeMs = this.#state.nowMs + this.#state.parameters.probeMs
    this.#outbox.probe(watch.record)
  }

  #look(watch: Watch): void {
    const { nowMs, parameters } = this.#state
    const { record } = watch
    if (watch.isAwaited && record.knowledge.standing !== 'unknown') {
      // Others heard it, so it is there: from now on it can be silent.
      watch.isAwaited = false
      watch.evidenceMs = nowMs
    }
    const limitMs = this.#limitMs(record)
    const isKnown = record.knowledge.standing !== 'unknown'
    const isInDoubt = this.#wasSilentFor(watch, parameters.doubtMs) || watch.refusals > 0
    if (this.#wasSilentFor(watch, 2 * limitMs)) {
      // Nothing more is to be learned in a hurry; the round goes on.
      watch.probeMs = Number.POSITIVE_INFINITY
      watch.askMs = Number.POSITIVE_INFINITY
    } else if (isKnown && isInDoubt) {
      if (nowMs >= watch.probeMs) this.#ping(watch)
      if (watch.isOwn && nowMs >= watch.askMs) this.#ask(watch, nowMs - watch.evidenceMs)
    }
    const reason = this.#reasonToAccuse(watch, limitMs)
    if (reason === undefined || nowMs < watch.accuseMs) return
    if (!this.#maySay(watch)) {
      watch.accuseMs = nowMs + parameters.probeMs
      return
    }
    watch.accuseMs = nowMs + parameters.renewMs
    this.#opinions.accuse(record, reason, [...watch.helpers, ...watch.askers.keys()])
  }

  #reasonToAccuse(watch: Watch, limitMs: number): AccusationReason | undefined {
    const { refusedMs } = this.#state.parameters
    const isPastLimit = this.#wasSilentFor(watch, limitMs)
    if (watch.record.knowledge.standing === 'unknown') return isPastLimit ? 'neverHeard' : undefined
    if (watch.refusals >= REFUSALS && this.#wasSilentFor(watch, refusedMs)) return 'refused'
    return isPastLimit ? 'silent' : undefined
  }

  /** Reckoned as {@link watchDueMs} does: by a difference, what is due now might be due only a rounding error later. */
  #wasSilentFor({ evidenceMs }: Watch, silenceMs: number): boolean {
    return this.#state.nowMs >= evidenceMs + silenceMs
  }

  /**
   * Who hears nobody accuses nobody, unless there is nobody else; nor does who hears others only since a moment ago, for a
   * network that was away for all comes back for one after the other. Who helps accuses only while he is asked.
   */
  #maySay(watch: Watch): boolean {
    const { members, anybodyMs, trustedFromMs, nowMs, parameters } = this.#state
    if (!isActive(watch.record)) return false
    if (!watch.isOwn && this.#freshAskers(watch).length === 0) return false
    if (members.active.length <= 1) return true
    // No second accuser makes up for one that is cut off.
    if (watch.isAwaited) return this.#isAnswered() && nowMs >= trustedFromMs
    if (watch.refusals >= REFUSALS) return true
    if (!hasSecondAccuser(this.#state)) return true
    return anybodyMs - watch.evidenceMs >= parameters.doubtMs && nowMs >= trustedFromMs
  }

  /** Whether somebody answers this member now; the time that it has after its start is no answer. */
  #isAnswered(): boolean {
    const { answeredMs, nowMs, parameters } = this.#state
    return answeredMs !== undefined && nowMs - answeredMs < parameters.doubtMs
  }

  #ask(watch: Watch, silentMs: number): void {
    const { members, parameters, random, nowMs } = this.#state
    const { record, helpers, askMs } = watch
    watch.askMs = nowMs + parameters.askMs
    // Others rather than those who did not answer: they may be gone, too.
    const answering = helpers.filter(({ answeredMs }) => answeredMs >= askMs - parameters.askMs)
    const others = pick(members.active, parameters.helpers + helpers.length + 1, random)
    const fresh = others.filter((each) => !helpers.includes(each))
    const willing = [...new Set([...answering, ...fresh, ...others])].filter((each) => each !== record)
    watch.helpers = willing.slice(0, parameters.helpers)
    for (const helper of watch.helpers)
      this.#outbox.send(helper, { type: 'ask', member: record.key, silentMs })
  }

  #vouch(record: MemberRecord, asker: MemberRecord): void {
    const ageMs = this.#state.nowMs - record.answeredMs
    const memberIncarnation = record.knowledge.incarnation
    if (memberIncarnation > 0)
      this.#outbox.send(asker, { type: 'vouch', member: record.key, memberIncarnation, ageMs })
  }

  #freshAskers(watch: Watch): readonly MemberRecord[] {
    if (watch.askers.size === 0) return []
    for (const [asker, untilMs] of watch.askers) if (untilMs <= this.#state.nowMs) watch.askers.delete(asker)
    return [...watch.askers.keys()]
  }

  /** How long a member may be silent: longer if it asked for that, if probes get lost by themselves, and if it is just back. */
  #limitMs(record: MemberRecord, patienceMs = record.patienceMs): number {
    const { parameters, health } = this.#state
    if (record.knowledge.standing === 'unknown') return parameters.joinTimeoutMs
    const isJustBack = !isActive(record) || record.answeredMs < record.backMs + parameters.backMs
    return (
      parameters.silenceMs * (1 + health.lossFactor) +
      patienceMs +
      (isJustBack ? parameters.backPatienceMs : 0)
    )
  }
}
