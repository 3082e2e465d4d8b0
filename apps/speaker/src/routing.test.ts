import type { JsonObject, KubeObject } from '@clarion-lb/kube-sim'
import {
  endpointSlice,
  NAMESPACE,
  node,
  service,
  serviceRef,
  type TestCluster
} from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { putService, SpeakerBench, startCluster, WITH_LEASES } from '../test/speaker-bench.ts'
import { TestRouter } from '../test/test-router.ts'
import type { PlaneEvent } from './plane/messages.ts'
import { SPEAKER_LEASE_LABELS, speakerLease } from './speaker-lease.ts'
import { METRICS } from './tokens.ts'

function object(kind: string, name: string, spec: JsonObject, version = 'v1beta1'): KubeObject {
  return { apiVersion: `metallb.io/${version}`, kind, metadata: { name, namespace: NAMESPACE }, spec }
}

const advertisement = (name: string, spec: JsonObject = {}): KubeObject =>
  object('BGPAdvertisement', name, spec)

function peer(name: string, { port }: TestRouter, spec: JsonObject = {}): KubeObject {
  const common = { myASN: 64500, peerASN: 64501, peerAddress: '127.0.0.1', peerPort: port, connectTime: '1s' }
  return object('BGPPeer', name, { ...common, ...spec }, 'v1beta2')
}

/** A node with a router beside it, which is told of every pool. */
async function startRouted(spec: JsonObject = {}): Promise<{ cluster: TestCluster; router: TestRouter }> {
  const cluster = await startCluster('n1', 'n2')
  const router = await TestRouter.start({ onChange: () => cluster.ring() })
  cluster.put(advertisement('all'))
  cluster.put(peer('router', router, spec))
  return { cluster, router }
}

const statesOf = (cluster: TestCluster): readonly unknown[] =>
  cluster.list('frrk8s.metallb.io/bgpsessionstates').map(({ status }) => status)

describe('a router', () => {
  test('is told of the addresses of Services, then that these are all', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n2'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.endsOfRib).toEqual([4]))
    expect(router.routes).toEqual(['192.0.2.1/32', '192.0.2.2/32'])
    expect(router.attributesOf('192.0.2.1/32')).toMatchObject({
      asPath: [{ type: 'sequence', asns: [64500] }],
      communities: []
    })
  })

  test('hears of a change at once, and of nothing else', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.1/32']))
    const before = router.updates
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n1'] })
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.1/32', '192.0.2.2/32']))
    expect(router.updates).toBe(before + 1)
    cluster.remove(serviceRef('a'))
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.2/32']))
    expect(router.sessions).toBe(1)
  })

  test('is told of policy Local only while an endpoint is here', async () => {
    const { cluster, router } = await startRouted()
    const spec = { externalTrafficPolicy: 'Local' }
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n2'], spec })
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n2'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.2/32']))
    cluster.put(endpointSlice('a', ['n1', 'n2']))
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.1/32', '192.0.2.2/32']))
    cluster.put(endpointSlice('a', ['n2']))
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.2/32']))
  })

  test('is told what the advertisement says: communities of both kinds, aggregates, who is meant', async () => {
    const { cluster, router } = await startRouted()
    const names = [{ name: 'mine', value: '64500:7' }]
    cluster.put(object('Community', 'names', { communities: names }))
    cluster.put(advertisement('all', { aggregationLength: 28, communities: ['mine', 'large:64500:1:2'] }))
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.0/28']))
    expect(router.attributesOf('192.0.2.0/28')).toMatchObject({
      communities: [64500 * 65_536 + 7],
      largeCommunities: [{ globalAdministrator: 64500, localData1: 1, localData2: 2 }]
    })
    cluster.remove(serviceRef('a'))
    cluster.put(advertisement('all', { peers: ['somebody-else'] }))
    await cluster.eventually(() => expect(router.routes).toEqual([]))
  })

  test('of our own system is told local preferences', async () => {
    const cluster = await startCluster('n1')
    const router = await TestRouter.start({ asn: 64500, onChange: () => cluster.ring() })
    cluster.put(advertisement('all', { localPref: 321 }))
    cluster.put(peer('router', router, { peerASN: 64500 }))
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.attributesOf('192.0.2.1/32')?.localPref).toBe(321))
    expect(router.attributesOf('192.0.2.1/32')?.asPath).toEqual([])
  })

  test('is let go with a reason when its peer is removed, and when the speaker ends', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const speaker = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toHaveLength(1))
    cluster.remove(peer('router', router))
    await cluster.eventually(() =>
      expect(router.closed.at(-1)?.notification).toMatchObject({ code: 6, subcode: 3 })
    )
    cluster.put(peer('router', router))
    await cluster.eventually(() => expect(router.routes).toHaveLength(1))
    await speaker.stop()
    await cluster.eventually(() => expect(router.closed.at(-1)?.text).toBe('the speaker of node n1 ends'))
  })

  test('keeps its session when only the routes change, and loses it for another hold time', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toHaveLength(1))
    cluster.put(advertisement('all', { communities: ['1:1'] }))
    await cluster.eventually(() => expect(router.attributesOf('192.0.2.1/32')?.communities).toEqual([65_537]))
    expect(router.sessions).toBe(1)
    cluster.put(peer('router', router, { holdTime: '30s' }))
    await cluster.eventually(() => expect(router.sessions).toBe(2))
    await cluster.eventually(() => expect(router.routes).toHaveLength(1))
  })
})

