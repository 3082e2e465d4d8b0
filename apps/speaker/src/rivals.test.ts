import type { V1Pod } from '@clarion-lb/k8s-watch'
import type { KubeObject } from '@clarion-lb/kube-sim'
import { afterwards, NAMESPACE, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { Rivals, rivalsAmong } from './rivals.ts'

const METALLB = 'quay.io/metallb/speaker:v0.16.0'
const CLARION = 'ghcr.io/clarion-lb/speaker:v0.1.0'

const READY = { conditions: [{ type: 'Ready', status: 'True' }] }
const UNREADY = { conditions: [{ type: 'Ready', status: 'False' }] }

function pod(name: string, image: string, more: object = {}): V1Pod {
  return {
    metadata: { name, namespace: NAMESPACE, uid: name },
    spec: { nodeName: `node-of-${name}`, containers: [{ name: 'speaker', image }] },
    status: READY,
    ...more
  }
}

describe('a speaker of MetalLB', () => {
  test('is one that runs another image than this one, wherever it was pulled from', () => {
    const pods = [pod('a', METALLB), pod('b', 'registry.example:5000/mirror/lb-speaker@sha256:00')]
    expect([...rivalsAmong(pods, pod('own', CLARION))]).toEqual([
      ['node-of-a', 'a'],
      ['node-of-b', 'b']
    ])
  })

  test.each<[string, V1Pod]>([
    ['another version of this image', pod('a', 'mirror.example:5000/lb/speaker:v2')],
    ['this image by digest', pod('a', 'mirror.example:5000/lb/speaker@sha256:00')],
    ['Clarion of another registry', pod('a', CLARION)],
    ['this pod itself', pod('own', METALLB)],
    [
      'one that ends',
      pod('a', METALLB, { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } })
    ],
    ['one that does not work', pod('a', METALLB, { status: UNREADY })],
    ['one that has not begun', pod('a', METALLB, { status: {} })],
    [
      'one that is on no node',
      pod('a', METALLB, { spec: { containers: [{ name: 'speaker', image: METALLB }] } })
    ]
  ])('is not %s', (_what, one) => {
    expect(rivalsAmong([one], pod('own', 'mirror.example:5000/lb/speaker:v1')).size).toBe(0)
  })
})

interface Seen {
  readonly cluster: TestCluster
  readonly told: string[]
  readonly rivals: Rivals
}

async function create(): Promise<Seen> {
  const cluster = await TestCluster.start({ crds: [] })
  const told: string[] = []
  const rivals = new Rivals({
    client: await cluster.client(),
    namespace: NAMESPACE,
    pod: undefined,
    onChange: (found) => {
      told.push([...found].join(' '))
      cluster.ring()
    },
    onProblem: () => {
      told.push('problem')
      cluster.ring()
    }
  })
  afterwards(() => rivals.stop())
  return { cluster, told, rivals }
}

function put(cluster: TestCluster, name: string, labels: Readonly<Record<string, string>>): void {
  cluster.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { nodeName: 'n1', containers: [{ name: 'speaker', image: METALLB }] }
  })
  cluster.change(podRef(name), (current) => ({ ...current, status: READY }), 'status')
}

function podRef(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE } }
}

describe('in the namespace', () => {
  test.each([
    ['the manifests', { app: 'metallb', component: 'speaker' }],
    ['the chart', { 'app.kubernetes.io/name': 'metallb', 'app.kubernetes.io/component': 'speaker' }]
  ])('those of %s of MetalLB are found, until they are gone', async (_what, labels) => {
    const { cluster, told, rivals } = await create()
    put(cluster, 'speaker-x', labels)
    await rivals.start(new AbortController().signal)
    expect(told).toEqual(['n1,speaker-x'])
    cluster.remove(podRef('speaker-x'))
    await cluster.eventually(() => expect(told).toEqual(['n1,speaker-x', '']))
  })

  test('those with our mark are not even read', async () => {
    const { cluster, told, rivals } = await create()
    put(cluster, 'speaker-x', { app: 'metallb', component: 'speaker', 'clarion.io/component': 'speaker' })
    await rivals.start(new AbortController().signal)
    expect(told).toEqual([])
  })

  test('who may not look goes on without', async () => {
    const { cluster, told, rivals } = await create()
    cluster.sim.faults.add({ match: { resource: 'pods' }, action: { type: 'status', code: 403 } })
    await rivals.start(new AbortController().signal)
    expect(new Set(told)).toEqual(new Set(['problem']))
  })
})
