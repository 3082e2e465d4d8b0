import type { KubeObject } from '@clarion-lb/kube-sim'
import { afterwards, NAMESPACE, pool, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ControllerBench } from '../../test/controller-bench.ts'
import { KeyKeeper } from './key-keeper.ts'
import { HANDLED_ANNOTATION, ROTATE_ANNOTATION, SINCE_ANNOTATION } from './stored-keys.ts'

const SECRET: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'clarion-liveness', namespace: NAMESPACE }
}

function key(octet: number): string {
  return Buffer.alloc(32, octet).toString('base64')
}

/** Base64 by name. */
function keysIn(cluster: TestCluster): Readonly<Record<string, string>> {
  const data = cluster.find(SECRET)?.['data']
  const pairs = [...JSON.stringify(data ?? {}).matchAll(/"([a-z]+)":"([^"]*)"/g)]
  return Object.fromEntries(pairs.map(([, name = '', text = '']) => [name, text]))
}

function request(cluster: TestCluster, value: string): void {
  cluster.change(SECRET, (current) => {
    const annotations = { ...current.metadata.annotations, [ROTATE_ANNOTATION]: value }
    return { ...current, metadata: { ...current.metadata, annotations } }
  })
}

/** As if the step had begun long ago. */
function skipStep(cluster: TestCluster): void {
  cluster.change(SECRET, (current) => {
    const annotations = { ...current.metadata.annotations, [SINCE_ANNOTATION]: '2020-01-01T00:00:00Z' }
    return { ...current, metadata: { ...current.metadata, annotations } }
  })
}

async function startCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', ['192.0.2.0/28']))
  return cluster
}

async function keep(
  cluster: TestCluster,
  options: { readonly mayWrite?: () => boolean; readonly stepMs?: number } = {}
): Promise<KeyKeeper> {
  const keeper = new KeyKeeper({
    client: await cluster.client(),
    secret: { namespace: NAMESPACE, name: SECRET.metadata.name },
    labels: {},
    mayWrite: () => true,
    onChange: () => cluster.ring(),
    onProblem: () => cluster.ring(),
    ...options
  })
  afterwards(() => keeper.stop())
  keeper.start()
  return keeper
}

