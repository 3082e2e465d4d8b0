import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fixture, until } from './fixture.ts'

let fixture: Fixture

beforeAll(async () => {
  fixture = await Fixture.start()
})
afterAll(async () => fixture.stop())

test.each([
  ['web-ipv4', 80, 1],
  ['web-ipv6', 80, 1],
  ['web-dual', 80, 2],
  ['shop', 80, 1],
  ['shop-admin', 8443, 1],
  ['local-policy', 80, 1],
  ['requested', 80, 1]
])('%s is reached on every address that it has', async (name, port, count) => {
  const addresses = await fixture.addressesOf(name)
  expect(addresses).toHaveLength(count)
  for (const address of addresses) expect(await fixture.reach(address, port)).toContain('node-')
})

test('two Services with one sharing key have one address', async () => {
  expect(await fixture.addressesOf('shop-admin')).toEqual(await fixture.addressesOf('shop'))
})

test('a requested address is the one that it has', async () => {
  expect(await fixture.addressesOf('requested')).toEqual(['192.168.100.242'])
})

test('policy Local is answered by a node that has a backend of its own', async () => {
  const [address = ''] = await fixture.addressesOf('local-policy')
  await fixture.reach(address)
  expect(['node-1', 'node-2']).toContain(await fixture.answeringNode(address))
})

test('a Service that no pool can satisfy stays pending, and says why', async () => {
  const { addresses, reason } = await fixture.wait('out-of-reach', (state) => state.reason !== undefined)
  expect(addresses).toEqual([])
  expect(reason).toContain('pool "segment": 10.99.0.1 is not in it')
})

test('a Service that is deleted is answered for no more, and its address goes to one that waits for it', async () => {
  await fixture.createService('first')
  const [address = ''] = await fixture.addressesOf('first')
  await fixture.reach(address)
  await fixture.createService('second', {
    metadata: { annotations: { 'metallb.io/loadBalancerIPs': address } }
  })
  await fixture.wait('second', (state) => state.reason !== undefined)
  await fixture.cluster.api.delete('services', 'default', 'first')
  expect(await fixture.addressesOf('second')).toEqual([address])
  await fixture.reach(address)
  await fixture.cluster.api.delete('services', 'default', 'second')
  await until('the answers end', async () => ((await fixture.isAnswered(address)) ? undefined : true))
})

test('each announced Service has one ServiceL2Status, which names the node that answers', async () => {
  const [address = ''] = await fixture.addressesOf('web-ipv4')
  await fixture.reach(address)
  const node = await fixture.answeringNode(address)
  const { defineResource } = await import('@clarion-lb/k8s-watch')
  const statuses = defineResource<{
    metadata: { name: string }
    status?: { node?: string; serviceName?: string }
  }>({
    group: 'metallb.io',
    version: 'v1beta1',
    plural: 'servicel2statuses',
    kind: 'ServiceL2Status',
    isNamespaced: true
  })
  const client = await fixture.cluster.api.client()
  const found = await until('the status is written', async () => {
    const { items } = await client.list(statuses)
    const mine = items.filter(({ status }) => status?.serviceName === 'web-ipv4')
    return mine.length === 0 ? undefined : mine
  })
  expect(found.map(({ status }) => status?.node)).toEqual([node])
})
