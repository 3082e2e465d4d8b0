import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GroupOptions, MemberGroup, type MemberLoad } from './liveness-group.ts'
import { simulateFaults, simulateGroup, simulateLoss } from './liveness-simulated.ts'
import { atMost, type BenchResult, below, type Figure, quantile, reference, round } from './result.ts'

interface Size extends GroupOptions {
  /** How often each kind of loss is measured. */
  readonly rounds: number
}

/**
 * Two processors cannot bear 300 members at a period of 100 ms, and news of a loss takes more: how soon they know is left to
 * the simulation.
 */
const SIZES: readonly Size[] = [
  { count: 3, processes: 3, periodMs: 100, rounds: 50 },
  { count: 30, processes: 4, periodMs: 100, rounds: 20 },
  { count: 300, processes: 4, periodMs: 1000, rounds: 0 }
]
const SIMULATED_COUNTS = [300, 2000] as const
const LOSSY_COUNTS = [3, 12] as const
/** So long news of the start goes round. */
const SETTLING_PERIODS = 50
const MEASURED_MS = 10_000
const DEFAULT_MINUTES = 1
/** Each core has work of its own. */
const BUSY_PROCESSES = 2
const BUSY_MEMBERS = 3
const TOLD_EVERY_MS = 60_000
/** Who came back is waited for longer until then (`docs/protocol.md` of the package). */
const JUST_BACK_MS = 3500
/** Half a second is for the whole take-over; the rest is the new owner's. */
const DETECTION_LIMIT_MS = 400
const REFUSED_LIMIT_MS = 200

/**
 * What a member of the failure detector costs, how soon a loss is known to all, and whether anybody is declared dead while
 * both cores are busy.
 */
export async function benchLiveness({
  minutes = DEFAULT_MINUTES
}: {
  readonly minutes?: number
}): Promise<BenchResult> {
  const figures: Figure[] = []
  const add = (more: readonly Figure[]): void => {
    figures.push(...more)
    for (const { name, value, unit } of more) say(`${name}: ${value} ${unit}`)
  }
  for (const size of SIZES) add(await measureSize(size))
  for (const count of SIMULATED_COUNTS) add(simulateGroup(count))
  add(simulateFaults())
  add(LOSSY_COUNTS.map(simulateLoss))
  add([await countFalseDeaths(minutes)])
  return { bench: 'liveness', figures }
}

/** It takes long. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function measureSize({ rounds, ...options }: Size): Promise<readonly Figure[]> {
  const group = new MemberGroup(options)
  const what = `${options.count} members, period ${options.periodMs} ms`
  try {
    await group.converge()
    await sleep(SETTLING_PERIODS * options.periodMs)
    const load = loadFigures(what, await group.measure(MEASURED_MS))
    if (rounds === 0) return load
    const gone = await detect(group, 'SIGSTOP', rounds)
    const refused = await detect(group, 'SIGKILL', rounds)
    return [
      ...load,
      ...timeFigures(`${what}: all know of a host that is gone`, gone, DETECTION_LIMIT_MS),
      ...timeFigures(`${what}: all know of a killed process`, refused, REFUSED_LIMIT_MS)
    ]
  } finally {
    await group.stop()
  }
}

async function detect(
  group: MemberGroup,
  how: 'SIGSTOP' | 'SIGKILL',
  rounds: number
): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < rounds; i += 1) {
    times.push(await group.loseFirst(how))
    await group.converge()
    await sleep(JUST_BACK_MS)
  }
  return times
}

async function countFalseDeaths(minutes: number): Promise<Figure> {
  const group = new MemberGroup({ count: BUSY_MEMBERS, processes: BUSY_MEMBERS, periodMs: 100 })
  const busy: ChildProcess[] = []
  try {
    await group.converge()
    await group.takeDeaths()
    for (let i = 0; i < BUSY_PROCESSES; i += 1)
      busy.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore', detached: true }))
    let deaths = 0
    for (let leftMs = minutes * 60_000; leftMs > 0; leftMs -= TOLD_EVERY_MS) {
      await sleep(Math.min(leftMs, TOLD_EVERY_MS))
      deaths += (await group.takeDeaths()).length
      say(`both cores busy: ${deaths} false deaths, ${Math.max(leftMs - TOLD_EVERY_MS, 0) / 60_000} min left`)
    }
    const what = `${BUSY_MEMBERS} members, both cores busy, ${minutes} min: false deaths`
    return atMost(what, deaths, 0, '')
  } finally {
    for (const child of busy) child.kill('SIGKILL')
    await group.stop()
  }
}

function loadFigures(what: string, { cpuPercent, bytesPerS, datagramsPerS }: MemberLoad): readonly Figure[] {
  return [
    reference(`${what}: CPU of one core, each`, round(cpuPercent), '%'),
    reference(`${what}: sent by each`, Math.round(bytesPerS), 'B/s'),
    reference(`${what}: datagrams sent by each`, round(datagramsPerS), '/s')
  ]
}

/** p50, p99 and the longest; the limit, milliseconds, is for p99. */
function timeFigures(what: string, times: readonly number[], limitMs: number): readonly Figure[] {
  const p99 = round(quantile(times, 0.99))
  return [
    reference(`${what}, p50 of ${times.length}`, round(quantile(times, 0.5)), 'ms'),
    below(`${what}, p99`, p99, limitMs, 'ms'),
    reference(`${what}, longest`, round(Math.max(...times)), 'ms')
  ]
}
