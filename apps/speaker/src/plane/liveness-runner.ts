import { type Liveness, type LivenessEvent, type LivenessMember, lifeOf } from '@clarion-lb/liveness'
import { tryParseIpAddress } from '@clarion-lb/netaddr'
import type { GatewayWatch } from './gateway-watch.ts'
import type { LivenessSettings, PlaneEvent, PlaneMember } from './messages.ts'
import type { Ownership } from './ownership.ts'
import type { Seclusion } from './seclusion.ts'

export interface LivenessRunnerOptions {
  readonly node: string
  readonly ownership: Ownership
  readonly gateway: GatewayWatch
  /** Whether the interface with this address has a cable; if none has the address, whether any has. */
  readonly hasCarrier: (address: string | undefined) => boolean
  readonly createLiveness: (settings: LivenessSettings) => Liveness
  readonly onEvent: (event: PlaneEvent) => void
  /** The ownership knows more than before. */
  readonly onTaken: () => void
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/** Others that are there answer within this: what they announce by then, and what they do not, is known. */
const GATHER_MS = 3200
const RETRY_MS = 1000
const FAREWELL_MS = 20
const MET_MS = 500
/** Without an answer for so long, others may have given this node up. */
const SILENCE_MS = 350
/** Who slept longer than this first hears what others say of it … */
const PAUSE_MS = 250
/** … for so long. */
const LISTEN_MS = 150

/** Feeds the ownership of addresses with what the failure detector finds out, and with whether this node is cut off. */
export class LivenessRunner {
  readonly #options: LivenessRunnerOptions
  /** Members of which anything was heard since the start. */
  readonly #known = new Set<string>()
  #settings: LivenessSettings | undefined
  #members: readonly LivenessMember[] = []
  /** Of this node, as others see it. */
  #ownAddress: string | undefined
  #liveness: Liveness | undefined
  /** One that still says farewell: the port is its own until then. */
  #ending: Liveness | undefined
  #startedMs = 0
  #isGathered = false
  #retryMs = Number.POSITIVE_INFINITY
  #told: Seclusion = 'connected'
  #quietUntilMs = Number.NEGATIVE_INFINITY
  /** When a node was last found to be there. */
  #metMs = Number.NEGATIVE_INFINITY
  #incarnation = 0
  #isMutual = false
  #isLeaving = false
  #isUnplugged = false

  constructor(options: LivenessRunnerOptions) {
    this.#options = options
  }

  get liveness(): Liveness | undefined {
    return this.#liveness
  }

