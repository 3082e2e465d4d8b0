import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DAEMONS } from '../daemons/create.ts'
import type { Column, Outcome, TableId } from './results.ts'

/** The document. */
export const DOCUMENT: string = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'interop.md')

const HEAD = `# Interoperability

\`npm run test:interop\` runs each row against each daemon, in network namespaces and with Debian's packages, and writes
this file from what it finds; \`npm run report -w @clarion-lb/interop\` writes it again from what the last run has left.
Routes go through no policy but "all of it". Beside the tables, the run has three speakers behind an FRR router with
equal-cost paths: flows spread over them, a speaker that is killed and started again costs no packet, and a node that is
cut off leaves the router's kernel table by BFD (100 ms × 3).
`
const BFD_HEAD = 'GoBGP 3 and OpenBGPD have none.'

/** A row of a table. */
export interface Heading {
  readonly id: string
  readonly title: string
}

/** The whole document. Tables have their daemons in the order of {@link DAEMONS}. */
export function renderDocument(
  columns: readonly Column[],
  headings: Readonly<Record<TableId, readonly Heading[]>>
): string {
  const of = (table: TableId): readonly Column[] =>
    DAEMONS.flatMap(({ id }) => columns.filter((column) => column.table === table && column.daemon === id))
  return [
    HEAD,
    '## BGP',
    '',
    ...tableLines(of('bgp'), headings.bgp),
    '',
    '## BFD',
    '',
    BFD_HEAD,
    '',
    ...tableLines(of('bfd'), headings.bfd),
    ''
  ].join('\n')
}

/** Writes it. */
export function writeDocument(text: string): void {
  writeFileSync(DOCUMENT, text)
}

function tableLines(columns: readonly Column[], headings: readonly Heading[]): readonly string[] {
  const reasons: string[] = []
  const names = columns.map(({ daemon, version }) => `${nameOf(daemon)} ${version}`)
  const rows = headings.map(({ id, title }) => {
    const marks = columns.map(({ cells }) => markOf(cells.find(({ row }) => row === id)?.outcome, reasons))
    return `| ${[title, ...marks].join(' | ')} |`
  })
  const notes = reasons.map((reason, i) => `${i + 1}. ${reason}`)
  return [
    `| ${['', ...names].join(' | ')} |`,
    `| ${['---', ...names.map(() => ':-:')].join(' | ')} |`,
    ...rows,
    ...(notes.length === 0 ? [] : ['', 'What is not there, and why:', '', ...notes])
  ]
}

function markOf(outcome: Outcome | undefined, reasons: string[]): string {
  if (outcome === 'passed') return '✓'
  if (outcome === undefined || outcome === 'failed') return '✗'
  const known = reasons.indexOf(outcome.unsupported)
  const index = known < 0 ? reasons.push(outcome.unsupported) : known + 1
  return `– ${superscript(index)}`
}

function superscript(index: number): string {
  return String(index).replaceAll(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? digit)
}

function nameOf(daemon: Column['daemon']): string {
  return DAEMONS.find(({ id }) => id === daemon)?.name ?? daemon
}
