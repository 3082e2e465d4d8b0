import { setTimeout } from 'node:timers/promises'
import { type LabProcess, Segment } from '@clarion-lb/lab'
import { type AuditedRequest, readAuditLog } from '@clarion-lb/lab/kubernetes'
import { L2_STATUSES, NAMESPACE } from '../api-server.ts'
import { inParallel } from '../in-parallel.ts'
import { HOST } from '../node.ts'
import { costOf } from '../process-cost.ts'
import { atMost, type BenchResult, type Figure, reference, round } from '../result.ts'
import { Stage } from './stage.ts'

const SERVICE_COUNT = 1000
const MINUTES = 2
const NODE_NAMES = ['node-1', 'node-2', 'node-3']
/** Where the controllers run: two in one place would want one port. */
const REPLICA_NAMES = ['replica-1', 'replica-2']
/** What came with the last Service is over by then. */
const SETTLE_MS = 15_000
const TIMEOUT_MS = 300_000
const POLL_MS = 500
const OURS = `system:serviceaccount:${NAMESPACE}:`
const MINUTES_AN_HOUR = 60
/** Who asks when nothing happens asks for these alone. */
const QUIET: readonly ((request: AuditedRequest) => boolean)[] = [
  ({ resource }) => resource === 'leases',
  ({ verb }) => verb === 'watch'
]

/**
 * Two controllers and three speakers with many Services, on a real API server: what they ask of it while nothing happens,
 * by its audit log, and their memory.
 */
export async function benchRest({
  services = SERVICE_COUNT,
  minutes = MINUTES
}: {
  readonly services?: number
  readonly minutes?: number
}): Promise<BenchResult> {
  const segment = new Segment()
  const stage = await Stage.create({ hasAuditLog: true }, segmentOf(segment))
  try {
    for (const [i, name] of NODE_NAMES.entries()) await stage.createNode(name, addressOf(i))
    const controllers: LabProcess[] = []
    for (const name of REPLICA_NAMES)
      controllers.push(await stage.clarion.startController({ prefix: segment.enter(name) }))
    const speakers: LabProcess[] = []
    for (const name of NODE_NAMES)
      speakers.push(await stage.clarion.startSpeaker(name, { prefix: segment.enter(name), env: MEMBERLIST }))
    await inParallel(services, 16, async (i) =>
      stage.createEndpoints(serviceName(i), NODE_NAMES[i % NODE_NAMES.length])
    )
    await stage.createServices(services, serviceName)
    await waitForStatuses(stage, services)
    await setTimeout(SETTLE_MS)
    const sinceMs = Date.now()
    await setTimeout(minutes * 60_000)
    const requests = await readAuditLog(stage.controlPlane.auditLogFile, sinceMs)
    const ours = requests.filter(({ user }) => user.startsWith(OURS))
    return {
      bench: 'rest',
      figures: [
        ...requestFigures(ours, minutes, services),
        ...(await sizeFigures(stage)),
        ...(await memoryFigures('controller', controllers)),
        ...(await memoryFigures('speaker', speakers))
      ]
    }
  } finally {
    await stage.stop()
  }
}

/** What the manifest gives the speakers. */
const MEMBERLIST = { METALLB_ML_BIND_ADDR: '0.0.0.0', METALLB_ML_LABELS: 'app=metallb,component=speaker' }

function segmentOf(segment: Segment): { plug(): Promise<void>; unplug(): Promise<void> } {
  return {
    plug: async () => {
      await segment.start([`${HOST}/24`])
      for (const [i, name] of [...NODE_NAMES, ...REPLICA_NAMES].entries())
        await segment.addHost({ name, addresses: [`${addressOf(i)}/24`] })
    },
    unplug: async () => segment.stop()
  }
}

/** Each Service has an address, and a node that says so. */
async function waitForStatuses(stage: Stage, count: number): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const { items } = await stage.client.list(L2_STATUSES, { namespace: NAMESPACE })
    if (items.length >= count) return
    if (performance.now() > deadline)
      throw new Error(`only ${items.length} of ${count} Services are announced`)
    await setTimeout(POLL_MS)
  }
}

function requestFigures(
  requests: readonly AuditedRequest[],
  minutes: number,
  services: number
): readonly Figure[] {
  const hourly = (matching: readonly AuditedRequest[]): number =>
    round((matching.length * MINUTES_AN_HOUR) / minutes)
  const kinds = Map.groupBy(requests, ({ verb, resource }) => `${verb} ${resource}`)
  const others = requests.filter((request) => !QUIET.some((isQuiet) => isQuiet(request)))
  const where = `at rest, ${services} Services, ${NODE_NAMES.length} nodes`
  return [
    ...[...kinds].map(([kind, matching]) => reference(`${where}: ${kind}`, hourly(matching), '/h')),
    reference(`${where}: all requests`, hourly(requests), '/h'),
    atMost(`${where}: requests that are neither of Leases nor watches`, hourly(others), 0, '/h')
  ]
}

/** What each watcher is sent when one of them changes. */
async function sizeFigures({ controlPlane }: Stage): Promise<readonly Figure[]> {
  const paths = {
    Service: `/api/v1/namespaces/default/services/${serviceName(0)}`,
    EndpointSlice: `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${serviceName(0)}`,
    Lease: `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/clarion-controller`
  }
  const figures: Figure[] = []
  for (const [kind, path] of Object.entries(paths)) {
    const { body } = await controlPlane.ask({ path })
    figures.push(
      reference(`size of a ${kind} as it is sent`, Buffer.byteLength(JSON.stringify(body)), 'octets')
    )
  }
  return figures
}

async function memoryFigures(what: string, processes: readonly LabProcess[]): Promise<readonly Figure[]> {
  const costs = await Promise.all(processes.map(async ({ pid = 0 }) => costOf(pid)))
  const peak = Math.max(...costs.map(({ peakMiB }) => peakMiB))
  return [reference(`most resident memory of a ${what}`, round(peak), 'MiB')]
}

function addressOf(index: number): string {
  return `192.168.77.${11 + index}`
}

function serviceName(index: number): string {
  return `service-${index}`
}