describe('a node in maintenance', () => {
  // GRACEFUL_SHUTDOWN (RFC 8326 §4).
  const GRACEFUL_SHUTDOWN = 0xff_ff_00_00
  const PROBING = [...WITH_LEASES.filter((flag) => !flag.startsWith('--liveness')), '--liveness=on']
  const MAINTENANCE = { metadata: { name: 'n1', annotations: { 'clarion.io/maintenance': 'disk' } } }
  const key = 'node.kubernetes.io/out-of-service'
  const OUT_OF_SERVICE = { metadata: { name: 'n1' }, spec: { taints: [{ key, effect: 'NoExecute' }] } }
  const alive: PlaneEvent = {
    type: 'liveness',
    event: { type: 'alive', detail: { id: 'n2', incarnation: 1024, reason: 'joined' } }
  }
  const verdict = { incarnation: 1024, accusers: ['n1', 'n3'], reason: 'silent', silentMs: 290 } as const
  const dead: PlaneEvent = { type: 'liveness', event: { type: 'dead', detail: { id: 'n2', ...verdict } } }

  const communitiesOf = (router: TestRouter): readonly number[] | undefined =>
    router.attributesOf('192.0.2.1/32')?.communities

  function leaseOf(holderIdentity: string): KubeObject {
    const spec = { holderIdentity, leaseDurationSeconds: 3600, renewTime: '2100-01-01T00:00:00.000000Z' }
    const metadata = { ...speakerLease(NAMESPACE, 'n2'), labels: SPEAKER_LEASE_LABELS }
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
  }

  async function startProbing(): Promise<Awaited<ReturnType<typeof startRouted>> & { bench: SpeakerBench }> {
    const routed = await startRouted()
    const data = { current: Buffer.alloc(32, 1).toString('base64') }
    const metadata = { name: 'clarion-liveness', namespace: NAMESPACE }
    routed.cluster.put({ apiVersion: 'v1', kind: 'Secret', metadata, data })
    putService(routed.cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const bench = await SpeakerBench.start(routed.cluster, 'n1', PROBING)
    await routed.cluster.eventually(() => expect(communitiesOf(routed.router)).toEqual([]))
    return { ...routed, bench }
  }

  test.each([
    ['annotation', MAINTENANCE],
    ['taint', OUT_OF_SERVICE]
  ])('asks for other ways, then withdraws; while there is none it is one: %s', async (_how, what) => {
    const { cluster, router, bench } = await startProbing()
    bench.tell(alive)
    bench.tell({ type: 'gathered' })
    cluster.put({ ...node('n1'), ...what })
    await cluster.eventually(() => expect(communitiesOf(router)).toEqual([GRACEFUL_SHUTDOWN]))
    await cluster.eventually(() => expect(router.routes).toEqual([]))
    bench.tell(dead)
    await cluster.eventually(() => expect(communitiesOf(router)).toEqual([GRACEFUL_SHUTDOWN]))
    bench.tell(alive)
    await cluster.eventually(() => expect(router.routes).toEqual([]))
  })

  test('keeps the routes of which no other node that is alive is a next hop', async () => {
    const { cluster, router, bench } = await startProbing()
    const onNodes = (service: string, ...names: readonly string[]): JsonObject => ({
      serviceSelectors: [{ matchLabels: { service } }],
      nodeSelectors: names.map((name) => ({ matchLabels: { name } }))
    })
    for (const name of ['n1', 'n2', 'n3']) cluster.put(node(name, { name }))
    cluster.put(advertisement('all', onNodes('a', 'n1', 'n3')))
    cluster.put(advertisement('other', onNodes('b', 'n1', 'n2')))
    for (const [i, name] of ['a', 'b'].entries())
      putService(cluster, name, {
        address: `192.0.2.${i + 1}`,
        nodes: ['n1'],
        metadata: { labels: { service: name } }
      })
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.1/32', '192.0.2.2/32']))
    bench.tell(alive)
    bench.tell({ type: 'gathered' })
    cluster.put({ ...node('n1'), metadata: { ...MAINTENANCE.metadata, labels: { name: 'n1' } } })
    await cluster.eventually(() => expect(router.routes).toEqual(['192.0.2.1/32']))
    expect(communitiesOf(router)).toEqual([GRACEFUL_SHUTDOWN])
  })

  test('knows from Leases, too, who is alive', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    cluster.put(leaseOf('n2'))
    cluster.put({ ...node('n1'), ...MAINTENANCE })
    const bench = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    await cluster.eventually(() => expect(router.endsOfRib).toEqual([4]))
    expect(router.routes).toEqual([])
    cluster.put(leaseOf(''))
    await cluster.eventually(() => expect(communitiesOf(router)).toEqual([GRACEFUL_SHUTDOWN]))
    await bench.stop()
  })

  test('takes every node for alive where nobody is to know', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(communitiesOf(router)).toEqual([]))
    cluster.put({ ...node('n1'), ...MAINTENANCE })
    await cluster.eventually(() => expect(router.routes).toEqual([]))
    cluster.remove(node('n2'))
    await cluster.eventually(() => expect(communitiesOf(router)).toEqual([GRACEFUL_SHUTDOWN]))
  })
})

