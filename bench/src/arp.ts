import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENDPOINT_SLICES, NODES, SERVICES } from '@clarion-lb/k8s-watch'
import { run } from '@clarion-lb/lab'
import { type ApiServer, L2_ADVERTISEMENTS, NAMESPACE, POOLS, startApiServer } from './api-server.ts'
import { createController, createSpeaker } from './binaries.ts'
import { HOST, INSIDE, NODE, plugNode, unplugNode } from './node.ts'
import { atLeast, atMost, type BenchResult, reference, round } from './result.ts'

/** Answered by the kernel, by 30 lines of C, and by the speaker, on the same cable. */
const KERNEL = NODE.address
const BARE = '192.168.77.50'
const SPEAKER = '192.168.77.100'
const REQUESTS = 3000
const GAP_US = 1000
const RATE = 100_000
const RATE_S = 4
const SOURCES = join(import.meta.dirname, '..', 'arp')

interface Latency {
  readonly p50: number
  readonly p99: number
  readonly answered: number
}

/** Latency and throughput of ARP answers, against the kernel and a bare responder in the same run. */
export async function benchArp(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-arp-'))
  const [generator, responder] = await Promise.all(
    ['generator', 'responder'].map(async (name) => {
      await run('gcc', ['-O2', '-o', join(directory, name), join(SOURCES, `${name}.c`)])
      return join(directory, name)
    })
  )
  await plugNode()
  const server = await startApiServer(HOST)
  const controller = createController(server)
  const speaker = createSpeaker(server, NODE.name, INSIDE)
  const [program, ...words] = [...INSIDE, responder ?? '', 'eth0', BARE]
  const bare = spawn(program ?? '', words, { stdio: 'ignore' })
  try {
    await wantOneAddress(server)
    controller.start()
    speaker.start()
    await speaker.waitForLog('announced')
    const ask = (target: string, ...how: readonly string[]): Promise<readonly number[]> =>
      generate(generator ?? '', target, how)
    // Once for warmth: no JIT-compiled code is there yet.
    await ask(SPEAKER, 'rate', String(RATE), '1')
    const kernel = latencyOf(await ask(KERNEL, 'latency', String(REQUESTS), String(GAP_US)))
    const bareLatency = latencyOf(await ask(BARE, 'latency', String(REQUESTS), String(GAP_US)))
    const ours = latencyOf(await ask(SPEAKER, 'latency', String(REQUESTS), String(GAP_US)))
    const before = await threadTimes(speaker.pid ?? 0)
    const [sent = 0, answered = 0] = await ask(SPEAKER, 'rate', String(RATE), String(RATE_S))
    const after = await threadTimes(speaker.pid ?? 0)
    const [bareSent = 0, bareAnswered = 0] = await ask(BARE, 'rate', String(RATE), String(RATE_S))
    const share = (after.main - before.main) / Math.max(1, after.all - before.all)
    return {
      bench: 'arp',
      figures: [
        reference('answer of the kernel, p50', kernel.p50, 'µs'),
        reference('answer of 30 lines of C, p50', bareLatency.p50, 'µs'),
        reference('answer of the speaker, p50', ours.p50, 'µs'),
        reference('answer of the speaker, p99', ours.p99, 'µs'),
        atMost('answer of the speaker, p50, ratio to the kernel', round(ours.p50 / kernel.p50), 5, '×'),
        reference(
          'answer of the speaker, p50, ratio to 30 lines of C',
          round(ours.p50 / bareLatency.p50),
          '×'
        ),
        atLeast('one request after the other: answered', round((100 * ours.answered) / REQUESTS), 100, '%'),
        atLeast(`${RATE} requests a second: answered`, round((100 * answered) / sent), 99, '%'),
        reference(
          `${RATE} requests a second: answered by 30 lines of C`,
          round((100 * bareAnswered) / bareSent),
          '%'
        ),
        atMost(
          `${RATE} requests a second: main thread's share of the speaker's CPU`,
          round(100 * share),
          5,
          '%'
        )
      ]
    }
  } finally {
    bare.kill()
    await Promise.all([
      controller.stop(),
      speaker.stop(),
      bare.exitCode === null ? once(bare, 'exit') : undefined
    ])
    await server.stop()
    await unplugNode()
    await rm(directory, { recursive: true, force: true })
  }
}

async function wantOneAddress({ client }: ApiServer): Promise<void> {
  await client.create(NODES, { metadata: { name: NODE.name } })
  await client.create(POOLS, {
    metadata: { name: 'one', namespace: NAMESPACE },
    spec: { addresses: [`${SPEAKER}/32`] }
  })
  await client.create(L2_ADVERTISEMENTS, { metadata: { name: 'all', namespace: NAMESPACE }, spec: {} })
  await client.create(ENDPOINT_SLICES, {
    metadata: { name: 'one', namespace: 'default', labels: { 'kubernetes.io/service-name': 'one' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.1'], nodeName: NODE.name, conditions: { ready: true } }],
    ports: [{ port: 8080, protocol: 'TCP' }]
  })
  await client.create(SERVICES, {
    metadata: { name: 'one', namespace: 'default' },
    spec: { type: 'LoadBalancer', selector: { app: 'one' }, ports: [{ port: 80, targetPort: 8080 }] }
  })
}

async function generate(
  generator: string,
  target: string,
  how: readonly string[]
): Promise<readonly number[]> {
  const text = await run(generator, ['tap0', target, ...how])
  return text.trim().split(' ').map(Number)
}

function latencyOf([p50 = 0, p99 = 0, answered = 0]: readonly number[]): Latency {
  if (answered === 0) throw new Error('no request was answered')
  return { p50, p99, answered }
}

/** Nanoseconds on a CPU until now: of the main thread, and of all threads (proc(5), schedstat). */
async function threadTimes(pid: number): Promise<{ readonly main: number; readonly all: number }> {
  const tasks = (await run('ls', [`/proc/${pid}/task`])).trim().split('\n')
  const times = await Promise.all(
    tasks.map(async (task) => {
      const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0])
    })
  )
  return { main: times[tasks.indexOf(String(pid))] ?? 0, all: times.reduce((sum, time) => sum + time, 0) }
}
