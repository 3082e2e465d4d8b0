import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fixture, until } from './fixture.ts'

let fixture: Fixture
let address: string
let announcer: string

beforeAll(async () => {
  // A node that stands still for half a second, as one may here, is to stay who it is.
  fixture = await Fixture.start({}, ['--ml-wan-config'])
  const [first = ''] = await fixture.addressesOf('web-ipv4')
  address = first
  await fixture.reach(address)
  announcer = (await fixture.answeringNode(address)) ?? ''
})
afterAll(async () => fixture.stop())

const isOther = (node: string): boolean => node !== announcer
const isSame = (node: string): boolean => node === announcer

test('a pulled cable: another node takes over; put back: the first one answers again', async () => {
  await fixture.cluster.segment.pullCable(announcer)
  expect(await fixture.waitForNode(address, isOther)).not.toBe(announcer)
  await fixture.reach(address)
  await fixture.cluster.segment.plugCable(announcer)
  await fixture.waitForNode(address, isSame)
  await fixture.reach(address)
})

test('kill -9 of the speaker that answers: another node takes over; started again, it answers again', async () => {
  const speaker = fixture.cluster.speakers.get(announcer)
  speaker?.kill('SIGKILL')
  await speaker?.exited()
  expect(await fixture.waitForNode(address, isOther)).not.toBe(announcer)
  await fixture.reach(address)
  speaker?.start()
  await fixture.waitForNode(address, isSame)
  await fixture.reach(address)
})

test('an orderly end of the speaker that answers hands its addresses over', async () => {
  const speaker = fixture.cluster.speakers.get(announcer)
  await speaker?.stop()
  expect(await fixture.waitForNode(address, isOther)).not.toBe(announcer)
  await fixture.reach(address)
  speaker?.start()
  await fixture.waitForNode(address, isSame)
})

test('kill -9 of the controller at any moment: the same addresses after it, and none given out twice', async () => {
  const { controller } = fixture.cluster
  const before = await fixture.allAddresses()
  for (const round of [1, 2, 3]) {
    const names = Array.from({ length: 4 }, (_, i) => `killed-${round}-${i}`)
    await Promise.all(names.map((name) => fixture.createService(name)))
    controller.kill('SIGKILL')
    await controller.exited()
    controller.start()
    for (const name of names) await fixture.addressesOf(name)
  }
  const after = await fixture.allAddresses()
  expect(after).toMatchObject(before)
  const { shop: _shop, ...alone } = after
  const given = Object.values(alone).flat()
  expect(new Set(given).size).toBe(given.length)
})

test('without the API server answers go on, and nothing changes when it is back with its data', async () => {
  const { apiServer } = fixture.cluster
  const before = await fixture.allAddresses()
  apiServer.kill('SIGKILL')
  await apiServer.exited()
  // Longer than a Lease of a speaker lasts, so that a speaker that trusts its clock would give up.
  const endAt = performance.now() + 10_000
  while (performance.now() < endAt) {
    expect(await fixture.reach(address)).toContain('node-')
    expect(await fixture.answeringNode(address)).toBe(announcer)
  }
  apiServer.start()
  await until('the API server answers', async () => fixture.allAddresses())
  await fixture.createService('after-outage')
  const [late = ''] = await fixture.addressesOf('after-outage')
  await fixture.reach(late)
  expect(await fixture.allAddresses()).toMatchObject(before)
  expect(await fixture.answeringNode(address)).toBe(announcer)
})

test('a node that is labelled to be left out hands its addresses over', async () => {
  const label = 'node.kubernetes.io/exclude-from-external-load-balancers'
  const { NODES } = await import('@clarion-lb/k8s-watch')
  const client = await fixture.cluster.api.client()
  const set = async (value: string | null): Promise<void> => {
    const body = { metadata: { labels: { [label]: value } } }
    await client.patch(NODES, { namespace: '', name: announcer }, { type: 'merge', body })
  }
  await set('')
  expect(await fixture.waitForNode(address, isOther)).not.toBe(announcer)
  await set(null)
  await fixture.waitForNode(address, isSame)
  expect(await fixture.reach(address)).toContain('node-')
})
