import { l2Advertisement, NAMESPACE, node, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressWonBy, putService, SpeakerBench, startCluster, WITH_LEASES } from '../test/speaker-bench.ts'
import { EveryNode } from './liveness.ts'
import { ProbedLiveness } from './probed-liveness.ts'

const PROBING = [...WITH_LEASES.filter((flag) => !flag.startsWith('--liveness')), '--liveness=on']
const TAKING_BACK_AT_ONCE = [...PROBING, '--take-back-delay=0s']
const key = (octet: number): string => Buffer.alloc(32, octet).toString('base64')

function putSecret(cluster: TestCluster, data: Readonly<Record<string, string>>): void {
  cluster.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'clarion-liveness', namespace: NAMESPACE },
    data
  })
}

/** Nodes n1 and n2 with addresses inside, and Service `web`, whose address n2 wins. */
async function startTwo(): Promise<{ readonly cluster: TestCluster; readonly address: string }> {
  const cluster = await startCluster('n1', 'n2')
  for (const [i, name] of ['n1', 'n2'].entries()) {
    const status = { addresses: [{ type: 'InternalIP', address: `198.51.100.${i + 1}` }] }
    cluster.change(node(name), (current) => ({ ...current, status }), 'status')
  }
  const address = addressWonBy('n2', 'n1')
  putService(cluster, 'web', { address, nodes: ['n1'] })
  return { cluster, address }
}

const alive = (id: string) =>
  ({
    type: 'liveness',
    event: { type: 'alive', detail: { id, incarnation: 1024, reason: 'joined' } }
  }) as const

const dead = (id: string, reason: 'silent' | 'neverHeard' = 'silent') => {
  const detail = { id, incarnation: 1024, accusers: ['n1', 'n3'], reason, silentMs: 290 }
  return { type: 'liveness', event: { type: 'dead', detail } } as const
}

async function createAlone(cluster: TestCluster): Promise<ProbedLiveness> {
  return new ProbedLiveness({
    client: await cluster.client('liveness'),
    namespace: NAMESPACE,
    node: 'n1',
    port: 7475,
    patience: 1,
    fallback: new EveryNode(),
    log: cluster.log
  })
}

