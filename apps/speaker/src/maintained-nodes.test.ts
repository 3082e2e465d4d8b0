import type { JsonObject } from '@clarion-lb/kube-sim'
import { NAMESPACE, node, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressWonBy, putService, SpeakerBench, startCluster } from '../test/speaker-bench.ts'

interface Pair {
  readonly cluster: TestCluster
  readonly one: SpeakerBench
  readonly two: SpeakerBench
  /** It is the first one's. */
  readonly address: string
}

async function startPair(argv: readonly string[] = []): Promise<Pair> {
  const cluster = await startCluster('n1', 'n2')
  const address = addressWonBy('n1', 'n2')
  putService(cluster, 'web', { address, nodes: ['n1'] })
  const one = await SpeakerBench.start(cluster, 'n1', argv)
  const two = await SpeakerBench.start(cluster, 'n2', argv)
  await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[address], []]))
  return { cluster, one, two, address }
}

/** The nodes that announce it, or stand by first. */
function placesOf({ one, two, address }: Pair): readonly string[] {
  return [
    one.plane.wanted.includes(address) ? 'n1' : '',
    two.plane.wanted.includes(address) ? 'n2' : ''
  ].filter(Boolean)
}

function change(cluster: TestCluster, what: JsonObject): void {
  cluster.put({ ...node('n1'), ...what, metadata: { name: 'n1', ...metadataOf(what) } })
}

const OUT_OF_SERVICE = {
  spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }
}

function metadataOf({ annotations }: JsonObject): object {
  return annotations === undefined ? {} : { annotations }
}

describe('a node in maintenance', () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ['by annotation', { annotations: { 'clarion.io/maintenance': 'disk' } }, []],
    ['by the taint of a node that is shut down', OUT_OF_SERVICE, []],
    ['by a cordon, if that is wanted', { spec: { unschedulable: true } }, ['--maintenance-on-cordon']]
  ])('%s: another one announces; afterwards it does again', async (_how, what, argv) => {
    const pair = await startPair(argv)
    change(pair.cluster, what)
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n2']))
    const [withdrawn] = pair.cluster.logs('withdrawn')
    expect(withdrawn?.['because']).toMatch(/^this node is in maintenance \(.+\), and node n2 is the first/)
    change(pair.cluster, {})
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n1']))
  })

  test('a cordon alone moves nothing, as in MetalLB', async () => {
    const pair = await startPair()
    change(pair.cluster, { spec: { unschedulable: true } })
    change(pair.cluster, { spec: { unschedulable: true }, annotations: { 'clarion.io/maintenance': '' } })
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n2']))
    change(pair.cluster, { spec: { unschedulable: true } })
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n1']))
  })

  test.each<[string, JsonObject]>([
    ['annotation', { annotations: { 'clarion.io/maintenance': '' } }],
    ['taint', OUT_OF_SERVICE]
  ])('the last one goes on: %s', async (_how, what) => {
    const pair = await startPair()
    change(pair.cluster, what)
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n2']))
    pair.cluster.put({ ...node('n2'), ...what, metadata: { name: 'n2', ...metadataOf(what) } })
    await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n1']))
  })
})

test('a speaker of MetalLB has its addresses until it is gone; who it is, is said', async () => {
  const pair = await startPair()
  const { cluster, one, two } = pair
  const rival = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'speaker-x', namespace: NAMESPACE, labels: { app: 'metallb', component: 'speaker' } }
  }
  cluster.put({
    ...rival,
    spec: { nodeName: 'n2', containers: [{ name: 'speaker', image: 'quay.io/metallb/speaker:v0.16.0' }] }
  })
  const status = { conditions: [{ type: 'Ready', status: 'True' }] }
  cluster.change(rival, (current) => ({ ...current, status }), 'status')
  await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], []]))
  expect(cluster.logs('speakers of MetalLB run beside this one')).toMatchObject([
    { pods: ['speaker-x (node n2)'] },
    { pods: ['speaker-x (node n2)'] }
  ])
  expect(cluster.logs('withdrawn')).toMatchObject([{ reason: 'besideMetalLB' }])
  cluster.remove(rival)
  await pair.cluster.eventually(() => expect(placesOf(pair)).toEqual(['n1']))
})
