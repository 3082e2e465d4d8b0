import { KubeApiError, SERVICES } from '@clarion-lb/k8s-watch'
import { BFD_PROFILES, BGP_PEERS, COMMUNITIES, IP_ADDRESS_POOLS } from '@clarion-lb/runtime'
import { NAMESPACE, node, pool, type TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test } from 'vitest'
import { eventuallyInjected, SERVICE, startWebhookCluster, startWebhooks } from '../../test/webhook-bench.ts'

/** A cluster whose API server asks our webhooks. */
async function startAsking(): Promise<TestCluster> {
  const cluster = await startWebhookCluster()
  const { port } = await startWebhooks(cluster, { argv: ['--bgp-type=frr'] })
  await eventuallyInjected(cluster)
  await cluster.eventually(() => expect(cluster.logs('webhooks served')).toHaveLength(1))
  cluster.put({ apiVersion: 'v1', kind: 'Service', metadata: SERVICE, spec: { ports: [{ port: 443 }] } })
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...SERVICE, labels: { 'kubernetes.io/service-name': SERVICE.name } },
    addressType: 'IPv4',
    ports: [{ port }],
    endpoints: [{ addresses: ['127.0.0.1'] }]
  })
  return cluster
}

const metadata = (name: string) => ({ name, namespace: NAMESPACE })

/** The server's words when it refuses. */
async function refusalOf(write: Promise<unknown>): Promise<string | undefined> {
  try {
    await write
    return undefined
  } catch (error) {
    if (error instanceof KubeApiError) return `${error.status} ${error.serverMessage}`
    throw error
  }
}

test('what was created a moment ago counts', async () => {
  const cluster = await startAsking()
  const client = await cluster.client()
  const create = (name: string, ...addresses: readonly string[]) =>
    refusalOf(client.create(IP_ADDRESS_POOLS, { metadata: metadata(name), spec: { addresses } }))
  expect(await create('a', '192.0.2.0/25')).toBeUndefined()
  expect(await create('b', '192.0.2.64/26')).toMatch(
    /^403 .* denied the request: IPAddressPool .*overlaps 192\.0\.2\.0\/25/
  )
  expect(await create('c', '192.0.2.128/25')).toBeUndefined()
})

test('peers on one node are told apart by what nodes there are', async () => {
  const cluster = await startAsking()
  cluster.put(node('a', { zone: '1' }))
  cluster.put(node('b', { zone: '2' }))
  const client = await cluster.client()
  const create = (name: string, zone: string) => {
    const spec = {
      myASN: 1,
      peerASN: 2,
      peerAddress: '192.0.2.1',
      nodeSelectors: [{ matchLabels: { zone } }]
    }
    return refusalOf(client.create(BGP_PEERS, { metadata: metadata(name), spec }))
  }
  expect(await create('x', '1')).toBeUndefined()
  expect(await create('y', '2')).toBeUndefined()
  expect(await create('z', '1')).toContain('BGPPeer x is the same session')
})

test('a profile is deleted when no peer uses it any more', async () => {
  const cluster = await startAsking()
  const client = await cluster.client()
  await client.create(BFD_PROFILES, { metadata: metadata('fast'), spec: {} })
  const spec = { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', bfdProfile: 'fast' }
  await client.create(BGP_PEERS, { metadata: metadata('user'), spec })
  expect(await refusalOf(client.delete(BFD_PROFILES, metadata('fast')))).toContain('BGPPeer user uses it')
  await client.delete(BGP_PEERS, metadata('user'))
  expect(await refusalOf(client.delete(BFD_PROFILES, metadata('fast')))).toBeUndefined()
})

test('a pool may shrink under Services and namespaces that selectors name; what is read for it is little', async () => {
  const cluster = await startAsking()
  cluster.put(pool('main', ['192.0.2.0/24']))
  const client = await cluster.client('user')
  await client.create(SERVICES, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] }
  })
  const before = cluster.requests.length
  const spec = { addresses: ['192.0.2.128/25'], serviceAllocation: { namespaceSelectors: [{}] } }
  const patch = { type: 'merge', body: { spec } } as const
  expect(await refusalOf(client.patch(IP_ADDRESS_POOLS, metadata('main'), patch))).toBeUndefined()
  const read = cluster.requests.slice(before).filter(({ verb }) => verb === 'list')
  expect(read.map(({ resource }) => resource)).not.toContain('nodes')
  expect(read.map(({ resource }) => resource)).toEqual(expect.arrayContaining(['services', 'namespaces']))
})

test('while the API server does not tell what there is, failurePolicy decides', async () => {
  const cluster = await startAsking()
  const client = await cluster.client('user')
  const match = { resource: 'communities', verbs: ['list'] } as const
  cluster.sim.faults.add({ match, action: { type: 'status', code: 403 } })
  const create = client.create(COMMUNITIES, { metadata: metadata('c'), spec: {} })
  expect(await refusalOf(create)).toMatch(/^500 .*failed calling webhook "communityvalidationwebhook/)
  expect(cluster.logs('review failed')).toHaveLength(1)
})

test('a Secret that may not be read says nothing', async () => {
  const cluster = await startAsking()
  const client = await cluster.client('user')
  cluster.sim.faults.add({ match: { resource: 'secrets' }, action: { type: 'status', code: 403 } })
  const spec = { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', passwordSecret: { name: 's' } }
  expect(await refusalOf(client.create(BGP_PEERS, { metadata: metadata('p'), spec }))).toBeUndefined()
})