describe('speakers that probe each other', () => {
  test('tell the plane the key and all nodes before there is anything to answer for', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1), next: key(2) })
    const { plane } = await SpeakerBench.start(cluster, 'n1', PROBING)
    expect(plane.liveness).toMatchObject({
      port: 7475,
      patience: 1,
      members: [
        { name: 'n1', address: '198.51.100.1' },
        { name: 'n2', address: '198.51.100.2' }
      ]
    })
    expect(plane.liveness?.keys.map(([first]) => first)).toEqual([1, 2])
    expect(cluster.writes('leases')).toEqual([])
  })

  test('have a node as a candidate while nobody knows where speakers are, and then only if one was heard', async () => {
    const { cluster, address } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const bench = await SpeakerBench.start(cluster, 'n1', PROBING)
    const candidates = (): readonly string[] | undefined => bench.plane.changes.at(-1)?.set[0]?.candidates
    expect(candidates()).toEqual(['n2', 'n1'])
    bench.tell({ type: 'gathered' })
    await cluster.eventually(() => expect(candidates()).toEqual(['n1']))
    expect(bench.plane.wanted).toEqual([address])
    bench.tell(alive('n2'))
    await cluster.eventually(() => expect(candidates()).toEqual(['n2', 'n1']))
  })

  test('have a node as a candidate again that was deleted and is made again, though nobody hears of it anew', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const bench = await SpeakerBench.start(cluster, 'n1', PROBING)
    const candidates = (): readonly string[] | undefined => bench.plane.changes.at(-1)?.set[0]?.candidates
    bench.tell(alive('n2'))
    bench.tell({ type: 'gathered' })
    cluster.remove(node('n2'))
    await cluster.eventually(() => expect(candidates()).toEqual(['n1']))
    cluster.put(node('n2'))
    await cluster.eventually(() => expect(candidates()).toEqual(['n2', 'n1']))
  })

  test('know who is alive from the last verdict, and may have the dead as candidates all the same', async () => {
    const { cluster } = await startTwo()
    const liveness = await createAlone(cluster)
    let told = 0
    liveness.onChange(() => (told += 1))
    const alive2 = alive('n2')
    liveness.onPlaneEvent(alive2)
    liveness.onPlaneEvent(dead('n3', 'neverHeard'))
    expect(liveness.alive()).toBeUndefined()
    liveness.onPlaneEvent({ type: 'gathered' })
    const both = new Set(['n1', 'n2'])
    const left = {
      type: 'liveness',
      event: { type: 'left', detail: { id: 'n2', incarnation: 1024 } }
    } as const
    for (const gone of [dead('n2'), dead('n2', 'neverHeard'), left]) {
      expect([liveness.alive(), liveness.members()]).toEqual([both, both])
      const before = told
      liveness.onPlaneEvent(gone)
      expect([liveness.alive(), liveness.members(), told]).toEqual([new Set(['n1']), both, before + 1])
      liveness.onPlaneEvent(alive2)
      expect(told).toBe(before + 2)
    }
    await liveness.stop()
  })

  test('know nothing of others while they hear nobody, or cannot listen; of those before the cable was out neither', async () => {
    const { cluster } = await startTwo()
    const liveness = await createAlone(cluster)
    liveness.onPlaneEvent(alive('n2'))
    liveness.onPlaneEvent({ type: 'gathered' })
    const both = new Set(['n1', 'n2'])
    liveness.onPlaneEvent({ type: 'seclusion', seclusion: 'alone' })
    expect([liveness.alive(), liveness.members()]).toEqual([undefined, both])
    liveness.onPlaneEvent({ type: 'seclusion', seclusion: 'connected' })
    expect(liveness.alive()).toEqual(both)
    liveness.onPlaneEvent({ type: 'livenessFailed', message: 'EADDRINUSE' })
    expect([liveness.alive(), liveness.members()]).toEqual([undefined, both])
    liveness.onPlaneEvent({ type: 'gathered' })
    expect(liveness.alive()).toEqual(both)
    liveness.onPlaneEvent({ type: 'carrier', unpluggedLifeMs: 1_700_000_000_000 })
    liveness.onPlaneEvent({ type: 'seclusion', seclusion: 'cutOff' })
    liveness.onPlaneEvent({ type: 'carrier', unpluggedLifeMs: undefined })
    liveness.onPlaneEvent({ type: 'seclusion', seclusion: 'connected' })
    expect([liveness.alive(), liveness.members()]).toEqual([new Set(['n1']), both])
    // The thread ends while it is secluded, and the next one is not.
    liveness.onPlaneEvent({ type: 'seclusion', seclusion: 'alone' })
    liveness.onPlaneEvent(alive('n2'))
    expect(liveness.alive()).toEqual(both)
    await liveness.stop()
  })

  test('forget deleted nodes when they have become many, and no other', async () => {
    const { cluster } = await startTwo()
    const liveness = await createAlone(cluster)
    liveness.onPlaneEvent({ type: 'gathered' })
    const nodes = new Set(['n1', 'n2'])
    liveness.onPlaneEvent(alive('n2'))
    liveness.onPlaneEvent(alive('gone-0'))
    liveness.retain(nodes)
    expect(liveness.members()).toEqual(new Set(['n1', 'n2', 'gone-0']))
    for (let i = 1; i < 1000; i += 1) {
      liveness.onPlaneEvent(alive(`gone-${i}`))
      liveness.retain(nodes)
      expect(liveness.members()?.size).toBeLessThan(40)
    }
    expect([...(liveness.members() ?? [])]).toEqual(expect.arrayContaining(['n1', 'n2']))
    await liveness.stop()
  })

  test('take another key without a restart, and keep it when the Secret is gone', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const { plane } = await SpeakerBench.start(cluster, 'n1', PROBING)
    putSecret(cluster, { current: key(2), previous: key(1) })
    await cluster.eventually(() => expect(plane.liveness?.keys.map(([first]) => first)).toEqual([2, 1]))
    cluster.remove({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'clarion-liveness', namespace: NAMESPACE }
    })
    putService(cluster, 'other', { address: '192.0.2.200', nodes: ['n1'] })
    await cluster.eventually(() => expect(plane.changes.length).toBeGreaterThan(1))
    expect(plane.liveness?.keys.map(([first]) => first)).toEqual([2, 1])
  })

  test('tell by their Leases that the cable is out, and the plane of what others tell', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const one = await SpeakerBench.start(cluster, 'n1', PROBING)
    const other = await SpeakerBench.start(cluster, 'n2', PROBING)
    one.tell({ type: 'carrier', unpluggedLifeMs: 1_700_000_000_000 })
    const told = (): number | undefined =>
      other.plane.liveness?.members.find(({ name }) => name === 'n1')?.unpluggedLifeMs
    await cluster.eventually(() => expect(told()).toBe(1_700_000_000_000))
    expect(cluster.logs('node tells that its cable is out')).toMatchObject([{ node: 'n1' }])
    one.tell({ type: 'carrier', unpluggedLifeMs: undefined })
    await cluster.eventually(() => expect(told()).toBeUndefined())
  })

  test('tell by their Leases which interfaces are lost, and leave to others what is announced on those', async () => {
    const { cluster, address } = await startTwo()
    putSecret(cluster, { current: key(1) })
    cluster.put(l2Advertisement('all', { interfaces: ['eth1'] }))
    const one = await SpeakerBench.start(cluster, 'n1', TAKING_BACK_AT_ONCE)
    const other = await SpeakerBench.start(cluster, 'n2', TAKING_BACK_AT_ONCE)
    const candidates = ({ plane }: SpeakerBench): readonly string[] | undefined =>
      plane.changes.flatMap(({ set }) => set).findLast((wanted) => wanted.address === address)?.candidates
    const eth1 = (hasCarrier: boolean) =>
      ({ type: 'interfaces', interfaces: [{ name: 'eth1', unfitBecause: undefined, hasCarrier }] }) as const
    for (const bench of [one, other]) bench.tell(eth1(true))
    expect([one, other].map(candidates)).toEqual([
      ['n2', 'n1'],
      ['n2', 'n1']
    ])
    other.tell(eth1(false))
    await cluster.eventually(() => expect([one, other].map(candidates)[0]).toEqual(['n1', 'n2']))
    expect(candidates(other)).toEqual(['n1', 'n2'])
    expect(cluster.logs('node tells of lost interfaces')).toMatchObject([
      { node: 'n2', lostInterfaces: ['eth1'] }
    ])
    expect(cluster.logs('interfaces to announce on are lost')).toMatchObject([{ lostInterfaces: ['eth1'] }])
    other.tell(eth1(true))
    await cluster.eventually(() => expect([one, other].map(candidates)[0]).toEqual(['n2', 'n1']))
  })

  test('order candidates alike: what others could not be told of lost interfaces does not count here either', async () => {
    const { cluster, address } = await startTwo()
    putSecret(cluster, { current: key(1) })
    cluster.put(l2Advertisement('all', { interfaces: ['eth1'] }))
    const bench = await SpeakerBench.start(cluster, 'n2', TAKING_BACK_AT_ONCE)
    const candidates = (): readonly string[] | undefined =>
      bench.plane.changes.flatMap(({ set }) => set).findLast((wanted) => wanted.address === address)
        ?.candidates
    const eth1 = (hasCarrier: boolean) =>
      ({ type: 'interfaces', interfaces: [{ name: 'eth1', unfitBecause: undefined, hasCarrier }] }) as const
    bench.tell(eth1(true))
    const { faults } = cluster.sim
    const failWrites = async (): Promise<void> => {
      const match = { resource: 'leases', verbs: ['patch'] } as const
      const fault = faults.add({ match, action: { type: 'status', code: 500 } })
      const hitsOf = (): number => faults.list().find(({ id }) => id === fault)?.hits ?? 0
      await cluster.eventually(() => expect(hitsOf()).toBeGreaterThan(0))
    }
    const lost = failWrites()
    bench.tell(eth1(false))
    await lost
    expect(candidates()).toEqual(['n2', 'n1'])
    faults.clear()
    await cluster.eventually(() => expect(candidates()).toEqual(['n1', 'n2']))
    const back = failWrites()
    bench.tell(eth1(true))
    await back
    expect(candidates()).toEqual(['n1', 'n2'])
    faults.clear()
    await cluster.eventually(() => expect(candidates()).toEqual(['n2', 'n1']))
  })

  test('forget what a process before them told of lost interfaces', async () => {
    const { cluster, address } = await startTwo()
    putSecret(cluster, { current: key(1) })
    cluster.put(l2Advertisement('all', { interfaces: ['eth1'] }))
    cluster.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'clarion-speaker-n2',
        namespace: NAMESPACE,
        labels: { 'clarion.io/component': 'speaker' },
        annotations: { 'clarion.io/lost-interfaces': 'eth1' }
      }
    })
    const one = await SpeakerBench.start(cluster, 'n1', TAKING_BACK_AT_ONCE)
    const candidates = (): readonly string[] | undefined =>
      one.plane.changes.flatMap(({ set }) => set).findLast((wanted) => wanted.address === address)?.candidates
    await cluster.eventually(() => expect(candidates()).toEqual(['n1', 'n2']))
    const other = await SpeakerBench.start(cluster, 'n2', TAKING_BACK_AT_ONCE)
    other.tell({
      type: 'interfaces',
      interfaces: [{ name: 'eth1', unfitBecause: undefined, hasCarrier: true }]
    })
    await cluster.eventually(() => expect(candidates()).toEqual(['n2', 'n1']))
  })

  test('take back what came through too late: it was given up on, and the cable is in', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    await SpeakerBench.start(cluster, 'n1', PROBING)
    const other = await SpeakerBench.start(cluster, 'n2', PROBING)
    cluster.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'clarion-speaker-n1',
        namespace: NAMESPACE,
        labels: { 'clarion.io/component': 'speaker' },
        annotations: { 'clarion.io/unplugged-life': '1700000000000' }
      }
    })
    await cluster.eventually(() =>
      expect(cluster.logs('node tells that its cable is out')).toMatchObject([{ node: 'n1' }])
    )
    await cluster.eventually(() =>
      expect(other.plane.liveness?.members.find(({ name }) => name === 'n1')?.unpluggedLifeMs).toBeUndefined()
    )
  })

  test('log who accused a node that is dead, and count it', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const bench = await SpeakerBench.start(cluster, 'n1', PROBING)
    const detail = {
      id: 'n2',
      incarnation: 1024,
      accusers: ['n1', 'n3'],
      reason: 'silent',
      silentMs: 290
    } as const
    bench.tell({ type: 'liveness', event: { type: 'dead', detail } })
    expect(cluster.logs('node declared dead')).toMatchObject([
      { node: 'n2', accusers: ['n1', 'n3'], reason: 'silent', silentMs: 290 }
    ])
  })

  test('log a verdict of others without the silence that this node did not see', async () => {
    const { cluster } = await startTwo()
    putSecret(cluster, { current: key(1) })
    const bench = await SpeakerBench.start(cluster, 'n1', PROBING)
    const detail = { id: 'n2', incarnation: 1024, accusers: ['n3', 'n4'], reason: 'silent' } as const
    bench.tell({ type: 'liveness', event: { type: 'dead', detail: { ...detail, silentMs: undefined } } })
    const [line] = cluster.logs('node declared dead')
    expect(line).toMatchObject({ node: 'n2', accusers: ['n3', 'n4'], reason: 'silent' })
    expect(line).not.toHaveProperty('silentMs')
  })
})
