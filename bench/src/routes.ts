import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Bird } from './daemons/bird.ts'
import type { BirdControl } from './daemons/bird-control.ts'
import { costOf } from './process-cost.ts'
import { atMost, type BenchResult, below, quantile, reference, round } from './result.ts'
import { ASN, FEEDER, inside, plugPair, RECEIVER, SENDER, unplugPair } from './route-pair.ts'
import { type RouteSender, startBird, startFrr, startGobgp, startOurs, startSource } from './route-senders.ts'

/** Of each family. */
const COUNT = 100_000
const ALL = 2 * COUNT
/** The fastest one counts: the machine may have other things to do. */
const ROUNDS = 7
/** How often the receiver is asked what it has. */
const POLL_MS = 2
const TIMEOUT_MS = 300_000
/** A daemon that has just been fed has work left. */
const REST_MS = 2000
const FAMILIES = ['ipv4', 'ipv6'] as const

interface Times {
  readonly name: string
  readonly ms: number
  readonly cpuS: number
  readonly peakMiB: number
}

/**
 * A table of host routes, from the first one to the last one in the table of a router that is BIRD, sent by us, BIRD,
 * GoBGP and FRR in the same way. They have the routes before they may connect: foreign ones of another BGP speaker.
 */
export async function benchRoutes(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-routes-'))
  await plugPair()
  try {
    const ours = await timesOf(await startOurs(directory, COUNT), directory)
    const bird = await timesOf(await startBird(directory), directory)
    const gobgp = await timesOf(await startGobgp(directory), directory)
    const frr = await timesOf(await startFrr(directory), directory)
    const all = [ours, bird, gobgp, frr]
    const ratio = (other: Times): number => round(ours.ms / other.ms)
    const what = `${COUNT} IPv4 and ${COUNT} IPv6 routes, first to last in a router`
    return {
      bench: 'routes',
      figures: [
        ...all.map(({ name, ms }) => reference(`${what}: ${name}`, Math.round(ms), 'ms')),
        atMost(`${what}: ratio to BIRD`, ratio(bird), 1, '×'),
        below(`${what}: ratio to GoBGP`, ratio(gobgp), 1, '×'),
        below(`${what}: ratio to FRR`, ratio(frr), 1, '×'),
        ...all.map(({ name, cpuS }) => reference(`CPU time of the sender: ${name}`, round(cpuS), 's')),
        ...all.map(({ name, peakMiB }) =>
          reference(`peak memory of the sender: ${name}`, Math.round(peakMiB), 'MiB')
        )
      ]
    }
  } finally {
    await unplugPair()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The fastest of some rounds, each with a receiver that was just started. */
async function timesOf(sender: RouteSender, directory: string): Promise<Times> {
  const feeder = sender.isFed ? await feed(sender, directory) : undefined
  try {
    const rounds: { readonly ms: number; readonly cpuS: number }[] = []
    for (let i = 0; i < ROUNDS; i += 1) rounds.push(await measure(sender, directory, i))
    const { peakMiB } = await costOf(sender.pid)
    return {
      name: sender.name,
      ms: Math.min(...rounds.map(({ ms }) => ms)),
      cpuS: quantile(
        rounds.map(({ cpuS }) => cpuS),
        0.5
      ),
      peakMiB
    }
  } finally {
    await feeder?.stop()
    await sender.stop()
  }
}

async function feed(sender: RouteSender, directory: string): Promise<{ stop(): Promise<void> }> {
  const feeder = await startSource(`feeder of ${sender.name}`, directory, inside(RECEIVER), {
    asn: ASN.feeder,
    bgpIdentifier: FEEDER.ipv4,
    peerAsn: ASN.sender,
    count: COUNT,
    sessions: FAMILIES.map((family) => ({ localAddress: FEEDER[family], address: SENDER[family] }))
  })
  feeder.send({ type: 'begin' })
  const deadline = performance.now() + TIMEOUT_MS
  while ((await sender.routes()) < ALL) {
    if (performance.now() > deadline) throw new Error(`${sender.name} did not take its routes in time`)
    await sleep(500)
  }
  await sleep(REST_MS)
  return feeder
}

async function measure(
  sender: RouteSender,
  directory: string,
  index: number
): Promise<{ readonly ms: number; readonly cpuS: number }> {
  const receiver = await Bird.start({
    name: `receiver-${sender.name}-${index}`,
    directory,
    prefix: inside(RECEIVER),
    config: receiverConfig()
  })
  try {
    sender.begin()
    const before = await costOf(sender.pid)
    let ms = 0
    // One after the other: they would not begin at the same time.
    for (const family of FAMILIES) ms += await timeOf(receiver.control, `session${family}`)
    const after = await costOf(sender.pid)
    return { ms, cpuS: after.cpuS - before.cpuS }
  } finally {
    await receiver.stop()
  }
}

/** From the first route in the table to the last one. */
async function timeOf(receiver: BirdControl, session: string): Promise<number> {
  await receiver.ask(`enable ${session}`)
  const deadline = performance.now() + TIMEOUT_MS
  let firstAtMs: number | undefined
  for (;;) {
    const count = await receiver.imported(session)
    const atMs = performance.now()
    if (count > 0) firstAtMs ??= atMs
    if (count >= COUNT && firstAtMs !== undefined) return Math.max(POLL_MS, atMs - firstAtMs)
    if (atMs > deadline) throw new Error(`${count} of ${COUNT} routes arrived in time`)
    await sleep(POLL_MS)
  }
}

function receiverConfig(): string {
  return [
    `router id ${RECEIVER.ipv4};`,
    'protocol device {}',
    ...FAMILIES.map(
      (family) => `
protocol bgp session${family} {
  local ${RECEIVER[family]} as ${ASN.receiver};
  neighbor ${SENDER[family]} as ${ASN.sender};
  direct;
  disabled;
  passive on;
  ${family} { import all; export none; };
}`
    )
  ].join('\n')
}