describe('the leader', () => {
  test('makes the Secret of the keys, labelled', async () => {
    const cluster = await startCluster()
    await ControllerBench.lead(cluster)
    await cluster.eventually(() =>
      expect(Buffer.from(keysIn(cluster)['current'] ?? '', 'base64')).toHaveLength(32)
    )
    expect(cluster.get(SECRET)).toMatchObject({
      type: 'Opaque',
      metadata: { labels: { 'app.kubernetes.io/managed-by': 'clarion-controller' } }
    })
    await cluster.eventually(() => expect(cluster.events('clarion-liveness')).toEqual(['KeyCreated 1']))
  })

  test('fills an empty one, and leaves what else is in it', async () => {
    const cluster = await startCluster()
    cluster.put({ ...SECRET, data: { other: 'AA==' }, metadata: { ...SECRET.metadata, labels: { a: 'b' } } })
    await ControllerBench.lead(cluster)
    await cluster.eventually(() =>
      expect(Object.keys(keysIn(cluster)).toSorted()).toEqual(['current', 'other'])
    )
    expect(cluster.get(SECRET).metadata.labels).toEqual({ a: 'b' })
  })

  test('never writes over a good one', async () => {
    const cluster = await startCluster()
    cluster.put({ ...SECRET, data: { current: key(1) } })
    const first = await ControllerBench.lead(cluster)
    await first.stop()
    await ControllerBench.lead(cluster, { identity: 'two' })
    // What it does first when it looks; then it has looked.
    request(cluster, 'a')
    await cluster.eventually(() =>
      expect(Object.keys(keysIn(cluster)).toSorted()).toEqual(['current', 'next'])
    )
    expect(keysIn(cluster)['current']).toBe(key(1))
    expect(cluster.writes('secrets')).toEqual(['update clarion-liveness'])
  })

  test('puts back what somebody broke or deleted, and says so', async () => {
    const cluster = await startCluster()
    cluster.put({ ...SECRET, data: { current: key(1) } })
    await ControllerBench.lead(cluster)
    request(cluster, 'a')
    await cluster.eventually(() =>
      expect(Object.keys(keysIn(cluster)).toSorted()).toEqual(['current', 'next'])
    )
    const before = keysIn(cluster)
    cluster.put({ ...SECRET, data: { current: 'AAAA' } })
    await cluster.eventually(() => expect(keysIn(cluster)).toEqual(before))
    await cluster.eventually(() => expect(cluster.events('clarion-liveness')).toContain('KeyRestored 1'))
    cluster.remove(SECRET)
    await cluster.eventually(() => expect(keysIn(cluster)).toEqual(before))
    await cluster.eventually(() =>
      expect(cluster.logs('liveness keys stored').map(({ change }) => change)).toEqual([
        'rotation begun',
        'restored',
        'restored'
      ])
    )
  })

  test('rotates for an annotation; the next leader goes on where it was', async () => {
    const cluster = await startCluster()
    cluster.put({ ...SECRET, data: { current: key(1) } })
    const first = await ControllerBench.lead(cluster)
    request(cluster, 'a')
    await cluster.eventually(() => expect(keysIn(cluster)['next']).toBeDefined())
    const { next = '' } = keysIn(cluster)
    await first.stop()
    skipStep(cluster)
    await ControllerBench.lead(cluster, { identity: 'two' })
    await cluster.eventually(() => expect(keysIn(cluster)).toEqual({ current: next, previous: key(1) }))
    skipStep(cluster)
    await cluster.eventually(() => expect(keysIn(cluster)).toEqual({ current: next }))
    expect(cluster.get(SECRET).metadata.annotations).toEqual({
      [ROTATE_ANNOTATION]: 'a',
      [HANDLED_ANNOTATION]: 'a'
    })
  })
})

describe('a keeper', () => {
  test('takes the steps of a rotation by itself', async () => {
    const cluster = await startCluster()
    cluster.put({ ...SECRET, data: { current: key(1) } })
    await keep(cluster, { stepMs: 20 })
    request(cluster, 'a')
    await cluster.eventually(() =>
      expect([Object.keys(keysIn(cluster)), keysIn(cluster)['current'] === key(1)]).toEqual([
        ['current'],
        false
      ])
    )
    expect(cluster.writes('secrets')).toHaveLength(3)
  })

  test('that may not write writes nothing, and does as soon as it may', async () => {
    const cluster = await startCluster()
    let isLeader = false
    let asked = 0
    const keeper = await keep(cluster, {
      mayWrite: () => {
        asked += 1
        cluster.ring()
        return isLeader
      }
    })
    await cluster.eventually(() => expect(asked).toBeGreaterThan(0))
    expect(cluster.find(SECRET)).toBeUndefined()
    isLeader = true
    keeper.look()
    await cluster.eventually(() => expect(keysIn(cluster)['current']).toBeDefined())
  })

  test('agrees with another that writes at the same time', async () => {
    const cluster = await startCluster()
    await Promise.all([keep(cluster), keep(cluster)])
    await cluster.eventually(() => expect(cluster.writes('secrets').length).toBeGreaterThan(0))
    const { current } = keysIn(cluster)
    request(cluster, 'a')
    await cluster.eventually(() => expect(keysIn(cluster)['next']).toBeDefined())
    expect(keysIn(cluster)['current']).toBe(current)
  })
})

test('who may not create the Secret gives out addresses all the same, and says once what is wrong', async () => {
  const cluster = await startCluster()
  cluster.sim.faults.add({
    match: { resource: 'secrets', verbs: ['create'] },
    action: { type: 'status', code: 403 }
  })
  await ControllerBench.lead(cluster)
  await cluster.eventually(() => expect(cluster.logs('liveness keys not looked after')).toHaveLength(1))
})
