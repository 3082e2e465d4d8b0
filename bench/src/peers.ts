import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabProcess } from '@clarion-lb/lab'
import { measureSpeakerMemory } from './peers-memory.ts'
import type { PeersReport, PeersSpeakerOptions } from './peers-speaker.ts'
import { costOf } from './process-cost.ts'
import { atMost, type BenchResult, below, reference, round } from './result.ts'
import type { RouteSinksOptions } from './route-sinks.ts'

const PEERS = 64
const ROUTES = 10_000
const FEW_ROUTES = 100
const ATTRIBUTE_SETS = 4
const CHANGES = 300
const ASN = { speaker: 64_501, sinks: 64_502 } as const
const PORT = 17_900
const TIMEOUT_MS = 180_000

/** Many peers with the same routes: what is done once for all of them, and what a change costs. */
export async function benchPeers(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-peers-'))
  try {
    const one = await measure(directory, 1)
    const many = await measure(directory, PEERS)
    const memory = await measureSpeakerMemory()
    const what = `${PEERS} peers × ${ROUTES} routes`
    const { report } = many
    return {
      bench: 'peers',
      figures: [
        reference(`${what}: UPDATEs sent`, report.updates, ''),
        reference(`1 peer × ${ROUTES} routes: UPDATEs encoded`, one.report.encoded, ''),
        atMost(`${what}: UPDATEs encoded`, report.encoded, one.report.encoded, ''),
        reference(`${what}: CPU time, ratio to 1 peer`, round(report.sendCpuMs / one.report.sendCpuMs), '×'),
        atMost('one changed Service: UPDATEs to each peer', round(report.changeUpdates), 1, ''),
        below('one changed Service: octets to each peer', round(report.changeBytes), 200, 'B'),
        reference(`one changed Service, ${PEERS} peers: CPU time`, round(report.changeCpuMs), 'ms'),
        atMost(
          `one changed Service: CPU time among ${ROUTES} routes, ratio to ${FEW_ROUTES}`,
          round(report.changeCpuMs / report.changeCpuFewMs),
          2,
          '×'
        ),
        reference(`${what}: peak memory of a process`, Math.round(many.peakMiB), 'MiB'),
        ...memory
      ]
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Measured {
  readonly report: PeersReport
  readonly peakMiB: number
}

async function measure(directory: string, count: number): Promise<Measured> {
  const addresses = Array.from({ length: count }, (_, i) => `127.1.0.${i + 1}`)
  const localAddress = '127.2.0.1'
  const sinks = createChild(directory, 'route-sinks', {
    asn: ASN.sinks,
    peerAsn: ASN.speaker,
    sinks: addresses.map((address) => ({ address, port: PORT, peer: localAddress }))
  } satisfies RouteSinksOptions)
  const speaker = createChild(directory, 'peers-speaker', {
    asn: ASN.speaker,
    peerAsn: ASN.sinks,
    localAddress,
    peers: addresses.map((address) => ({ address, port: PORT })),
    routes: ROUTES,
    attributeSets: ATTRIBUTE_SETS,
    changes: CHANGES,
    fewRoutes: FEW_ROUTES
  } satisfies PeersSpeakerOptions)
  try {
    sinks.start()
    await sinks.waitFor(isReady, TIMEOUT_MS)
    speaker.start()
    await speaker.waitFor(isReady, TIMEOUT_MS)
    const report = nextReport(speaker)
    speaker.send({ type: 'begin' })
    return { report: await report, peakMiB: (await costOf(speaker.pid ?? -1)).peakMiB }
  } finally {
    await Promise.all([speaker.stop(), sinks.stop()])
  }
}

function createChild(directory: string, script: string, options: object): LabProcess {
  return new LabProcess({
    name: script,
    script: join(import.meta.dirname, `${script}.js`),
    args: [JSON.stringify(options)],
    logFile: join(directory, `${script}.log`)
  })
}

async function nextReport(speaker: LabProcess): Promise<PeersReport> {
  const { promise, resolve, reject } = Promise.withResolvers<PeersReport>()
  speaker.onMessage((message) => {
    if (isReport(message)) resolve(message)
  })
  void speaker.exited().then(() => reject(new Error('the speaker ended before its report; see its log')))
  return promise
}

function isReady(said: unknown): boolean {
  return typeof said === 'object' && said !== null && 'type' in said && said.type === 'ready'
}

function isReport(said: unknown): said is PeersReport {
  return typeof said === 'object' && said !== null && 'type' in said && said.type === 'report'
}
