import type { Answerer } from './answerer.ts'
import type { HandedOver, HoldingsChange, TakeOverCause, WantedAddress, WantedChange } from './messages.ts'
import { answerToClaim, cede, forgetCessions } from './ownership-contest.ts'
import { decideOwnership, type OwnershipMode, type OwnershipView } from './ownership-decision.ts'
import { createEntry, type Entry, firstOther, hold, isAnyBefore } from './ownership-entry.ts'
import { PeerTable } from './peer-table.ts'
import type { Seclusion } from './seclusion.ts'

export interface OwnershipOptions {
  /** Name of this node. */
  readonly node: string
  /** So long a node that comes, or comes back, leaves its addresses with those that have them. */
  readonly takeBackMs: number
  readonly answerer: Answerer
  readonly onChange: (change: HoldingsChange) => void
}

/** Whose an address is announces it again within this. If it was not heard, it is asked whether it has it … */
const HAND_OVER_MS = 6000
/** … sooner, if this node may not have the address any more. If it ends, it ends then. */
const LEAVE_MS = 1000
const LONGEST_ASK_INTERVAL_MS = 30_000
/** Who may not have an address any more does not keep it for ever: a watch that is stalled is noticed within this. */
const LONGEST_STAY_MS = 120_000
/** A claim counts that long for what comes to be known after it. */
const CLAIM_LIFE_MS = 2000
/** Who took over announces several times within this. */
const DOUBT_MS = 1000

/**
 * Which of the addresses that this node is a candidate of it answers for. Holds no timer and reads no clock: the driver
 * calls {@link Ownership.work} after each event, and when it is time.
 */
export class Ownership {
  readonly peers: PeerTable
  readonly #options: OwnershipOptions
  readonly #entries = new Map<string, Entry>()
  #phase: 'listed' | 'starting' | 'unheard' | 'running' | 'leaving' = 'listed'
  #seclusion: Seclusion = 'connected'
  #settledAtMs = Number.NEGATIVE_INFINITY
  /** Of this process, while it has just come; `undefined` when it was away. */
  #lifeMs: number | undefined
  #judgedUntilMs = Number.NEGATIVE_INFINITY
  #doubtUntilMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.POSITIVE_INFINITY
  /** Addresses whose owners are to be asked whether they have them. */
  readonly #asked: string[] = []
  /** What is to be decided again: all, or these addresses. */
  #stale: 'all' | Set<string> = new Set()

  constructor(options: OwnershipOptions) {
    this.#options = options
    this.peers = new PeerTable(options)
  }

