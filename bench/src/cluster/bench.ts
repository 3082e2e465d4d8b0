import { setTimeout } from 'node:timers/promises'
import { SERVICES } from '@clarion-lb/k8s-watch'
import { AddressWatch } from '../address-watch.ts'
import { atLeast, atMost, type BenchResult, type Figure, reference, round } from '../result.ts'
import { measureAnnouncements } from './announce.ts'
import { measureNextServices, type NextServiceWaits } from './next-service.ts'
import { assignment, clearing, PlainClient } from './plain-client.ts'
import { countServiceWrites } from './request-counts.ts'
import { Stage, serviceOf } from './stage.ts'

/** As many as the controller has writes under way. */
const CONNECTIONS = 16
const SERVICE_COUNT = 10_000
/** A tenth more than waited at first. */
const MORE = 0.1
/** MetalLB would take minutes for all. */
const PEER_TIME_MS = 20_000

/**
 * On a real API server, in one run: a client that only writes, MetalLB's controller, and ours.
 *
 * @param options.services how many Services wait, for a smaller run
 * @param options.bitmap whether the API server chooses addresses of Services as up to Kubernetes 1.32
 */
export async function benchCluster({
  services = SERVICE_COUNT,
  bitmap = false
}: {
  readonly services?: number
  readonly bitmap?: boolean
}): Promise<BenchResult> {
  const stage = await Stage.create({ hasClusterIpBitmap: bitmap })
  const watch = new AddressWatch(stage.client)
  const plain = new PlainClient(stage.controlPlane, CONNECTIONS)
  try {
    say('the API server is ready: Services are announced, by MetalLB and by us')
    const announcements = await measureAnnouncements(stage)
    await watch.start()
    await watch.waitForAddresses(1)
    const world: World = { stage, watch, plain, services, others: watch.count }
    const waiting = await measureWaiting(world)
    const later = await measureLater(world)
    return { bench: 'cluster', figures: [...waiting, ...later, ...announcements] }
  } finally {
    plain.close()
    await watch.stop()
    await stage.stop()
  }
}

const startedAtMs = performance.now()

/** What it is about now: the whole takes minutes. */
function say(text: string): void {
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  process.stderr.write(`${seconds.padStart(6)} s  ${text}\n`)
}

interface World {
  readonly stage: Stage
  readonly watch: AddressWatch
  readonly plain: PlainClient
  readonly services: number
  /** Services that had an address before. */
  readonly others: number
}

async function measureWaiting({ stage, watch, plain, services, others }: World): Promise<readonly Figure[]> {
  say(`${services} Services are created`)
  await stage.createServices(services, nameOf)
  say('MetalLB gives out addresses')
  const peer = await ratePeer({ stage, watch, services, others })
  say('the plain client writes addresses')
  const limit = await plain.patchAll(services, nameOf, assignment)
  await watch.waitForCount(others + services)
  say('they are taken back')
  await plain.patchAll(services, nameOf, clearing)
  await watch.waitForCount(others)
  say('we give out addresses')
  const controller = await stage.clarion.startController()
  await watch.waitForAddresses(others + 1)
  const startedAt = performance.now()
  await watch.waitForAddresses(others + services)
  const ours = (services - 1) / ((performance.now() - startedAt) / 1000)
  say(`a second: ${round(peer)} by MetalLB, ${round(limit)} by the plain client, ${round(ours)} by us`)
  await controller.stop()
  return [
    reference(
      `${services} waiting Services: writes of a plain client, ${CONNECTIONS} connections`,
      round(limit),
      '/s'
    ),
    reference(`${services} waiting Services: MetalLB`, round(peer), '/s'),
    reference(`${services} waiting Services: addresses given out`, round(ours), '/s'),
    atLeast(
      `${services} waiting Services: share of the plain client's rate`,
      round((ours / limit) * 100),
      85,
      '%'
    )
  ]
}

async function ratePeer({ stage, watch, services, others }: Omit<World, 'plain'>): Promise<number> {
  await stage.metallb.startController()
  await watch.waitForAddresses(others + 1)
  const startedAt = performance.now()
  await Promise.race([watch.waitForAddresses(others + services), setTimeout(PEER_TIME_MS)])
  const rate = (watch.count - others - 1) / ((performance.now() - startedAt) / 1000)
  await stage.metallb.stop()
  return rate
}

async function measureLater({ stage, watch, plain, services, others }: World): Promise<readonly Figure[]> {
  const total = services + Math.round(services * MORE)
  say(`${total - services} more are created`)
  let controller = await stage.clarion.startController()
  await controller.waitForLog('leading')
  await stage.createServices(total - services, (i) => nameOf(services + i))
  await watch.waitForAddresses(others + total)
  say('new Services, one by one')
  const next = await measureNextServices({ stage, watch, plain }, nameOf)
  say('the controller is started again')
  await controller.stop()
  const before = await countServiceWrites(stage.controlPlane)
  const startedAt = performance.now()
  controller = await stage.clarion.startController()
  await controller.waitForLog('leading')
  const readyS = (performance.now() - startedAt) / 1000
  // Once a newcomer has its address, all that came before it were looked at.
  const assigned = watch.waitForAddress('newcomer')
  await stage.client.create(SERVICES, serviceOf('newcomer'))
  await assigned
  const writes = (await countServiceWrites(stage.controlPlane)) - before - 1
  await controller.stop()
  return [
    atMost(`restart with ${total} assigned Services: Service writes`, writes, 0, 'writes'),
    atMost(`restart with ${total} assigned Services: ready after`, round(readyS), 5, 's'),
    ...nextFigures(next, total)
  ]
}

function nextFigures({ undisturbed, disturbed, plain }: NextServiceWaits, total: number): readonly Figure[] {
  const next = `next new Service among ${total}`
  const answered = 'of these, until the API server has answered that it is created'
  return [
    reference(`${next}: by a client that writes what it sees, p50`, round(plain.ms), 'ms'),
    reference(answered, round(plain.createMs), 'ms'),
    reference(`${next}, undisturbed, p50`, round(undisturbed.ms), 'ms'),
    reference(answered, round(undisturbed.createMs), 'ms'),
    atMost(`${next}, right after one was deleted, p50`, round(disturbed.ms), 20, 'ms'),
    atMost('the same, ratio to undisturbed', round(disturbed.ms / undisturbed.ms), 2, '×')
  ]
}

function nameOf(index: number): string {
  return `service-${index}`
}
