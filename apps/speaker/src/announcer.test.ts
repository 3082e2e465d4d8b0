import { endpointSlice, l2Advertisement, node, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import type { FakePlane } from '../test/fake-plane.ts'
import { addressWonBy, putService, SpeakerBench, setAddress, startCluster } from '../test/speaker-bench.ts'
import type { PlaneEvent } from './plane/messages.ts'
import { METRICS } from './tokens.ts'

function interfaces(...names: readonly string[]): PlaneEvent {
  return {
    type: 'interfaces',
    interfaces: names.map((name) => ({ name, unfitBecause: undefined, hasCarrier: true }))
  }
}

/** Speaker of n1, where Service `web` has 192.0.2.1 and there is an interface eth0. */
async function startOne(): Promise<{ cluster: TestCluster; speaker: SpeakerBench; plane: FakePlane }> {
  const cluster = await startCluster('n1')
  putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
  const speaker = await SpeakerBench.start(cluster)
  speaker.tell(interfaces('eth0'))
  await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 1']))
  return { cluster, speaker, plane: speaker.plane }
}

describe('the event nodeAssigned', () => {
  test('names node and protocol as MetalLB does', async () => {
    const { cluster } = await startOne()
    expect(cluster.list('/events')).toMatchObject([
      {
        type: 'Normal',
        reason: 'nodeAssigned',
        message: 'announcing from node "n1" with protocol "layer2"',
        source: { component: 'metallb-speaker', host: 'n1' },
        involvedObject: { kind: 'Service', namespace: 'default', name: 'web' }
      }
    ])
  })

  test('comes once for each change, not for what changes nothing', async () => {
    const { cluster, speaker, plane } = await startOne()
    cluster.put(endpointSlice('web', ['n1', 'n2']))
    cluster.put(node('n2'))
    cluster.put(l2Advertisement('all', { ipAddressPools: ['main'] }))
    speaker.tell(interfaces('eth0', 'eth1'))
    setAddress(cluster, 'web', '192.0.2.2')
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 2']))
    // Another candidate is news for the plane.
    const told = plane.changes.map((change) => JSON.stringify(change))
    expect(new Set(told).size).toBe(told.length)
    expect(cluster.logs('announced')).toHaveLength(2)
  })

  test('comes from the node that announces, and from none that does not', async () => {
    const cluster = await startCluster('n1', 'n2')
    putService(cluster, 'web', { address: addressWonBy('n2', 'n1'), nodes: ['n1'] })
    await SpeakerBench.start(cluster, 'n1')
    await SpeakerBench.start(cluster, 'n2')
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 1']))
    expect(cluster.writes('events', 'speaker-n1')).toEqual([])
  })
})

describe('named interfaces', () => {
  const ELSEWHERE = l2Advertisement('all', { interfaces: ['eth7'] })

  test('that are all missing are a failure, told once, until one of them appears', async () => {
    const { cluster, speaker, plane } = await startOne()
    cluster.put(ELSEWHERE)
    await cluster.eventually(() =>
      expect(cluster.events('web')).toEqual(['nodeAssigned 1', 'announceFailed 1'])
    )
    expect(plane.wanted).toEqual(['192.0.2.1 on eth7'])
    speaker.tell(interfaces('eth0', 'eth1'))
    speaker.tell(interfaces('eth0', 'eth7'))
    await cluster.eventually(() =>
      expect(cluster.events('web')).toEqual(['nodeAssigned 2', 'announceFailed 1'])
    )
    expect(cluster.logs('not announced').filter(({ level }) => level === 40)).toHaveLength(1)
  })

  test('that disappear later are a failure, too', async () => {
    const { cluster, speaker } = await startOne()
    cluster.put(l2Advertisement('all', { interfaces: ['eth0'] }))
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 2']))
    speaker.tell(interfaces('eth1'))
    await cluster.eventually(() => expect(cluster.events('web')).toContain('announceFailed 1'))
  })

  test('are no failure before the plane has told what there is', async () => {
    const cluster = await startCluster('n1')
    cluster.put(ELSEWHERE)
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    const speaker = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 1']))
    speaker.tell(interfaces('eth0'))
    await cluster.eventually(() => expect(cluster.events('web')).toContain('announceFailed 1'))
  })

  test('without names no interface is missed', async () => {
    const { cluster, speaker } = await startOne()
    speaker.tell(interfaces())
    setAddress(cluster, 'web', '192.0.2.2')
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 2']))
  })
})

describe('conflicts', () => {
  test('are told to every Service that has the address', async () => {
    const { cluster, speaker } = await startOne()
    const metadata = { annotations: { 'metallb.io/allow-shared-ip': 'key' } }
    putService(cluster, 'sharer', { address: '192.0.2.1', nodes: ['n1'], metadata })
    putService(cluster, 'other', { address: '192.0.2.2', nodes: ['n1'] })
    await cluster.eventually(() => {
      expect(cluster.events('sharer')).toHaveLength(1)
      expect(cluster.events('other')).toHaveLength(1)
    })
    const conflict = { type: 'conflict', address: '192.0.2.1', interface: 'eth0' } as const
    speaker.tell({ ...conflict, mac: '02:00:00:00:00:01', kind: 'claim' })
    await cluster.eventually(() => {
      expect(cluster.events('web')).toContain('addressConflict 1')
      expect(cluster.events('sharer')).toContain('addressConflict 1')
    })
    expect(cluster.events('other')).toEqual(['nodeAssigned 1'])
    expect(cluster.logs('address conflict')).toMatchObject([{ address: '192.0.2.1', interface: 'eth0' }])
  })
})

describe('metrics', () => {
  async function announced({ root }: SpeakerBench): Promise<readonly string[]> {
    const text = await root.resolve(METRICS).registry.metrics()
    return text.split('\n').filter((line) => line.startsWith('metallb_speaker_announced{'))
  }
  const series = (ip: string): string =>
    `metallb_speaker_announced{service="default/web",protocol="layer2",node="n1",ip="${ip}"} 1`

  test('have one series for each address that is announced', async () => {
    const { cluster, speaker } = await startOne()
    expect(await announced(speaker)).toEqual([series('192.0.2.1')])
    setAddress(cluster, 'web', '192.0.2.2')
    await cluster.eventually(() => expect(speaker.plane.wanted).toEqual(['192.0.2.2']))
    expect(await announced(speaker)).toEqual([series('192.0.2.2')])
    cluster.put(l2Advertisement('all', { interfaces: ['eth7'] }))
    await cluster.eventually(() => expect(cluster.events('web')).toContain('announceFailed 1'))
    expect(await announced(speaker)).toEqual([])
    speaker.tell(interfaces('eth7'))
    expect(await announced(speaker)).toEqual([series('192.0.2.2')])
    setAddress(cluster, 'web')
    await cluster.eventually(() => expect(speaker.plane.wanted).toEqual([]))
    expect(await announced(speaker)).toEqual([])
  })

  test('have the counts of the plane', async () => {
    const { speaker, plane } = await startOne()
    plane.found = [{ address: '192.0.2.1', requests: 3, replies: 2, gratuitous: 5 }]
    const lines = (await speaker.root.resolve(METRICS).registry.metrics()).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'metallb_layer2_requests_received{ip="192.0.2.1"} 3',
        'metallb_layer2_responses_sent{ip="192.0.2.1"} 2',
        'metallb_layer2_gratuitous_sent{ip="192.0.2.1"} 5'
      ])
    )
  })
})
