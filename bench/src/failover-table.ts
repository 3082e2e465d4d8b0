import type { FailoverConditions, FailoverRound } from '@clarion-lb/lab'
import { quantile } from './result.ts'

/** What a fault has cost, over all its rounds. Gaps are milliseconds. */
export interface FailoverRow {
  readonly nodes: number
  readonly name: string
  /** The limit of the 99th percentile; 0: no packet is to be lost. */
  readonly goalMs: number
  readonly rounds: number
  /** Addresses that were the victims', each counted in each round. */
  readonly affected: number
  /** `undefined` where no address had any. */
  readonly gapMs: { readonly p50: number; readonly p99: number; readonly max: number } | undefined
  readonly lost: number
  /** Of addresses that were not the victim's, and of all when it came back. */
  readonly lostBesides: number
  readonly duplicates: number
  /** Changes of who answers, until all is as before. */
  readonly moves: number
  /** Rounds in which not all addresses were taken over in time. */
  readonly notMoved: number
  readonly falseDeaths: number
  readonly isMet: boolean
}

/** Sums up the rounds of a fault. An address without a lost packet has a gap of 0. */
export function rowOf(
  { name, goalMs, nodes }: { readonly name: string; readonly goalMs: number; readonly nodes: number },
  rounds: readonly FailoverRound[]
): FailoverRow {
  const sum = (count: (round: FailoverRound) => number): number =>
    rounds.reduce((total, round) => total + count(round), 0)
  const affected = sum((round) => round.affected)
  const gaps = rounds.flatMap(({ out }) => out.gapsMs)
  const all = [...gaps, ...Array.from({ length: affected - gaps.length }, () => 0)]
  const gapMs =
    gaps.length === 0
      ? undefined
      : { p50: quantile(all, 0.5), p99: quantile(all, 0.99), max: Math.max(...gaps) }
  const lost = sum(({ out }) => out.lost)
  const lostBesides = sum(({ others, back }) => others.lost + back.lost)
  const notMoved = rounds.filter(({ hasMoved }) => hasMoved === false).length
  const falseDeaths = sum((round) => round.falseDeaths.length)
  const isMet =
    notMoved === 0 &&
    falseDeaths === 0 &&
    (goalMs === 0 ? lost + lostBesides === 0 : (gapMs?.p99 ?? 0) < goalMs)
  return {
    nodes,
    name,
    goalMs,
    rounds: rounds.length,
    affected,
    gapMs,
    lost,
    lostBesides,
    duplicates: sum(({ out, others, back }) => out.duplicates + others.duplicates + back.duplicates),
    moves: sum(({ out, others, back }) => out.moves + others.moves + back.moves),
    notMoved,
    falseDeaths,
    isMet
  }
}

const HEAD = [
  'Fault',
  'Rounds',
  'Addresses hit',
  'Gap p50',
  'p99',
  'max (ms)',
  'Lost',
  'Lost besides',
  'Answered twice',
  'Moves',
  'False deaths',
  'Goal',
  'Met'
] as const

export interface TableFacts extends FailoverConditions {
  readonly cores: number
  /** Without options. */
  readonly bench: string
  /** With those that it was called with. */
  readonly command: string
  /** How long loss and work went on that nothing should come of, if that was said. */
  readonly minutes: number | undefined
}

/**
 * `docs/failover.md`.
 *
 * @param before the document as it was: its other tables, of other numbers of nodes or minutes, stay
 */
export function failoverDocument(
  rows: readonly FailoverRow[],
  facts: TableFacts,
  before: string | undefined
): string {
  const { addressCount, rate, cores, takeBackDelay, command, minutes } = facts
  const text = `<!-- Made by \`${facts.bench}\`; what is changed here is lost. -->

# Failover, measured

By \`${facts.bench}\`, on one machine of ${cores} cores that runs the whole lab: an API server, the controller, a speaker and
stand-ins for kubelet and kube-proxy on each node, the client; with a take-back delay of ${takeBackDelay}. ${addressCount} addresses; the client sends
${rate} UDP packets a second to each, and the node that they come to sends them back.

- _Gap_: from the sending of the last packet that was answered before it to the sending of the first one that was answered
  after it, of each address of the node that was hit. It is known to ${Math.round(1000 / rate)} ms.
- _Lost_: packets to addresses of that node, until others had taken over. _Lost besides_: packets to other addresses, and to
  all when the node came back.
- _Moves_: changes of who answers, out and back. _False deaths_: verdicts on nodes that nothing had happened to.
- A speaker that is gone is no gap for clients that know where an address is: its node goes on passing packets.
- In a split, the client and the API server are on the side that the node is not on.
`
  const sections = new Map(
    [...(before ?? '').matchAll(/^## (\d+ nodes.*)\n[^#]*/gm)].map(([kept, title = '']) => [
      title,
      kept.trimEnd()
    ])
  )
  for (const { nodes } of rows) {
    const title = minutes === undefined ? `${nodes} nodes` : `${nodes} nodes, for ${minutes} minutes`
    const measured = rows.filter((row) => row.nodes === nodes)
    sections.set(title, section(title, measured, command))
  }
  const inOrder = [...sections]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([, one]) => `${one}\n`)
  return [text, ...inOrder].join('\n')
}

function section(title: string, rows: readonly FailoverRow[], command: string): string {
  const cells = rows.map(cellsOf)
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return `## ${title}\n\n\`${command}\`\n\n${[HEAD, rule, ...cells].map(line).join('\n')}`
}

function cellsOf(row: FailoverRow): readonly string[] {
  const { gapMs } = row
  const goal = row.goalMs === 0 ? '0 lost' : `p99 < ${row.goalMs} ms`
  const isMissing = row.notMoved > 0 ? `no: ${row.notMoved} not taken over` : 'no'
  return [
    row.name,
    String(row.rounds),
    String(row.affected),
    ...[gapMs?.p50, gapMs?.p99, gapMs?.max].map((value) => String(Math.round(value ?? 0))),
    ...[row.lost, row.lostBesides, row.duplicates, row.moves, row.falseDeaths].map(String),
    goal,
    row.isMet ? 'yes' : isMissing
  ]
}
