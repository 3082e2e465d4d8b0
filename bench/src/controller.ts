import { SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import type { LabProcess } from '@clarion-lb/lab'
import { AddressWatch } from './address-watch.ts'
import { type ApiServer, NAMESPACE, POOLS, startApiServer } from './api-server.ts'
import { createController } from './binaries.ts'
import { inParallel } from './in-parallel.ts'
import { costOf } from './process-cost.ts'
import { atMost, type BenchResult, type Figure, quantile, reference, round } from './result.ts'

const SERVICE_COUNT = 10_000
const SAMPLES = 40
const CREATE_CONCURRENCY = 32
const STATUS_WRITES = { verbs: ['update', 'patch'], resource: 'services', subresource: 'status' }
const POOL_WRITES = { verbs: ['update', 'patch'], resource: 'ipaddresspools', subresource: 'status' }

/** Writes, time and cost of the controller with many Services; the API server is kube-sim in another process. */
export async function benchController(): Promise<BenchResult> {
  const server = await startApiServer()
  const watch = new AddressWatch(server.client)
  let controller = createController(server)
  const counters = {
    writes: await server.countRequests(STATUS_WRITES),
    poolWrites: await server.countRequests(POOL_WRITES)
  }
  const world = { server, watch, writes: counters.writes }
  try {
    await watch.start()
    await server.client.create(POOLS, {
      metadata: { name: 'all', namespace: NAMESPACE },
      spec: { addresses: ['10.0.0.0/16'] }
    })
    await inParallel(SERVICE_COUNT, CREATE_CONCURRENCY, async (i) => {
      await server.client.create(SERVICES, serviceOf(serviceName(i)))
    })
    const first = await measureFirst(watch, controller, counters)
    const undisturbed = await measureNext(world, 'undisturbed', false)
    const disturbed = await measureNext(world, 'disturbed', true)
    await controller.stop()
    controller = createController(server)
    const restart = await measureRestart(world, controller)
    const ratio = disturbed.ms / undisturbed.ms
    return {
      bench: 'controller',
      figures: [
        ...first,
        reference('next new Service, undisturbed, p50', round(undisturbed.ms), 'ms'),
        reference('next new Service right after one was deleted, p50', round(disturbed.ms), 'ms'),
        atMost(
          'after one of 10000 was deleted: next new Service, ratio to undisturbed',
          round(ratio),
          2,
          '×'
        ),
        atMost(
          'after one of 10000 was deleted: writes for other Services',
          disturbed.extraWrites,
          0,
          'writes'
        ),
        ...restart
      ]
    }
  } finally {
    await controller.stop()
    await watch.stop()
    await server.stop()
  }
}

type Count = () => Promise<number>

interface World {
  readonly server: ApiServer
  readonly watch: AddressWatch
  /** Status writes until now. */
  readonly writes: Count
}

async function measureFirst(
  watch: AddressWatch,
  controller: LabProcess,
  { writes, poolWrites }: { readonly writes: Count; readonly poolWrites: Count }
): Promise<readonly Figure[]> {
  const startedAt = performance.now()
  controller.start()
  await watch.waitForAddresses(SERVICE_COUNT)
  const elapsedS = (performance.now() - startedAt) / 1000
  const { cpuS, peakMiB } = await costOf(controller.pid ?? 0)
  return [
    reference(`${SERVICE_COUNT} waiting Services: all have an address after`, round(elapsedS), 's'),
    atMost(
      `${SERVICE_COUNT} waiting Services: status writes each`,
      (await writes()) / SERVICE_COUNT,
      1,
      'writes'
    ),
    atMost('pool status writes a second', round((await poolWrites()) / elapsedS), 1, 'writes/s'),
    atMost(`${SERVICE_COUNT} waiting Services: CPU of the controller`, round(cpuS), 8, 's'),
    atMost('peak memory of the controller', round(peakMiB), 200, 'MiB')
  ]
}

/** How long a new Service waits for its address, and how many writes there were besides. */
async function measureNext(
  { server, watch, writes }: World,
  name: string,
  isDisturbed: boolean
): Promise<{ readonly ms: number; readonly extraWrites: number }> {
  const before = await writes()
  const times: number[] = []
  for (let i = 0; i < SAMPLES; i += 1) {
    if (isDisturbed) await server.client.delete(SERVICES, { namespace: 'default', name: serviceName(i) })
    const startedAt = performance.now()
    const assigned = watch.waitForAddress(`${name}-${i}`)
    await server.client.create(SERVICES, serviceOf(`${name}-${i}`))
    await assigned
    times.push(performance.now() - startedAt)
  }
  return { ms: quantile(times, 0.5), extraWrites: (await writes()) - before - SAMPLES }
}

async function measureRestart(
  { server, watch, writes }: World,
  controller: LabProcess
): Promise<readonly Figure[]> {
  const before = await writes()
  const startedAt = performance.now()
  controller.start()
  await controller.waitForLog('leading')
  const readyMs = performance.now() - startedAt
  // Once a newcomer has its address, all that came before it were looked at.
  const assigned = watch.waitForAddress('newcomer')
  await server.client.create(SERVICES, serviceOf('newcomer'))
  await assigned
  return [
    atMost(`restart with ${SERVICE_COUNT} assigned Services: ready after`, round(readyMs / 1000), 3, 's'),
    atMost(
      `restart with ${SERVICE_COUNT} assigned Services: Service writes`,
      (await writes()) - before - 1,
      0,
      'writes'
    )
  ]
}

function serviceName(number: number): string {
  return `service-${number}`
}

function serviceOf(name: string): V1Service {
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }]
    }
  }
}
