import { l2Advertisement, pool } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { putService, SpeakerBench, startCluster } from '../test/speaker-bench.ts'

describe('the start', () => {
  test('waits for an API server that refuses, and then announces', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    cluster.sim.faults.add({
      match: { verbs: ['list'] },
      action: { type: 'status', code: 500 },
      times: 4
    })
    const { plane } = await SpeakerBench.start(cluster)
    expect(plane.wanted).toEqual(['192.0.2.1'])
  })

  test('without pools nothing is announced, until there are', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    cluster.remove(pool('main', []))
    const { plane } = await SpeakerBench.start(cluster)
    expect(plane.wanted).toEqual([])
    cluster.put(pool('main', ['192.0.2.0/24']))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1']))
  })

  test('a CustomResourceDefinition that is deleted takes no announcement along', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const { plane } = await SpeakerBench.start(cluster)
    cluster.removeCrd('l2advertisements.metallb.io')
    await cluster.eventually(() => expect(cluster.logs('configuration is not available')).toHaveLength(1))
    cluster.putCrd('l2advertisements.metallb.io')
    cluster.put(l2Advertisement('again'))
    await cluster.eventually(() => expect(cluster.logs('configuration is followed')).toHaveLength(1))
    expect(plane.wanted).toEqual(['192.0.2.1'])
    expect(plane.changes).toHaveLength(1)
  })
})
