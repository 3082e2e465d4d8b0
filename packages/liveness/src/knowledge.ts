import type { AccusationReason, Rumor } from './message.ts'

/**
 * What is held of a member:
 * - `'unknown'`: it was not heard yet, nor of it
 * - `'alive'`: perhaps accused, see `accusations`
 * - `'dead'`: by the verdict of enough accusers
 * - `'left'`: it said that it stops
 */
export type Standing = 'unknown' | 'alive' | 'dead' | 'left'

export interface Accusation {
  readonly accuser: bigint
  readonly reason: AccusationReason
  /** It counts until then, unless it is renewed. */
  readonly untilMs: number
}

/** What one member knows of another one. */
export interface Knowledge {
  readonly standing: Standing
  /** 0 while nothing is known. */
  readonly incarnation: number
  /** Of `'unknown'` and `'alive'`; at most four. */
  readonly accusations: readonly Accusation[]
  /** Of `'dead'`: whose accusations made the verdict. */
  readonly accusers: readonly bigint[]
  /** Of `'dead'`. */
  readonly reason: AccusationReason
}

/** One list for all, since nearly everybody is accused by nobody: thousands of members are known. */
const NONE: readonly never[] = []

export const NOTHING_KNOWN: Knowledge = {
  standing: 'unknown',
  incarnation: 0,
  accusations: NONE,
  accusers: NONE,
  reason: 'silent'
}

const MAX_ACCUSATIONS = 4
const RANK = { unknown: 0, alive: 0, dead: 1, left: 2 } as const

/**
 * Adds a rumor to what is known; returns the same object if it adds nothing. A higher incarnation replaces all that was
 * known of lower ones; within one, `'left'` is final, `'dead'` is stronger than `'alive'`, and accusations gather. So the
 * order of rumors does not matter, nor how often one comes.
 *
 * @param accusedUntilMs until when an accusation that the rumor makes counts
 */
export function learn(knowledge: Knowledge, rumor: Rumor, accusedUntilMs: number): Knowledge {
  if (rumor.incarnation < knowledge.incarnation) return knowledge
  if (rumor.incarnation > knowledge.incarnation) return begin(rumor, accusedUntilMs)
  switch (rumor.kind) {
    case 'alive':
      return knowledge
    case 'accused':
      return RANK[knowledge.standing] > 0 ? knowledge : accuse(knowledge, rumor, accusedUntilMs)
    case 'dead':
    case 'left':
      return RANK[rumor.kind] > RANK[knowledge.standing] ? begin(rumor, accusedUntilMs) : knowledge
  }
}

/** Without accusations that do not count any more; the same object if all do. */
export function withoutExpired(knowledge: Knowledge, nowMs: number): Knowledge {
  const accusations = knowledge.accusations.filter(({ untilMs }) => untilMs > nowMs)
  return accusations.length === knowledge.accusations.length ? knowledge : { ...knowledge, accusations }
}

/** Without the accusation of one accuser; the same object if there is none. */
export function withoutAccuser(knowledge: Knowledge, accuser: bigint): Knowledge {
  const accusations = knowledge.accusations.filter((each) => each.accuser !== accuser)
  return accusations.length === knowledge.accusations.length ? knowledge : { ...knowledge, accusations }
}

/** Whether both would be told in the same words; until when accusations count is not told. */
export function isSameNews(a: Knowledge, b: Knowledge): boolean {
  return (
    a.standing === b.standing &&
    a.incarnation === b.incarnation &&
    a.accusations.length === b.accusations.length &&
    a.accusations.every(({ accuser }) => b.accusations.some((each) => each.accuser === accuser))
  )
}

/** What is told of a member: nothing while nothing is known. */
export function rumorsOf(member: bigint, knowledge: Knowledge, nowMs: number): readonly Rumor[] {
  const { standing, incarnation, accusers, reason } = knowledge
  if (standing === 'dead' || standing === 'left')
    return [{ kind: standing, member, incarnation, accusers: accusers.slice(0, 2), reason }]
  const accused: Rumor[] = []
  for (const accusation of knowledge.accusations)
    if (accusation.untilMs > nowMs)
      accused.push({
        kind: 'accused',
        member,
        incarnation,
        accusers: [accusation.accuser],
        reason: accusation.reason
      })
  if (accused.length > 0 || standing === 'unknown') return accused
  return [{ kind: 'alive', member, incarnation, accusers: NONE, reason: 'silent' }]
}

function begin(rumor: Rumor, accusedUntilMs: number): Knowledge {
  const { kind, incarnation, reason } = rumor
  const accusers = rumor.accusers.length === 0 ? NONE : rumor.accusers
  if (kind !== 'accused') return { standing: kind, incarnation, accusations: NONE, accusers, reason }
  const standing = incarnation === 0 ? 'unknown' : 'alive'
  return accuse({ ...NOTHING_KNOWN, standing, incarnation }, rumor, accusedUntilMs)
}

function accuse(knowledge: Knowledge, { accusers, reason }: Rumor, untilMs: number): Knowledge {
  const [accuser] = accusers
  if (accuser === undefined) return knowledge
  const others = knowledge.accusations.filter((each) => each.accuser !== accuser)
  if (others.length >= MAX_ACCUSATIONS) return knowledge
  return { ...knowledge, accusations: [...others, { accuser, reason, untilMs }] }
}