  /** `undefined`: somebody else knows who is alive. */
  set(settings: LivenessSettings | undefined): void {
    const before = this.#settings
    this.#settings = settings
    this.#members = membersOf(settings, this.#options.node)
    const ids = new Set(this.#members.map(({ id }) => id))
    for (const id of this.#known) if (!ids.has(id)) this.#known.delete(id)
    this.#ownAddress = settings?.members.find(({ name }) => name === this.#options.node)?.address
    const isSame = before?.port === settings?.port && before?.patience === settings?.patience
    const liveness = this.#liveness
    if (settings === undefined) {
      this.#end()
      this.#options.ownership.setListed()
    } else if (liveness === undefined || !isSame) {
      this.#end()
      this.#begin()
    } else {
      liveness.setKeys(settings.keys)
      liveness.setMembers(this.#members)
      this.#options.ownership.peers.retain(ids)
      this.#options.ownership.peersChanged()
      this.#followNotices()
    }
  }

  /** To be called after each event. @returns when it is due again, at the latest */
  work(): number {
    const nowMs = this.#options.now()
    if (nowMs >= this.#retryMs) this.#begin()
    this.#followCarrier()
    if (this.#liveness === undefined && !this.#isUnplugged) return this.#retryMs
    this.#gather(nowMs)
    this.#followRefutations(nowMs)
    this.#followSeclusion(nowMs)
    return Math.min(this.#gatherDueMs(), this.#retryMs, this.#options.gateway.dueMs(nowMs))
  }

  /** Whether nothing is to be said for now: others may have given this node up, and taken over. */
  isMuted(nowMs: number): boolean {
    const { ownership } = this.#options
    if (nowMs < this.#quietUntilMs || ownership.isJudged(nowMs)) return true
    if (this.#told === 'cutOff' || this.#told === 'checking') return true
    const answeredMs = this.#liveness?.answeredMs
    if (answeredMs === undefined || this.#told === 'alone' || !ownership.peers.isAnyAlive) return false
    const silentMs = nowMs - Math.max(answeredMs, this.#metMs)
    return silentMs > SILENCE_MS * (this.#settings?.patience ?? 1)
  }

  /** This thread did nothing for so long. */
  wasLate(latenessMs: number): void {
    const { ownership, now } = this.#options
    if (latenessMs <= PAUSE_MS || !ownership.peers.isAnyAlive) return
    this.#quietUntilMs = now() + LISTEN_MS
    ownership.doubt(now())
  }

  /** Says farewell. */
  leave(): void {
    this.#isLeaving = true
    this.#retryMs = Number.POSITIVE_INFINITY
    void this.#liveness?.stop()
  }

  #begin(): void {
    this.#retryMs = Number.POSITIVE_INFINITY
    if (this.#settings === undefined || this.#isLeaving || this.#isUnplugged) return
    const { ownership, gateway, createLiveness, onEvent, now } = this.#options
    if (this.#ending !== undefined && this.#ending.port !== 0) {
      this.#retryMs = now() + FAREWELL_MS
      return
    }
    try {
      const liveness = createLiveness(this.#settings)
      this.#follow(liveness)
      liveness.start()
      liveness.setMembers(this.#members)
      this.#liveness = liveness
    } catch (error) {
      // Those who do not hear this node share out its addresses among themselves.
      if (this.#members.length > 0) ownership.unheard()
      else ownership.setListed()
      this.#retryMs = now() + RETRY_MS
      onEvent({ type: 'livenessFailed', message: error instanceof Error ? error.message : String(error) })
      return
    }
    this.#startedMs = now()
    this.#isGathered = false
    this.#known.clear()
    ownership.starting()
    gateway.refresh()
  }

  #end(): void {
    this.#retryMs = Number.POSITIVE_INFINITY
    // It says farewell in its own time, and nothing more is heard of it.
    this.#liveness?.removeAllListeners()
    void this.#liveness?.stop()
    this.#ending = this.#liveness ?? this.#ending
    this.#liveness = undefined
  }

  #follow(liveness: Liveness): void {
    const tell = (event: LivenessEvent): void => {
      if (this.#liveness !== liveness && this.#liveness !== undefined) return
      this.#take(event)
      this.#options.onEvent({ type: 'liveness', event })
      this.#options.onTaken()
    }
    liveness.on('alive', (detail) => tell({ type: 'alive', detail }))
    liveness.on('suspected', (detail) => tell({ type: 'suspected', detail }))
    liveness.on('refuted', (detail) => tell({ type: 'refuted', detail }))
    liveness.on('dead', (detail) => tell({ type: 'dead', detail }))
    liveness.on('left', (detail) => tell({ type: 'left', detail }))
    liveness.on('isolated', (detail) => tell({ type: 'isolated', detail }))
    liveness.on('connected', (detail) => tell({ type: 'connected', detail }))
    liveness.on('judged', (detail) => tell({ type: 'judged', detail }))
  }

  #take(event: LivenessEvent): void {
    const { ownership, now } = this.#options
    const { peers } = ownership
    const nowMs = now()
    switch (event.type) {
      case 'alive': {
        const { id, incarnation, reason } = event.detail
        const isReturn = reason === 'returned'
        const own = this.#isGathered ? this.#lifeMs() : undefined
        peers.noteAlive(id, { incarnation, isReturn, nowMs, own })
        this.#known.add(id)
        this.#metMs = nowMs
        ownership.peersChanged(isReturn ? id : undefined)
        // Others may not know yet what it told by another way.
        this.#followNotices()
        return
      }
      case 'dead':
      case 'left': {
        const { id } = event.detail
        const wasAlive = peers.isAlive(id)
        peers.noteGone(id, event.type === 'left' ? 'left' : event.detail.reason)
        this.#known.add(id)
        if (wasAlive) ownership.peerGone()
        return
      }
      case 'judged':
        // Two halves that meet again: neither was given up by those who have its addresses.
        this.#isMutual = event.detail.isMutual
        if (!this.#isMutual) ownership.judged(nowMs)
        return
      default:
    }
  }

  #gather(nowMs: number): void {
    if (this.#isGathered || this.#liveness === undefined) return
    if (this.#known.size < this.#members.length && nowMs < this.#gatherDueMs()) return
    this.#isGathered = true
    this.#options.ownership.begin(this.#lifeMs(), nowMs)
    this.#options.onEvent({ type: 'gathered' })
  }

  /** Whoever had to refute something may have been given up by some. */
  #followRefutations(nowMs: number): void {
    const incarnation = this.#liveness?.incarnation ?? 0
    const isOurs = lifeOf(incarnation) === lifeOf(this.#incarnation)
    if (isOurs && incarnation > this.#incarnation && !this.#isMutual) this.#options.ownership.doubt(nowMs)
    this.#incarnation = incarnation
    this.#isMutual = false
  }

  #gatherDueMs(): number {
    if (this.#isGathered || this.#liveness === undefined) return Number.POSITIVE_INFINITY
    return this.#startedMs + GATHER_MS * (this.#settings?.patience ?? 1)
  }

  #lifeMs(): number {
    return lifeOf(this.#liveness?.incarnation ?? 0)
  }

  /** Whose cable is out says farewell by whatever way is left, and has nothing until it is in again. */
  #followCarrier(): void {
    const { hasCarrier, onEvent } = this.#options
    const isUnplugged = !hasCarrier(this.#ownAddress) && (this.#isUnplugged || this.#isAnyMissed())
    if (isUnplugged === this.#isUnplugged || this.#isLeaving) return
    this.#isUnplugged = isUnplugged
    onEvent({ type: 'carrier', unpluggedLifeMs: isUnplugged ? this.#lifeMs() : undefined })
    if (isUnplugged) this.#end()
    else this.#begin()
  }

  /** What others told by another way than the cable that is out. */
  #followNotices(): void {
    const { ownership } = this.#options
    for (const { name, unpluggedLifeMs } of this.#settings?.members ?? [])
      if (unpluggedLifeMs !== undefined && ownership.peers.noteUnplugged(name, unpluggedLifeMs))
        ownership.peerGone()
  }

  #isAnyMissed(): boolean {
    return this.#liveness !== undefined && this.#options.ownership.peers.isAnyMissed
  }

  #followSeclusion(nowMs: number): void {
    const { ownership, gateway, onEvent } = this.#options
    const { isAnyAlive } = ownership.peers
    // Who was found to be there again answers soon.
    const isIsolated = this.#liveness?.isIsolated === true && nowMs - this.#metMs > MET_MS
    const isLonely = this.#isAnyMissed() && (isIsolated || !isAnyAlive)
    const found = gateway.work(isLonely, !isAnyAlive, nowMs)
    const seclusion = this.#isUnplugged ? 'cutOff' : found
    ownership.setSeclusion(seclusion, nowMs)
    if (seclusion !== this.#told) onEvent({ type: 'seclusion', seclusion })
    this.#told = seclusion
  }
}

/** The others that can be reached. */
function membersOf(settings: LivenessSettings | undefined, self: string): readonly LivenessMember[] {
  if (settings === undefined) return []
  const { members, port } = settings
  return members.flatMap(({ name, address }: PlaneMember) => {
    const parsed = tryParseIpAddress(address)
    return parsed === undefined || name === self ? [] : [{ id: name, address: parsed, port }]
  })
}