  /** Number of addresses that are answered for. */
  get held(): number {
    let held = 0
    for (const { isHeld } of this.#entries.values()) if (isHeld) held += 1
    return held
  }

  /** Whether this node has been declared dead a moment ago: it does not know yet who took over. */
  isJudged(nowMs: number): boolean {
    return nowMs < this.#judgedUntilMs
  }

  /** When {@link Ownership.work} is due; infinity: there is nothing to wait for. */
  get dueMs(): number {
    return this.#dueMs
  }

  apply({ set, handOver = [], remove }: WantedChange): void {
    if (this.#stale !== 'all') for (const { address } of [...set, ...handOver]) this.#stale.add(address)
    const released: string[] = []
    for (const address of remove) {
      if (this.#entries.get(address)?.isHeld === true) released.push(address)
      this.#entries.delete(address)
    }
    if (released.length > 0) {
      this.#options.answerer.apply({ set: [], remove: released })
      this.#options.onChange({ taken: [], released })
    }
    for (const one of handOver) this.#handOver(one)
    const changed = set.flatMap((wanted) => this.#set(wanted) ?? [])
    if (changed.length > 0) this.#options.answerer.apply({ set: changed, remove: [] })
  }

  /** The lists of candidates have only nodes that are alive, as somebody else knows. */
  setListed(): void {
    this.#phase = 'listed'
    this.#stale = 'all'
  }

  /** The others are being looked for: until {@link Ownership.begin} nothing changes. */
  starting(): void {
    this.peers.clear()
    this.#phase = 'starting'
    this.#stale = 'all'
  }

  /** Others can neither be asked nor hear this node: it takes nothing, and has what it has until somebody announces it. */
  unheard(): void {
    this.peers.clear()
    this.#phase = 'unheard'
    this.#stale = 'all'
  }

  /** All others are known, or had their time. @param lifeMs when this process started, by the wall clock */
  begin(lifeMs: number, nowMs: number): void {
    if (this.#phase !== 'starting') return
    this.#phase = 'running'
    this.#lifeMs = lifeMs
    const isNewcomer = this.peers.isAnyElder(lifeMs)
    this.#settledAtMs = isNewcomer ? nowMs + this.#options.takeBackMs : nowMs
    this.#stale = 'all'
  }

  /** This process ends: what others can have is theirs, as soon as they are heard. */
  leave(): void {
    this.#phase = 'leaving'
    for (const entry of this.#entries.values()) entry.handOverSinceMs = undefined
    this.#stale = 'all'
  }

  /** Something of {@link Ownership.peers} is another now. @param returned a node that was dead is there, and is the same */
  peersChanged(returned?: string): void {
    this.#stale = 'all'
    if (returned === undefined) return
    const held = [...this.#entries.values()].filter(
      ({ isHeld, candidates }) => isHeld && candidates.includes(returned)
    )
    // What it announced before it knew that it was given up is no claim.
    for (const entry of held) entry.claimedMs = Number.NEGATIVE_INFINITY
    if (held.length > 0) this.#options.answerer.announce(held.map(({ address }) => address))
  }

  /** A node is gone: who waits to take back what is its own may be needed now. */
  peerGone(): void {
    this.#settledAtMs = Number.NEGATIVE_INFINITY
    this.#stale = 'all'
  }

  setSeclusion(seclusion: Seclusion, nowMs: number): void {
    if (seclusion === this.#seclusion) return
    // Others took over meanwhile.
    const wasReplaced = this.#seclusion === 'cutOff' || (this.#seclusion === 'alone' && this.#isAnyCeded())
    if (wasReplaced && seclusion === 'connected') this.#wasAway(nowMs)
    // Whoever it was ceded to before may be among those that are gone.
    if (seclusion === 'alone') for (const entry of this.#entries.values()) forgetCessions(entry)
    this.#seclusion = seclusion
    this.#stale = 'all'
  }

  /** Others declared this node dead: it is silent until it hears who took over. */
  judged(nowMs: number): void {
    this.#wasAway(nowMs)
    this.#judgedUntilMs = nowMs + DOUBT_MS
    this.doubt(nowMs)
  }

  /** Others may have given this node up: what somebody announces now is theirs. */
  doubt(nowMs: number): void {
    this.#doubtUntilMs = nowMs + DOUBT_MS
    this.#stale = 'all'
  }

  /** Another host announced the address. */
  claimed(address: string, nowMs: number): void {
    const entry = this.#entries.get(address)
    if (entry === undefined || !entry.isHeld) return
    entry.claimedMs = nowMs
    if (this.#stale !== 'all') this.#stale.add(address)
  }

  /** Decides again, if anything changed or it is time. */
  work(nowMs: number): void {
    const isDue = nowMs >= this.#dueMs
    const stale = isDue ? 'all' : this.#stale
    if (stale !== 'all' && stale.size === 0) return
    this.#stale = new Set()
    const view = this.#viewAt(nowMs)
    // What single addresses wait for stands in it, and is known anew only when all are looked at.
    this.#dueMs = Math.min(this.#nextDueMs(nowMs), stale === 'all' ? Number.POSITIVE_INFINITY : this.#dueMs)
    const take: Entry[] = []
    const release: Entry[] = []
    for (const entry of this.#entriesOf(stale)) {
      const isHeld = this.#shouldHold(entry, view, nowMs)
      if (isHeld && !entry.isHeld) take.push(entry)
      else if (!isHeld && entry.isHeld) release.push(entry)
    }
    if (this.#asked.length > 0) this.#options.answerer.ask(this.#asked.splice(0))
    if (take.length + release.length === 0) return
    const taken = take.map((entry) => ({ address: entry.address, cause: this.#causeOf(entry, view.mode) }))
    for (const entry of take) {
      hold(entry)
      if (view.mode === 'alone') entry.insistedMs = nowMs
    }
    for (const entry of release) this.#release(entry, view)
    const released = release.map(({ address }) => address)
    this.#options.answerer.apply({ set: take, remove: released })
    this.#options.onChange({ taken, released })
  }

  #set({ address, interfaces, candidates = [this.#options.node] }: WantedAddress): Entry | undefined {
    const entry = this.#entries.get(address)
    if (entry === undefined) {
      this.#entries.set(address, createEntry(address, interfaces, candidates))
      return undefined
    }
    const isElsewhere = entry.interfaces?.join() !== interfaces?.join()
    entry.interfaces = interfaces
    entry.candidates = candidates
    return isElsewhere && entry.isHeld ? entry : undefined
  }

  #handOver({ address, candidates }: HandedOver): void {
    const entry = this.#entries.get(address)
    if (entry === undefined) return
    // It stays for another while, and asks sooner.
    if (entry.candidates.includes(this.#options.node)) entry.handOverSinceMs = undefined
    entry.candidates = candidates
    if (!entry.isHeld) this.#entries.delete(address)
  }

  #shouldHold(entry: Entry, view: OwnershipView, nowMs: number): boolean {
    if (view.mode === 'alone' && nowMs >= entry.cededUntilMs) entry.isCeded = false
    const verdict = decideOwnership(entry, view)
    const wasClaimed = nowMs - entry.claimedMs < CLAIM_LIFE_MS
    if (verdict === 'handOver')
      return !wasClaimed && this.#options.answerer.isAble(entry.address) && this.#isWaitedFor(entry, nowMs)
    entry.handOverSinceMs = undefined
    if (verdict === 'leave') {
      entry.expected = firstOther(entry, view)
      if (view.mode === 'alone' && entry.isCeded) this.#dueMs = Math.min(this.#dueMs, entry.cededUntilMs)
      return false
    }
    const isDoubtful =
      nowMs < this.#doubtUntilMs && view.mode === 'together' && firstOther(entry, view) !== undefined
    // Somebody took over a moment ago, and may give it up again for the same reason: no battle.
    if (!entry.isHeld) return !isDoubtful
    if (!wasClaimed || view.mode === 'listed') return true
    if (this.#phase === 'unheard') return false
    if (view.mode === 'alone') return this.#keepsAlone(entry, nowMs)
    // Given up, and somebody took over; or one before this one has settled by its own clock.
    if (isDoubtful) {
      this.#wasAway(nowMs)
      return false
    }
    if (!isAnyBefore(entry, view)) return true
    entry.isCeded = true
    return false
  }

  /** Whether this node, which hears nobody, goes on with what another host announced. */
  #keepsAlone(entry: Entry, nowMs: number): boolean {
    const position = entry.candidates.indexOf(this.#options.node)
    // No other node may have it: it is a stranger's conflict.
    if (entry.candidates.length === 1) return true
    const answer = answerToClaim(entry, this.#mayAnyBeThere(entry.candidates.slice(0, position)))
    if (answer === 'keep') return true
    if (answer === 'insist') {
      entry.insistedMs = nowMs
      this.#options.answerer.announce([entry.address])
      return true
    }
    cede(entry, position, nowMs)
    this.#dueMs = Math.min(this.#dueMs, entry.cededUntilMs)
    return false
  }

  /** Who hears nobody declares nobody dead, unless the two were the last ones: then it is not known which of them are there. */
  #mayAnyBeThere(names: readonly string[]): boolean {
    return this.peers.isAnyAlive ? names.some((name) => this.peers.isAlive(name)) : names.length > 0
  }

  #isAnyCeded(): boolean {
    for (const { isCeded } of this.#entries.values()) if (isCeded) return true
    return false
  }

  /**
   * Whether it is to go on, until somebody else is heard. Whose it is may be alive, and not know yet that it is its own: what
   * nobody else answers for is not given up at once, unless this process ends.
   */
  #isWaitedFor(entry: Entry, nowMs: number): boolean {
    const isCandidate = entry.candidates.includes(this.#options.node)
    if (entry.handOverSinceMs === undefined) entry.askDueMs = nowMs + (isCandidate ? HAND_OVER_MS : LEAVE_MS)
    entry.handOverSinceMs ??= nowMs
    const untilMs = entry.handOverSinceMs + this.#longestStayMs(isCandidate)
    if (nowMs >= untilMs) return false
    if (nowMs >= entry.askDueMs && this.#phase !== 'leaving') {
      this.#asked.push(entry.address)
      entry.askDueMs = nowMs + Math.min(nowMs - entry.handOverSinceMs, LONGEST_ASK_INTERVAL_MS)
    }
    this.#dueMs = Math.min(this.#dueMs, untilMs, entry.askDueMs)
    return true
  }

  #longestStayMs(isCandidate: boolean): number {
    if (this.#phase === 'leaving') return LEAVE_MS
    return isCandidate ? Number.POSITIVE_INFINITY : LONGEST_STAY_MS
  }

  #entriesOf(stale: 'all' | ReadonlySet<string>): Iterable<Entry> {
    if (stale === 'all') return this.#entries.values()
    return [...stale].flatMap((address) => this.#entries.get(address) ?? [])
  }

  #release(entry: Entry, view: OwnershipView): void {
    entry.isHeld = false
    entry.expected = firstOther(entry, view)
    entry.handOverSinceMs = undefined
    entry.claimedMs = Number.NEGATIVE_INFINITY
    if (!entry.candidates.includes(this.#options.node)) this.#entries.delete(entry.address)
  }

  #causeOf({ expected, candidates, cessions }: Entry, mode: OwnershipMode): TakeOverCause {
    if (mode === 'alone' && cessions > 0) return 'isolation'
    if (expected === undefined || mode === 'listed') return 'assignment'
    const absence = this.peers.absenceOf(expected)
    if (absence !== undefined) return absence
    if (mode === 'alone') return 'isolation'
    const { node } = this.#options
    return candidates.indexOf(node) < candidates.indexOf(expected) ? 'takeBack' : 'assignment'
  }

  #viewAt(nowMs: number): OwnershipView {
    const mode = this.#mode()
    return {
      self: this.#options.node,
      mode,
      isSettled: nowMs >= this.#settledAtMs,
      peer: (name) => (mode === 'alone' ? undefined : this.peers.viewOf(name, nowMs, this.#lifeMs))
    }
  }

  #mode(): OwnershipMode {
    switch (this.#phase) {
      case 'listed':
        return 'listed'
      case 'leaving':
        return 'leaving'
      case 'starting':
      case 'unheard':
        return 'waiting'
      case 'running':
    }
    switch (this.#seclusion) {
      case 'checking':
        return 'waiting'
      case 'connected':
        return 'together'
      case 'alone':
      case 'cutOff':
        return this.#seclusion
    }
  }

  #wasAway(nowMs: number): void {
    this.#stale = 'all'
    this.#lifeMs = undefined
    this.#settledAtMs = nowMs + this.#options.takeBackMs
  }

  #nextDueMs(nowMs: number): number {
    if (this.#phase !== 'running') return Number.POSITIVE_INFINITY
    const times = [this.peers.nextSettledMs(nowMs), this.#settledAtMs, this.#doubtUntilMs]
    return Math.min(...times.filter((timeMs) => timeMs > nowMs))
  }
}
