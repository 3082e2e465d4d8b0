import {
  endpointSlice,
  l2Advertisement,
  node,
  pool,
  service,
  serviceRef,
  type TestCluster
} from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import type { FakePlane } from '../test/fake-plane.ts'
import { addressWonBy, putService, SpeakerBench, setAddress, startCluster } from '../test/speaker-bench.ts'

/** Speaker of n1 in a cluster of one node, where Service `web` has 192.0.2.1. */
async function startOne(): Promise<{ cluster: TestCluster; speaker: SpeakerBench; plane: FakePlane }> {
  const cluster = await startCluster('n1')
  putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
  const speaker = await SpeakerBench.start(cluster)
  await cluster.eventually(() => expect(speaker.plane.wanted).toEqual(['192.0.2.1']))
  return { cluster, speaker, plane: speaker.plane }
}

describe('Services', () => {
  test('nothing is announced before all is known, and then all at once', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n1'] })
    const { plane } = await SpeakerBench.start(cluster)
    expect(plane.wanted).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(plane.changes).toHaveLength(1)
  })

  test('addresses follow the status of their Service', async () => {
    const { cluster, plane } = await startOne()
    setAddress(cluster, 'web', '192.0.2.7')
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.7']))
    setAddress(cluster, 'web')
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
    cluster.put(pool('main', ['192.0.2.0/24', '2001:db8:1::/64']))
    setAddress(cluster, 'web', '192.0.2.7', '2001:db8:1::7')
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.7', '2001:db8:1::7']))
  })

  test('one that is deleted, or is of another type or class, is announced no more', async () => {
    const { cluster, plane } = await startOne()
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n1'] })
    const spec = { loadBalancerClass: 'example.com/other' }
    putService(cluster, 'theirs', { address: '192.0.2.3', nodes: ['n1'], spec })
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1', '192.0.2.2']))
    cluster.put(service('web', { type: 'ClusterIP' }))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.2']))
    cluster.remove(serviceRef('b'))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
  })

  test('an address that two share is answered for until the last of them is gone', async () => {
    const { cluster, plane } = await startOne()
    const metadata = { annotations: { 'metallb.io/allow-shared-ip': 'key' } }
    putService(cluster, 'b', { address: '192.0.2.1', nodes: ['n1'], metadata })
    await cluster.eventually(() => expect(cluster.events('b')).toEqual(['nodeAssigned 1']))
    cluster.remove(serviceRef('web'))
    putService(cluster, 'c', { address: '192.0.2.3', nodes: ['n1'] })
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1', '192.0.2.3']))
    cluster.remove(serviceRef('b'))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.3']))
  })

  test('an address that is in no pool is not announced, and is when the pool comes', async () => {
    const { cluster, plane } = await startOne()
    putService(cluster, 'far', { address: '198.51.100.1', nodes: ['n1'] })
    putService(cluster, 'near', { address: '192.0.2.2', nodes: ['n1'] })
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1', '192.0.2.2']))
    cluster.put(pool('far', ['198.51.100.0/24']))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1', '192.0.2.2', '198.51.100.1']))
  })
})

describe('endpoints', () => {
  test('without a ready one nothing is announced', async () => {
    const { cluster, plane } = await startOne()
    cluster.put({ ...endpointSlice('web', []), endpoints: [unready('n1')] })
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
    cluster.put(endpointSlice('web', ['n2']))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1']))
    cluster.remove(endpointSlice('web', []))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
  })

  test('with externalTrafficPolicy Local only their nodes announce', async () => {
    const cluster = await startCluster('n1', 'n2')
    const address = addressWonBy('n1', 'n2')
    putService(cluster, 'web', { address, nodes: ['n2'], spec: { externalTrafficPolicy: 'Local' } })
    const [one, two] = [await SpeakerBench.start(cluster, 'n1'), await SpeakerBench.start(cluster, 'n2')]
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], [address]]))
    cluster.put(endpointSlice('web', ['n1', 'n2']))
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[address], []]))
  })

  test('a slice that changes its Service counts for the new one only', async () => {
    const { cluster, plane } = await startOne()
    cluster.put(service('other'))
    setAddress(cluster, 'other', '192.0.2.9')
    const slice = endpointSlice('web', ['n1'])
    cluster.put({
      ...slice,
      metadata: { ...slice.metadata, labels: { 'kubernetes.io/service-name': 'other' } }
    })
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.9']))
  })
})

