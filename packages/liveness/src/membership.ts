import { LivenessOptionsError } from './errors.ts'
import { type Knowledge, NOTHING_KNOWN, rumorsOf } from './knowledge.ts'
import type { Rumor } from './message.ts'
import type { ReplayWindow } from './replay-window.ts'
import { Ring } from './ring.ts'

/** An id, and the key that stands for it on the wire; see {@link memberKey}. */
export interface MemberName {
  readonly id: string
  readonly key: bigint
}

/** What is held of another member. */
export interface MemberRecord {
  readonly id: string
  readonly key: bigint
  /** Since when it is in the list. */
  readonly listedMs: number
  knowledge: Knowledge
  /** What is told of it; `undefined` if that has to be found out. */
  news: readonly Rumor[] | undefined
  /** Of the process that answered; `undefined` while none did. */
  boot: bigint | undefined
  window: ReplayWindow | undefined
  /** Of that process, as it said last; −1 while there is none. See `lifeOf`. */
  life: number
  /** When it last answered this member; −∞ if never. */
  answeredMs: number
  /** Since when this member pings it each period; ∞ while it does not. */
  watchedMs: number
  /** When it was last found to be alive after it was dead; −∞ if never. */
  revivedMs: number
  /** When it last came back from where no member looks; −∞ if it was never away. */
  backMs: number
  /** What it wants to be waited for longer. */
  patienceMs: number
  /** When a process that is not known yet was last asked to prove itself. */
  verifiedMs: number
}

const MAX_MEMBERS = 10_000
/** Of an id, in characters. */
export const MAX_ID_LENGTH = 253

/** The other members, and which of them take part. */
export class Membership {
  readonly #selfKey: bigint
  #records: Map<bigint, MemberRecord> = new Map()
  #ring: Ring<{ readonly key: bigint }> = new Ring([])
  #active: MemberRecord[] | undefined
  #away: MemberRecord[] | undefined
  #version = 0

  constructor(selfKey: bigint) {
    this.#selfKey = selfKey
  }

  /**
   * Replaces the list; what is known of those who stay is kept.
   *
   * @param members the others
   * @throws {@link LivenessOptionsError}
   */
  set(members: readonly MemberName[], nowMs: number): void {
    checkMembers(this.#selfKey, members)
    const before = this.#records
    this.#records = new Map(members.map((name) => [name.key, before.get(name.key) ?? newRecord(name, nowMs)]))
    this.#ring = new Ring([{ key: this.#selfKey }, ...this.#records.values()])
    this.changed()
  }

  /** Grows whenever it may be others that take part. */
  get version(): number {
    return this.#version
  }

  /** The standing of a member changed. */
  changed(): void {
    this.#version += 1
    this.#active = undefined
    this.#away = undefined
  }

  get(key: bigint): MemberRecord | undefined {
    return this.#records.get(key)
  }

  get size(): number {
    return this.#records.size
  }

  values(): IterableIterator<MemberRecord> {
    return this.#records.values()
  }

  /** Those that are alive, or not known yet. */
  get active(): readonly MemberRecord[] {
    this.#active ??= [...this.#records.values()].filter(isActive)
    return this.#active
  }

  /** Those that are dead or left. */
  get away(): readonly MemberRecord[] {
    this.#away ??= [...this.#records.values()].filter((record) => !isActive(record))
    return this.#away
  }

  /** Those that this member watches. Who was never heard takes no place: it watches nobody itself, as far as is known. */
  watched(count: number): readonly MemberRecord[] {
    return this.#recordsOf(this.#ring.watchedBy(this.#selfKey, count, this.#isAlive))
  }

  /** Those that were never heard, and that this member waits for. */
  awaited(count: number): readonly MemberRecord[] {
    return this.#recordsOf(this.#ring.watchedBy(this.#selfKey, count, this.#isUnknown))
  }

  /** Others that watch a member. */
  watchersOf(key: bigint, count: number): readonly MemberRecord[] {
    return this.#recordsOf(this.#ring.watchersOf(key, count, this.#isAlive))
  }

  readonly #isAlive = ({ key }: { readonly key: bigint }): boolean =>
    key === this.#selfKey || this.#records.get(key)?.knowledge.standing === 'alive'

  readonly #isUnknown = ({ key }: { readonly key: bigint }): boolean =>
    this.#records.get(key)?.knowledge.standing === 'unknown'

  #recordsOf(members: readonly { readonly key: bigint }[]): readonly MemberRecord[] {
    return members.flatMap(({ key }) => this.#records.get(key) ?? [])
  }
}

/**
 * @param members the others
 * @throws {@link LivenessOptionsError} if they cannot be the list of this member
 */
export function checkMembers(selfKey: bigint, members: readonly MemberName[]): void {
  if (members.length > MAX_MEMBERS)
    throw new LivenessOptionsError('limit', 'members', `${members.length}, ${MAX_MEMBERS} may be`)
  const keys = new Set([selfKey])
  for (const { id, key } of members) {
    if (!isId(id))
      throw new LivenessOptionsError('range', 'members', `an id has 1 to ${MAX_ID_LENGTH} characters`)
    if (keys.has(key)) throw new LivenessOptionsError('duplicate', 'members', `${id} is there twice`)
    keys.add(key)
  }
}

export function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length >= 1 && id.length <= MAX_ID_LENGTH
}

/** What is told of a member now. */
export function newsOf(record: MemberRecord, nowMs: number): readonly Rumor[] {
  if (record.news !== undefined) return record.news
  const news = rumorsOf(record.key, record.knowledge, nowMs)
  // Accusations count for a while only.
  if (record.knowledge.accusations.length === 0) record.news = news
  return news
}

/** Whether a member is alive, or not known yet. */
export function isActive({ knowledge }: MemberRecord): boolean {
  return knowledge.standing === 'alive' || knowledge.standing === 'unknown'
}

/** Some of a list, each at most once; nothing in particular is likelier. */
export function pick<T>(list: readonly T[], count: number, random: () => number): readonly T[] {
  if (list.length <= count) return list
  const chosen = new Set<T>()
  // Floyd's sampling: as many draws as are wanted, however long the list is.
  for (let last = list.length - count; last < list.length; last += 1) {
    const drawn = list[Math.floor(random() * (last + 1))]
    const latest = list[last]
    if (drawn !== undefined && !chosen.has(drawn)) chosen.add(drawn)
    else if (latest !== undefined) chosen.add(latest)
  }
  return [...chosen]
}

function newRecord({ id, key }: MemberName, listedMs: number): MemberRecord {
  return {
    id,
    key,
    listedMs,
    knowledge: NOTHING_KNOWN,
    news: undefined,
    boot: undefined,
    window: undefined,
    life: -1,
    answeredMs: Number.NEGATIVE_INFINITY,
    watchedMs: Number.POSITIVE_INFINITY,
    revivedMs: Number.NEGATIVE_INFINITY,
    backMs: Number.NEGATIVE_INFINITY,
    patienceMs: 0,
    verifiedMs: Number.NEGATIVE_INFINITY
  }
}
