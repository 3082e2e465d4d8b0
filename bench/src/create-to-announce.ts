import { setTimeout as sleep } from 'node:timers/promises'
import {
  ENDPOINT_SLICES,
  type KubeClient,
  LeaseHeartbeat,
  NODES,
  SERVICES,
  type V1Service
} from '@clarion-lb/k8s-watch'
import {
  type ApiServer,
  L2_ADVERTISEMENTS,
  L2_STATUSES,
  NAMESPACE,
  POOLS,
  startApiServer
} from './api-server.ts'
import { createController, createSpeaker } from './binaries.ts'
import { Ears } from './ears.ts'
import { inParallel } from './in-parallel.ts'
import { HOST, INSIDE, NODE, plugNode, unplugNode } from './node.ts'
import { costOf } from './process-cost.ts'
import { atMost, type BenchResult, type Figure, quantile, reference } from './result.ts'

const SAMPLES = 300
const OTHERS = 5000
/** Nodes that are alive and announce their share of the others. */
const OTHER_NODES = ['far-node-1', 'far-node-2']
const SAMPLE_POOL = 'samples'
const TIMEOUT_MS = 30_000
/** Without a status more, all are written. */
const REST_MS = 2000

/**
 * From the request that creates a Service to its first gratuitous ARP on the wire: API server, controller and speaker are
 * processes of their own, the speaker in a network namespace, its frames seen at the other end of its cable. It is one of
 * three nodes: the other two are there as far as the API tells.
 */
export async function benchCreateToAnnounce(): Promise<BenchResult> {
  await plugNode()
  const server = await startApiServer(HOST)
  const controller = createController(server)
  const speaker = createSpeaker(server, NODE.name, INSIDE)
  const ears = new Ears()
  const heartbeats = OTHER_NODES.map((name) => createHeartbeat(server, name))
  try {
    await prepareCluster(server)
    for (const heartbeat of heartbeats) heartbeat.start()
    ears.start()
    controller.start()
    speaker.start()
    await Promise.all([controller.waitForLog('leading'), speaker.waitForLog('announcing')])
    const alone = await measure(server, ears, 'alone')
    await createOthers(server)
    const crowded = await measure(server, ears, 'crowded')
    const { peakMiB } = await costOf(speaker.pid ?? 0)
    return {
      bench: 'create-to-announce',
      figures: [
        ...figuresOf('no other Services', alone),
        ...figuresOf(`${OTHERS} other Services on three nodes`, crowded),
        atMost(
          `peak memory of the speaker with ${OTHERS} Services on three nodes`,
          Math.round(peakMiB),
          120,
          'MiB'
        )
      ]
    }
  } finally {
    await ears.stop()
    await Promise.all(heartbeats.map((heartbeat) => heartbeat.stop()))
    await Promise.all([controller.stop(), speaker.stop()])
    await server.stop()
    await unplugNode()
  }
}

async function prepareCluster({ client }: ApiServer): Promise<void> {
  for (const name of [NODE.name, ...OTHER_NODES])
    await client.create(NODES, { metadata: { name, labels: { name } } })
  const pool = (name: string, addresses: readonly string[], autoAssign: boolean): Promise<unknown> =>
    client.create(POOLS, { metadata: { name, namespace: NAMESPACE }, spec: { addresses, autoAssign } })
  await pool(SAMPLE_POOL, ['10.77.0.0/22'], false)
  await pool('others', ['10.78.0.0/16'], true)
  const advertise = (name: string, spec: object): Promise<unknown> =>
    client.create(L2_ADVERTISEMENTS, { metadata: { name, namespace: NAMESPACE }, spec })
  await advertise('here', {
    ipAddressPools: [SAMPLE_POOL],
    nodeSelectors: [{ matchLabels: { name: NODE.name } }]
  })
  await advertise('everywhere', { ipAddressPools: ['others'] })
}

/** What the speaker of another node would do. */
function createHeartbeat({ client }: ApiServer, node: string): LeaseHeartbeat {
  return new LeaseHeartbeat({
    client,
    lease: { namespace: NAMESPACE, name: `clarion-speaker-${node}` },
    identity: node,
    labels: { 'clarion.io/component': 'speaker' },
    durationMs: 4000,
    intervalMs: 1000
  })
}

async function measure(server: ApiServer, ears: Ears, prefix: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < SAMPLES; i += 1) {
    const name = `${prefix}-${i}`
    await createEndpoints(server.client, name)
    const heard = ears.next()
    const startedAt = performance.now()
    await server.client.create(SERVICES, serviceOf(name, { 'metallb.io/address-pool': SAMPLE_POOL }))
    times.push((await heard) - startedAt)
  }
  return times
}

async function createOthers(server: ApiServer): Promise<void> {
  await inParallel(OTHERS, 32, async (i) => {
    await createEndpoints(server.client, `other-${i}`)
    await server.client.create(SERVICES, serviceOf(`other-${i}`))
  })
  await waitForAddresses(server)
  await waitForStatuses(server)
}

/** Until the speaker has told of all that it announces: what is measured is one Service that comes to many, not a burst. */
async function waitForStatuses({ client }: ApiServer): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS * 4
  for (let before = -1, told = 0; told === 0 || told !== before; ) {
    if (performance.now() > deadline) throw new Error('the speaker did not tell in time what it announces')
    await sleep(REST_MS)
    before = told
    const { items } = await client.list(L2_STATUSES, { namespace: NAMESPACE })
    told = items.filter(({ status }) => status !== undefined).length
  }
}

/** Until every Service has an address, as the API tells. */
async function waitForAddresses({ client }: ApiServer): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS * 4
  for (;;) {
    const { items } = await client.list(SERVICES, { namespace: 'default' })
    if (items.every(({ status }) => (status?.loadBalancer?.ingress ?? []).length > 0)) return
    if (performance.now() > deadline)
      throw new Error('the other Services did not get their addresses in time')
  }
}

async function createEndpoints(client: KubeClient, service: string): Promise<void> {
  await client.create(ENDPOINT_SLICES, {
    metadata: { name: service, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.1'], nodeName: NODE.name, conditions: { ready: true } }],
    ports: [{ port: 8080, protocol: 'TCP' }]
  })
}

function serviceOf(name: string, annotations: Readonly<Record<string, string>> = {}): V1Service {
  return {
    metadata: { name, namespace: 'default', annotations },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }]
    }
  }
}

function figuresOf(what: string, times: readonly number[]): readonly Figure[] {
  const ms = (q: number): number => Math.round(quantile(times, q) * 100) / 100
  return [
    atMost(`Service created → first gratuitous ARP, ${what}, p50`, ms(0.5), 12, 'ms'),
    atMost(`Service created → first gratuitous ARP, ${what}, p99`, ms(0.99), 50, 'ms'),
    reference(`Service created → first gratuitous ARP, ${what}, p95`, ms(0.95), 'ms')
  ]
}