describe('what people see', () => {
  test('an event, a ServiceBGPStatus and a BGPSessionState', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => {
      expect(cluster.list('metallb.io/servicebgpstatuses').map(({ status }) => status)).toEqual([
        { node: 'n1', serviceName: 'a', serviceNamespace: 'default', peers: ['router'] }
      ])
    })
    await cluster.eventually(() => {
      expect(statesOf(cluster)).toEqual([
        { node: 'n1', peer: '127.0.0.1', vrf: '', bgpStatus: 'Established', bfdStatus: 'N/A' }
      ])
    })
    await cluster.eventually(() => expect(cluster.events('a')).toContain('nodeAssigned 1'))
    cluster.remove(peer('router', router))
    await cluster.eventually(() => {
      expect(cluster.list('metallb.io/servicebgpstatuses')).toEqual([])
      expect(statesOf(cluster)).toEqual([])
    })
  })

  test('a state that was changed meanwhile is written all the same, without alarm', async () => {
    const { cluster } = await startRouted()
    cluster.sim.faults.add({
      match: { resource: 'bgpsessionstates', verbs: ['update'] },
      action: { type: 'status', code: 409 },
      times: 1
    })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(statesOf(cluster)).toMatchObject([{ bgpStatus: 'Established' }]))
    expect(cluster.logs('session state not written')).toEqual([])
  })

  test('a Service that others share a prefix with is said to be advertised where the prefix is', async () => {
    const { cluster } = await startRouted()
    cluster.put(advertisement('all', { aggregationLength: 24, peers: ['nobody'] }))
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    const statuses = (): readonly unknown[] =>
      cluster.list('metallb.io/servicebgpstatuses').map(({ status }) => status)
    cluster.put(advertisement('all', { aggregationLength: 24 }))
    await cluster.eventually(() => {
      expect(statuses()).toEqual([
        { node: 'n1', serviceName: 'a', serviceNamespace: 'default', peers: ['router'] }
      ])
    })
  })

  test('metrics by the name of the peer', async () => {
    const { cluster, router } = await startRouted()
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const { root } = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(router.routes).toHaveLength(1))
    const text = await root.resolve(METRICS).registry.metrics()
    const label = `peer="127.0.0.1:${router.port}",vrf=""`
    expect(text).toContain(`metallb_bgp_session_up{${label}} 1`)
    expect(text).toContain(`metallb_bgp_announced_prefixes_total{${label}} 1`)
    expect(text).toContain(
      'metallb_speaker_announced{service="default/a",protocol="bgp",node="n1",ip="192.0.2.1"} 1'
    )
    expect(text).not.toContain('metallb_bfd_session_up{')
  })

  test('a peer that is refused is told of once, with the reason', async () => {
    const { cluster, router } = await startRouted({ peerASN: 64999 })
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.logs('bgp session down').length).toBeGreaterThan(0))
    const [line] = cluster.logs('bgp session down')
    expect(line?.['peer']).toBe('router')
    expect(line?.['problem']).toContain('Bad Peer AS')
    expect(router.routes).toEqual([])
  })

  test('two advertisements that contradict each other are named in an event', async () => {
    const { cluster, router } = await startRouted()
    cluster.put(advertisement('all', { localPref: 1, serviceSelectors: [{ matchLabels: { a: 'b' } }] }))
    cluster.put(advertisement('other', { localPref: 2 }))
    cluster.put(service('a', {}, { labels: { a: 'b' } }))
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'], metadata: { labels: { a: 'b' } } })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.events('a')).toContain('announceFailed 1'))
    expect(router.routes).toEqual([])
  })
})
