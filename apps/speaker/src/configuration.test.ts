import type { JsonObject, KubeObject } from '@clarion-lb/kube-sim'
import { l2Advertisement, NAMESPACE, pool, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { putService, SpeakerBench, startCluster } from '../test/speaker-bench.ts'
import { METRICS, SPEAKER } from './tokens.ts'

const STATE: KubeObject = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'ConfigurationState',
  metadata: { name: 'speaker-n1', namespace: NAMESPACE }
}

function peer(name: string, spec: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name, namespace: NAMESPACE },
    spec: { myASN: 64500, peerASN: 64501, peerAddress: '192.0.2.1', ...spec }
  }
}

function stateOf(cluster: TestCluster): string {
  return JSON.stringify(cluster.find(STATE)?.['status'] ?? {})
}

async function scrape({ root }: SpeakerBench): Promise<string> {
  return root.resolve(METRICS).registry.metrics()
}

describe('the configuration of a speaker', () => {
  test('is Valid when all of it can be used', async () => {
    const cluster = await startCluster('n1')
    const speaker = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(stateOf(cluster)).toContain('"result":"Valid"'))
    expect(await scrape(speaker)).toContain('metallb_k8s_client_config_stale_bool 0')
  })

  test('names a BGPPeer that cannot be used; the others and layer 2 work all the same', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    cluster.put(peer('router-a', { passwordSecret: { name: 'missing' } }))
    const speaker = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(stateOf(cluster)).toContain('BGPPeer metallb-system/router-a'))
    expect(stateOf(cluster)).toContain('"result":"Invalid"')
    expect(speaker.plane.wanted).toEqual(['192.0.2.1'])
    expect(await scrape(speaker)).toContain('metallb_k8s_client_config_stale_bool 1')
    cluster.remove(peer('router-a'))
    await cluster.eventually(() => expect(stateOf(cluster)).toContain('"result":"Valid"'))
  })

  test('text for FRR is refused by name', async () => {
    const cluster = await startCluster('n1')
    cluster.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'bgpextras', namespace: NAMESPACE },
      data: { extras: 'router bgp 1' }
    })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(stateOf(cluster)).toContain('ConfigMap metallb-system/bgpextras'))
  })

  test('an object with an error disables itself only', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    cluster.put(pool('bad', ['192.0.2.300/32']))
    cluster.put(
      l2Advertisement('bad', { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Odd' }] }] })
    )
    const { plane } = await SpeakerBench.start(cluster)
    expect(plane.wanted).toEqual(['192.0.2.1'])
    await cluster.eventually(() => expect(stateOf(cluster)).toContain('IPAddressPool metallb-system/bad'))
    expect(stateOf(cluster)).toContain('L2Advertisement metallb-system/bad')
  })

  test('of old MetalLB, in a ConfigMap, works', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'web', { address: '198.51.100.1', nodes: ['n1'] })
    const config = 'address-pools: [{ name: old, protocol: layer2, addresses: [198.51.100.0/24] }]'
    cluster.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'legacy', namespace: NAMESPACE },
      data: { config }
    })
    const { plane } = await SpeakerBench.start(cluster, 'n1', ['--config=legacy'])
    expect(plane.wanted).toEqual(['198.51.100.1'])
  })
})

describe('readiness', () => {
  test('says what is missing until the first decisions are taken', async () => {
    const cluster = await startCluster('n1')
    const waiting = await SpeakerBench.create(cluster, 'n2')
    expect(waiting.root.resolve(SPEAKER).unreadyBecause()).toBe('Services are not read yet')
    const { root } = await SpeakerBench.start(cluster)
    expect(root.resolve(SPEAKER).unreadyBecause()).toBeUndefined()
  })
})