describe('nodes', () => {
  test('of two nodes one announces each address', async () => {
    const cluster = await startCluster('n1', 'n2')
    const [first, second] = [addressWonBy('n1', 'n2'), addressWonBy('n2', 'n1')]
    putService(cluster, 'a', { address: first, nodes: ['n1'] })
    putService(cluster, 'b', { address: second, nodes: ['n1'] })
    const [one, two] = [await SpeakerBench.start(cluster, 'n1'), await SpeakerBench.start(cluster, 'n2')]
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[first], [second]]))
  })

  test('one with the label that excludes it announces nothing, unless the label is ignored', async () => {
    const cluster = await startCluster('n1', 'n2')
    const address = addressWonBy('n1', 'n2')
    putService(cluster, 'web', { address, nodes: ['n1'] })
    const [one, two] = [await SpeakerBench.start(cluster, 'n1'), await SpeakerBench.start(cluster, 'n2')]
    const deaf = await SpeakerBench.start(cluster, 'n1', ['--ignore-exclude-lb'])
    expect(deaf.plane.wanted).toEqual([address])
    cluster.put(node('n1', { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }))
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], [address]]))
    cluster.put(node('n1'))
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[address], []]))
    expect(deaf.plane.changes).toHaveLength(1)
  })

  test('one whose network is unavailable announces nothing until it is available', async () => {
    const cluster = await startCluster('n1', 'n2')
    const address = addressWonBy('n1', 'n2')
    putService(cluster, 'web', { address, nodes: ['n1'] })
    const [one, two] = [await SpeakerBench.start(cluster, 'n1'), await SpeakerBench.start(cluster, 'n2')]
    const setCondition = (status: string): void => {
      const conditions = [{ type: 'NetworkUnavailable', status }]
      cluster.change(node('n1'), (current) => ({ ...current, status: { conditions } }), 'status')
    }
    setCondition('True')
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], [address]]))
    setCondition('False')
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[address], []]))
  })

  test('one that is deleted is no candidate any more', async () => {
    const cluster = await startCluster('n1', 'n2')
    const address = addressWonBy('n2', 'n1')
    putService(cluster, 'web', { address, nodes: ['n1'] })
    const { plane } = await SpeakerBench.start(cluster, 'n1')
    expect(plane.wanted).toEqual([])
    cluster.remove(node('n2'))
    await cluster.eventually(() => expect(plane.wanted).toEqual([address]))
  })
})

describe('L2Advertisements', () => {
  test('without one nothing is announced', async () => {
    const { cluster, plane } = await startOne()
    cluster.remove(l2Advertisement('all'))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
    cluster.put(l2Advertisement('again', { ipAddressPools: ['main'] }))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1']))
    cluster.put(l2Advertisement('again', { ipAddressPools: ['other'] }))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
  })

  test('its node selectors follow the labels of nodes', async () => {
    const { cluster, plane } = await startOne()
    cluster.put(l2Advertisement('all', { nodeSelectors: [{ matchLabels: { rack: 'a' } }] }))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
    cluster.put(node('n1', { rack: 'a' }))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1']))
  })

  test('its interfaces are those that the address is announced on', async () => {
    const { cluster, plane } = await startOne()
    cluster.put(l2Advertisement('all', { interfaces: ['eth1', 'eth0'] }))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1 on eth0,eth1']))
    cluster.put(l2Advertisement('all'))
    await cluster.eventually(() => expect(plane.wanted).toEqual(['192.0.2.1']))
  })
})

function unready(nodeName: string): { nodeName: string; addresses: string[]; conditions: { ready: false } } {
  return { nodeName, addresses: ['10.244.0.1'], conditions: { ready: false } }
}
