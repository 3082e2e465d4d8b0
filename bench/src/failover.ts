import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  FAILOVER_CASES,
  FAILOVER_CONDITIONS,
  type FailoverCase,
  FailoverLab,
  type FailoverRound,
  type Owners,
  runCase
} from '@clarion-lb/lab'
import { type FailoverRow, failoverDocument, rowOf } from './failover-table.ts'
import { atMost, type BenchResult, below, type Figure, reference, round } from './result.ts'

export interface FailoverBenchOptions {
  /** Part of the name of the faults that are wanted. Default: all. */
  readonly only?: string | undefined
  /** File that the table is written to. */
  readonly table?: string | undefined
  /** Only the lab with so many nodes. Default: 3, then 12. */
  readonly nodes?: number | undefined
  /** How often what a fault weighs it happens. Default: 3 times with 3 nodes, once with 12. */
  readonly repeats?: number | undefined
  /** How long loss and work go on that nothing should come of. Default: 10 s. */
  readonly minutes?: number | undefined
}

interface LabSize {
  readonly nodeCount: number
  /** How often what a fault weighs it happens. */
  readonly repeats: number
}

const ROOT = join(import.meta.dirname, '..', '..')
/** The first fault, a node that is cut off, weighs 17: fifty-one cuts. All of it takes half an hour. */
const SIZES: readonly LabSize[] = [
  { nodeCount: 3, repeats: 3 },
  { nodeCount: 12, repeats: 1 }
]
/** Speakers that start together keep each other waiting, and ask for patience: half as much every ten seconds. */
const CALM_MS = 40_000
const COMMAND = 'npm run bench -- failover'

/** Faults of nodes, speakers, the segment and the API server, as a client sees them. */
export async function benchFailover(options: FailoverBenchOptions): Promise<BenchResult> {
  const { only = '', table, nodes, repeats, minutes } = options
  if (minutes !== undefined && !(minutes > 0))
    throw new Error(`--minutes ${minutes}: loss and work cannot last so`)
  const cases = FAILOVER_CASES.filter(({ name }) => name.includes(only))
  if (cases.length === 0) throw new Error(`no fault has "${only}" in its name`)
  const rows: FailoverRow[] = []
  const sizes = SIZES.filter(({ nodeCount }) => nodes === undefined || nodeCount === nodes)
  if (sizes.length === 0) throw new Error(`there is no lab with ${nodes} nodes`)
  const facts = {
    ...FAILOVER_CONDITIONS,
    cores: availableParallelism(),
    bench: COMMAND,
    command: commandOf(options),
    minutes
  }
  const before = table === undefined ? undefined : await readFile(table, 'utf8').catch(() => undefined)
  for (const size of sizes) {
    const lastingMs = minutes === undefined ? undefined : minutes * 60_000
    rows.push(...(await measure({ ...size, repeats: repeats ?? size.repeats, lastingMs }, cases)))
    if (table !== undefined) await writeFile(table, failoverDocument(rows, facts, before))
  }
  return { bench: 'failover', figures: rows.flatMap(figuresOf) }
}

/** For the reader who wants to have the table again. */
function commandOf({ only, table, nodes, repeats, minutes }: FailoverBenchOptions): string {
  const options = Object.entries({ only, nodes, repeats, minutes, table }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${String(value).includes(' ') ? `'${value}'` : value}`]
  )
  return [COMMAND, ...options].join(' ')
}

async function measure(
  { nodeCount, repeats, lastingMs }: LabSize & { readonly lastingMs: number | undefined },
  cases: readonly FailoverCase[]
): Promise<readonly FailoverRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-failover-'))
  const lab = new FailoverLab({ directory, root: ROOT, nodeCount, ...FAILOVER_CONDITIONS })
  const rows: FailoverRow[] = []
  try {
    await lab.start()
    await sleep(CALM_MS)
    const before = await lab.owners()
    for (const failure of cases) {
      process.stderr.write(`${nodeCount} nodes, ${failure.name} × ${failure.weight * repeats}\n`)
      const rounds = await repeat(lab, failure, { before, count: failure.weight * repeats, lastingMs })
      rows.push(rowOf({ ...failure, nodes: nodeCount }, rounds))
      process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`)
      for (const { by, line } of rounds.flatMap(({ falseDeaths }) => falseDeaths))
        process.stderr.write(`false death, by ${by}: ${line}\n`)
    }
    return rows
  } finally {
    await lab.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Each node that has addresses is the victim in its turn. */
async function repeat(
  lab: FailoverLab,
  failure: FailoverCase,
  {
    before,
    count,
    lastingMs
  }: { readonly before: Owners; readonly count: number; readonly lastingMs: number | undefined }
): Promise<readonly FailoverRound[]> {
  const owners = new Set(before.values())
  const names = lab.cluster.nodeNames.filter((name) => owners.has(name))
  const rounds: FailoverRound[] = []
  for (let i = 0; i < count; i += 1)
    rounds.push(await runCase(lab, failure, { victim: names[i % names.length] ?? '', before, lastingMs }))
  return rounds
}

function figuresOf(row: FailoverRow): readonly Figure[] {
  const what = `${row.nodes} nodes, ${row.name}`
  const of = `of ${row.affected} addresses in ${row.rounds} rounds`
  const { p50 = 0, p99 = 0, max = 0 } = row.gapMs ?? {}
  const lost = row.lost + row.lostBesides
  return [
    reference(`${what}: gap, p50 ${of}`, round(p50), 'ms'),
    row.goalMs === 0
      ? reference(`${what}: gap, p99`, round(p99), 'ms')
      : below(`${what}: gap, p99`, round(p99), row.goalMs, 'ms'),
    reference(`${what}: gap, max`, round(max), 'ms'),
    row.goalMs === 0
      ? atMost(`${what}: packets lost`, lost, 0, '')
      : reference(`${what}: packets lost`, lost, ''),
    atMost(`${what}: rounds without a take-over in time`, row.notMoved, 0, ''),
    atMost(`${what}: false deaths`, row.falseDeaths, 0, ''),
    reference(`${what}: answered twice`, row.duplicates, ''),
    reference(`${what}: moves`, row.moves, '')
  ]
}
