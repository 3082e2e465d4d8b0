import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { NODES } from '@clarion-lb/k8s-watch'
import { type ApiServer, startApiServer } from './api-server.ts'
import {
  CLUSTER_ASN,
  createAdvertisedPool,
  createEndpoint,
  createRouters,
  createService
} from './bgp-resources.ts'
import { createController, createSpeaker } from './binaries.ts'
import { Bird } from './daemons/bird.ts'
import { inParallel } from './in-parallel.ts'
import { HOST, INSIDE, NODE, plugNode, unplugNode } from './node.ts'
import { atMost, type BenchResult, type Figure, quantile, reference, round } from './result.ts'

const SAMPLES = 300
const OTHERS = 1000
const PORT = 179
const TIMEOUT_MS = 60_000
/** Addresses of the samples; those of the others begin differently. */
const SAMPLE_ADDRESSES = '10.77.'

/**
 * From the request that creates a Service to its route in the kernel of a router: API server, controller and speaker are
 * processes of their own, the speaker in a network namespace; the router, which is BIRD, and its kernel are at the other
 * end of the cable.
 */
export async function benchRouteLatency(): Promise<BenchResult> {
  await plugNode()
  const server = await startApiServer(HOST)
  const controller = createController(server)
  const speaker = createSpeaker(server, NODE.name, INSIDE)
  const routes = new KernelRoutes()
  const router = await Bird.start({
    name: 'router',
    directory: server.directory,
    prefix: [],
    config: routerConfig()
  })
  try {
    await prepareCluster(server)
    controller.start()
    speaker.start()
    await Promise.all([controller.waitForLog('leading'), untilEstablished(router)])
    const alone = await measure(server, routes, 'alone')
    await inParallel(OTHERS, 16, async (i) => {
      await createEndpoint(server.client, `other-${i}`, NODE.name)
      await createService(server.client, `other-${i}`)
    })
    await untilImported(router, SAMPLES + OTHERS)
    const crowded = await measure(server, routes, 'crowded')
    return {
      bench: 'route-latency',
      figures: [...figuresOf('no other Services', alone), ...figuresOf(`${OTHERS} other Services`, crowded)]
    }
  } finally {
    routes.stop()
    await router.stop()
    await Promise.all([controller.stop(), speaker.stop()])
    await server.stop()
    await unplugNode()
  }
}

async function prepareCluster({ client }: ApiServer): Promise<void> {
  await client.create(NODES, { metadata: { name: NODE.name } })
  await createAdvertisedPool(client, 'samples', {
    addresses: [`${SAMPLE_ADDRESSES}0.0/22`],
    autoAssign: false
  })
  await createAdvertisedPool(client, 'others', { addresses: ['10.78.0.0/20'], autoAssign: true })
  await createRouters(client, [{ name: 'router', address: HOST, port: PORT }])
}

async function measure(
  { client }: ApiServer,
  routes: KernelRoutes,
  prefix: string
): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < SAMPLES; i += 1) {
    const name = `${prefix}-${i}`
    await createEndpoint(client, name, NODE.name)
    const there = routes.next()
    const startedAtMs = performance.now()
    await createService(client, name, { 'metallb.io/address-pool': 'samples' })
    times.push((await there) - startedAtMs)
  }
  return times
}

/** What the kernel tells of its routes (rtnetlink), a line for each. */
class KernelRoutes {
  readonly #monitor: ChildProcess
  #resolve: ((atMs: number) => void) | undefined

  constructor() {
    const monitor = spawn('ip', ['-4', '-o', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] })
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (!line.startsWith(SAMPLE_ADDRESSES)) return
      this.#resolve?.(performance.now())
      this.#resolve = undefined
    })
    this.#monitor = monitor
  }

  /** Resolves with the time at which the next route of a sample is told of. */
  async next(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(() => reject(new Error('no route came in time')), TIMEOUT_MS)
    this.#resolve = (atMs) => {
      clearTimeout(timer)
      resolve(atMs)
    }
    return promise
  }

  stop(): void {
    this.#monitor.kill()
  }
}

function routerConfig(): string {
  return `
router id ${HOST};
protocol device {}
protocol kernel { ipv4 { import none; export all; }; }
protocol bgp session {
  local ${HOST} as ${CLUSTER_ASN.router};
  neighbor ${NODE.address} as ${CLUSTER_ASN.speaker};
  direct;
  passive on;
  ipv4 { import all; export none; };
}`
}

async function untilEstablished(router: Bird): Promise<void> {
  await until(async () => (await router.control.ask('show protocols session')).includes('Established'))
}

async function untilImported(router: Bird, count: number): Promise<void> {
  await until(async () => (await router.control.imported('session')) >= count)
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  while (!(await isTrue())) {
    signal.throwIfAborted()
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

function figuresOf(what: string, times: readonly number[]): readonly Figure[] {
  const name = `Service created → route in the kernel of a router, ${what}`
  return [
    atMost(`${name}, p50`, round(quantile(times, 0.5)), 20, 'ms'),
    atMost(`${name}, p99`, round(quantile(times, 0.99)), 60, 'ms'),
    reference(`${name}, p95`, round(quantile(times, 0.95)), 'ms')
  ]
}
