import { setTimeout } from 'node:timers/promises'
import { SERVICES } from '@clarion-lb/k8s-watch'
import { Ears } from '../ears.ts'
import { INSIDE, NODE } from '../node.ts'
import { atMost, type Figure, quantile, reference, round } from '../result.ts'
import { SAMPLE_POOL, type Stage, serviceOf } from './stage.ts'

const SAMPLES = 80
/** Events and statuses of the last one are written by then: people make Services one by one. */
const PAUSE_MS = 100
/** The first ones warm up whoever runs. */
const DISCARDED = 5

/** From the request that creates a Service to its first gratuitous ARP: MetalLB's controller and speaker, then ours. */
export async function measureAnnouncements(stage: Stage): Promise<readonly Figure[]> {
  const ears = new Ears()
  ears.start()
  try {
    await stage.createNode(NODE.name, NODE.address)
    await stage.metallb.startController()
    await stage.metallb.startSpeaker()
    const peer = await sample(stage, ears, 'metallb')
    await stage.metallb.stop()
    const controller = await stage.clarion.startController()
    const speaker = await stage.clarion.startSpeaker(NODE.name, { prefix: INSIDE })
    await Promise.all([controller.waitForLog('leading'), speaker.waitForLog('announcing')])
    const ours = await sample(stage, ears, 'clarion')
    await Promise.all([controller.stop(), speaker.stop()])
    return [0.5, 0.95].flatMap((q) => {
      const percent = `p${q * 100}`
      const limit = round(quantile(peer, q))
      return [
        reference(`Service created → first gratuitous ARP, MetalLB, ${percent}`, limit, 'ms'),
        atMost(`Service created → first gratuitous ARP, ${percent}`, round(quantile(ours, q)), limit, 'ms')
      ]
    })
  } finally {
    await ears.stop()
  }
}

async function sample(stage: Stage, ears: Ears, prefix: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < SAMPLES + DISCARDED; i += 1) {
    const name = `${prefix}-${i}`
    await stage.createEndpoints(name)
    await setTimeout(PAUSE_MS)
    const heard = ears.next()
    const startedAt = performance.now()
    await stage.client.create(SERVICES, serviceOf(name, { 'metallb.io/address-pool': SAMPLE_POOL }))
    times.push((await heard) - startedAt)
  }
  return times.slice(DISCARDED)
}
