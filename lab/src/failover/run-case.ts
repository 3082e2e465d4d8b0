import { setTimeout as sleep } from 'node:timers/promises'
import type { FailoverCase } from './cases.ts'
import { type DeclaredDeath, falseOf } from './declared-deaths.ts'
import type { FailoverLab, Owners } from './failover-lab.ts'
import { type FailoverOutcome, summarize } from './stream-report.ts'

/** What came of one fault. */
export interface FailoverRound {
  readonly victim: string
  /** Addresses that were the victim's. */
  readonly affected: number
  /** Whether all of them were answered by others in time; `undefined`: nobody asked. */
  readonly hasMoved: boolean | undefined
  /** While the fault lasted, of the victim's addresses. */
  readonly out: FailoverOutcome
  /** … and of all others. */
  readonly others: FailoverOutcome
  /** Of all addresses, from the mending until everything was as before. */
  readonly back: FailoverOutcome
  /** Verdicts on nodes that nothing had happened to. */
  readonly falseDeaths: readonly DeclaredDeath[]
}

/** How long loss and work go on that nothing should come of. */
const LASTING_MS = 10_000
/** After the last move: what would come of it by and by. */
const AFTERWARDS_MS = 500

/**
 * Lets a fault happen to a node, and mends it.
 *
 * @param before who answers when all is well; so it is to be again afterwards
 * @param lastingMs how long what nothing should come of goes on; 10 s if it is not said
 * @throws Error when that does not come about
 */
export async function runCase(
  lab: FailoverLab,
  { happen, mend, moves, mayDie }: FailoverCase,
  {
    victim,
    before,
    lastingMs = LASTING_MS
  }: { readonly victim: string; readonly before: Owners; readonly lastingMs?: number | undefined }
): Promise<FailoverRound> {
  await lab.settle(before)
  await lab.report()
  const known = await lab.deaths()
  await happen(lab, victim, lastingMs)
  const hasMoved = moves === 'all' ? await lab.untilMoved(victim) : undefined
  await sleep(AFTERWARDS_MS)
  const during = await lab.report()
  await mend(lab, victim)
  await lab.settle(before)
  const deaths = newDeaths(known, await lab.deaths())
  const isAffected = ({ address }: { readonly address: string }): boolean => before.get(address) === victim
  return {
    victim,
    affected: during.filter(isAffected).length,
    hasMoved,
    out: summarize(during.filter(isAffected)),
    others: summarize(during.filter((report) => !isAffected(report))),
    back: summarize(await lab.report()),
    falseDeaths: falseOf(deaths, { mayDie }, victim)
  }
}

/** Each speaker's come in order: those beyond what it had. */
function newDeaths(
  before: readonly DeclaredDeath[],
  after: readonly DeclaredDeath[]
): readonly DeclaredDeath[] {
  const counts = Map.groupBy(before, ({ by }) => by)
  return [...Map.groupBy(after, ({ by }) => by)].flatMap(([by, deaths]) =>
    deaths.slice(counts.get(by)?.length ?? 0)
  )
}
