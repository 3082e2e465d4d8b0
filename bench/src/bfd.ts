import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '@clarion-lb/lab'
import type { BfdNodeOptions, BfdNodeState } from './bfd-node.ts'
import { speakerLaunch } from './binaries.ts'
import { Bird } from './daemons/bird.ts'
import { INSIDE, NODE, plugNode, unplugNode } from './node.ts'
import { costOf, type ProcessCost } from './process-cost.ts'
import { atMost, type BenchResult, type Figure, reference, round } from './result.ts'

const SESSIONS = 300
const INTERVAL_MS = 50
const MULTIPLIER = 3
/** Ours and the router's: each session has both of its own. */
const SESSION_ADDRESSES = Array.from({ length: SESSIONS }, (_, i) => ({
  localAddress: `10.9.${1 + (i >> 8)}.${i & 0xff}`,
  remoteAddress: `10.9.${101 + (i >> 8)}.${i & 0xff}`
}))
const DEFAULT_MINUTES = 1
/** Both cores have work of their own. */
const BUSY_PROCESSES = 2
/** What is new costs more: not measured. */
const WARM_UP_MS = 5000
const UP_TIMEOUT_MS = 60_000

/**
 * Many fast BFD sessions with BIRD while both cores are busy: in a thread of a process that is started as the speaker is,
 * and of one that Node starts as it likes.
 */
export async function benchBfd({
  minutes = DEFAULT_MINUTES
}: {
  readonly minutes?: number
}): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-bfd-'))
  await plugNode()
  try {
    await addAddresses()
    const asSpeaker = await measure(directory, { ...speakerLaunch(), minutes })
    // For comparison, which needs no long run.
    const plainMinutes = Math.min(minutes, DEFAULT_MINUTES)
    const plain = await measure(directory, { env: {}, flags: [], minutes: plainMinutes })
    const of = (count: number): string =>
      `${SESSIONS} sessions at ${INTERVAL_MS} ms × ${MULTIPLIER}, both cores busy, ${count} min`
    const what = of(minutes)
    return {
      bench: 'bfd',
      figures: [
        atMost(`${what}: flaps`, asSpeaker.flaps, 0, ''),
        atMost(`${what}: CPU of one core`, asSpeaker.cpuPercent, 15, '%'),
        reference(`${what}: CPU of one core, BIRD at the other end`, asSpeaker.birdCpuPercent, '%'),
        reference(`${what}: peak memory`, asSpeaker.peakMiB, 'MiB'),
        ...references(`${of(plainMinutes)}, without the speaker's flags`, plain)
      ]
    }
  } finally {
    await unplugNode()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Measured {
  readonly flaps: number
  readonly cpuPercent: number
  readonly birdCpuPercent: number
  readonly peakMiB: number
}

interface Launch {
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
  readonly minutes: number
}

async function measure(directory: string, launch: Launch): Promise<Measured> {
  const bird = await Bird.start({
    name: `bfd-${launch.flags.length}`,
    directory,
    prefix: [],
    config: birdConfig()
  })
  const busy = Array.from({ length: BUSY_PROCESSES }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore', detached: true })
  )
  const node = startNode(launch)
  let state: BfdNodeState | undefined
  node.on('message', (told: BfdNodeState) => {
    state = told
  })
  try {
    const deadline = performance.now() + UP_TIMEOUT_MS
    while (state?.up !== SESSIONS) {
      if (performance.now() > deadline) throw new Error(`${state?.up ?? 0} sessions came up in time`)
      await sleep(100)
    }
    await sleep(WARM_UP_MS)
    const pid = node.pid ?? -1
    const downsBefore = state.downs
    const [before, birdBefore] = await Promise.all([costOf(pid), costOf(bird.process.pid)])
    const startedAtMs = performance.now()
    await sleep(launch.minutes * 60_000)
    const [after, birdAfter] = await Promise.all([costOf(pid), costOf(bird.process.pid)])
    const elapsedS = (performance.now() - startedAtMs) / 1000
    const percent = (from: ProcessCost, to: ProcessCost): number =>
      round((100 * (to.cpuS - from.cpuS)) / elapsedS)
    return {
      flaps: state.downs - downsBefore,
      cpuPercent: percent(before, after),
      birdCpuPercent: percent(birdBefore, birdAfter),
      peakMiB: Math.round(after.peakMiB)
    }
  } finally {
    for (const child of [...busy, node]) child.kill('SIGKILL')
    if (node.exitCode === null && node.signalCode === null) await once(node, 'exit')
    await bird.stop()
  }
}

function startNode({ env, flags }: Launch): ChildProcess {
  const options: BfdNodeOptions = {
    sessions: SESSION_ADDRESSES,
    intervalMs: INTERVAL_MS,
    detectMultiplier: MULTIPLIER
  }
  const script = join(import.meta.dirname, 'bfd-node.js')
  const words = [...INSIDE.slice(1), process.execPath, ...flags, script, JSON.stringify(options)]
  return spawn(INSIDE[0] ?? '', words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // As pods have it: where the CPU is shared by sessions, what is busy has another one.
    detached: true
  })
}

async function addAddresses(): Promise<void> {
  const add = (addresses: readonly string[], device: string): string =>
    addresses.map((address) => `addr add ${address}/16 dev ${device}`).join('\n')
  const near = SESSION_ADDRESSES.map(({ localAddress }) => localAddress)
  const far = SESSION_ADDRESSES.map(({ remoteAddress }) => remoteAddress)
  await run('ip', ['-batch', '-'], add(far, 'tap0'))
  await run('ip', ['-n', NODE.name, '-batch', '-'], add(near, 'eth0'))
}

function birdConfig(): string {
  return [
    'router id 192.0.2.1;',
    'protocol device {}',
    'protocol bfd {',
    `  interface "tap0" { interval ${INTERVAL_MS} ms; multiplier ${MULTIPLIER}; };`,
    ...SESSION_ADDRESSES.map(
      ({ localAddress, remoteAddress }) => `  neighbor ${localAddress} dev "tap0" local ${remoteAddress};`
    ),
    '}'
  ].join('\n')
}

function references(what: string, { flaps, cpuPercent, peakMiB }: Measured): readonly Figure[] {
  return [
    reference(`${what}: flaps`, flaps, ''),
    reference(`${what}: CPU of one core`, cpuPercent, '%'),
    reference(`${what}: peak memory`, peakMiB, 'MiB')
  ]
}
