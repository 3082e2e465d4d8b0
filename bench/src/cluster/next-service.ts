import { setTimeout } from 'node:timers/promises'
import { SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import type { AddressWatch } from '../address-watch.ts'
import { quantile } from '../result.ts'
import { assignment, type PlainClient } from './plain-client.ts'
import { type Stage, serviceOf } from './stage.ts'

const SAMPLES = 40
/** Between samples: events and statuses of the last one are written by then. */
const PAUSE_MS = 100
/** Nobody gives addresses to Services of this class. */
const NOBODY = 'clarion.example/nobody'

/** How long a new Service waits, milliseconds, each the median. */
export interface Waits {
  /** Until somebody who watches sees its address. */
  readonly ms: number
  /** Of these, until its creation is answered. */
  readonly createMs: number
}

export interface NextServiceWaits {
  readonly undisturbed: Waits
  /** Right after another one was deleted. */
  readonly disturbed: Waits
  /** By a client that decides nothing, and writes the address as soon as it sees the Service. */
  readonly plain: Waits
}

interface World {
  readonly stage: Pick<Stage, 'client'>
  readonly watch: AddressWatch
  readonly plain: PlainClient
}

/**
 * Makes Services one by one while the controller runs: a machine that is slower for a while is so for all three.
 *
 * @param deletable name of a Service that is there, and other for each index
 */
export async function measureNextServices(
  world: World,
  deletable: (index: number) => string
): Promise<NextServiceWaits> {
  const undisturbed: Waits[] = []
  const disturbed: Waits[] = []
  const plain: Waits[] = []
  for (let i = 0; i < SAMPLES; i += 1) {
    await setTimeout(PAUSE_MS)
    undisturbed.push(await sample(world, serviceOf(`undisturbed-${i}`)))
    await setTimeout(PAUSE_MS)
    await world.stage.client.delete(SERVICES, { namespace: 'default', name: deletable(i) })
    disturbed.push(await sample(world, serviceOf(`disturbed-${i}`)))
    await setTimeout(PAUSE_MS)
    plain.push(await samplePlain(world, i))
  }
  return { undisturbed: medianOf(undisturbed), disturbed: medianOf(disturbed), plain: medianOf(plain) }
}

async function sample({ stage, watch }: World, service: V1Service): Promise<Waits> {
  const startedAt = performance.now()
  const assigned = watch.waitForAddress(service.metadata?.name ?? '')
  await stage.client.create(SERVICES, service)
  const createMs = performance.now() - startedAt
  await assigned
  return { ms: performance.now() - startedAt, createMs }
}

async function samplePlain(world: World, index: number): Promise<Waits> {
  const name = `plain-${index}`
  const { spec, ...rest } = serviceOf(name)
  const patched = world.watch
    .waitForService(name)
    .then(async () => world.plain.patch(name, assignment(index)))
  const waits = await sample(world, { ...rest, spec: { ...spec, loadBalancerClass: NOBODY } })
  await patched
  return waits
}

function medianOf(waits: readonly Waits[]): Waits {
  const median = (values: readonly number[]): number => quantile(values, 0.5)
  return { ms: median(waits.map(({ ms }) => ms)), createMs: median(waits.map(({ createMs }) => createMs)) }
}
