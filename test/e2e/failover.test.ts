import type { Outage } from '@clarion-lb/lab'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fixture, until } from './fixture.ts'

let fixture: Fixture
let address: string
let announcer: string

beforeAll(async () => {
  fixture = await Fixture.start({ CLARION_TAKE_BACK_DELAY: '2s' })
  // Its traffic stays on the node that answers: what is lost is lost on the way there.
  const [first = ''] = await fixture.addressesOf('local-policy')
  address = first
  await fixture.reach(address)
  announcer = (await fixture.answeringNode(address)) ?? ''
})
afterAll(async () => fixture.stop())

/** What clients suffer while something is done to the cluster: a request each 10 ms. */
async function outageDuring(work: () => Promise<void>): Promise<Outage> {
  await fixture.cluster.client.startLoad(`http://${address}/`)
  await work()
  return fixture.cluster.client.stopLoad()
}

/** Connections that are open when the address moves are the old owner's: no more than those are lost. */
const openAt = ({ openRequests }: Outage, moves = 1): number => moves * openRequests
/** With Leases a node is missed after that, at the earliest; a busy machine may take a good part of it. */
const LEASE_MS = 4000

const isOther = (node: string): boolean => node !== announcer
const isSame = (node: string): boolean => node === announcer

async function withoutApi(work: () => Promise<void>): Promise<void> {
  const { apiServer } = fixture.cluster
  apiServer.kill('SIGKILL')
  await apiServer.exited()
  try {
    await work()
  } finally {
    apiServer.start()
  }
  await until('the API server answers', async () => fixture.allAddresses())
}

test('a node that is cut off is replaced without the API server, and takes back without a gap', async () => {
  const { segment } = fixture.cluster
  await withoutApi(async () => {
    const away = await outageDuring(async () => {
      await segment.cutOff(announcer)
      await fixture.waitForNode(address, isOther)
    })
    expect(away.lostRequests).toBeGreaterThan(0)
    expect(away.lossMs).toBeLessThan(LEASE_MS)
    const back = await outageDuring(async () => {
      await segment.mend(announcer)
      await fixture.waitForNode(address, isSame)
    })
    expect(back.lostRequests).toBeLessThanOrEqual(openAt(back))
  })
})

test('a speaker that is killed is replaced, while its node goes on', async () => {
  const speaker = fixture.cluster.speakers.get(announcer)
  const away = await outageDuring(async () => {
    speaker?.kill('SIGKILL')
    await speaker?.exited()
    await fixture.waitForNode(address, isOther)
  })
  expect(away.lossMs).toBeLessThan(LEASE_MS)
  const back = await outageDuring(async () => {
    speaker?.start()
    await fixture.waitForNode(address, isSame)
  })
  expect(back.lostRequests).toBeLessThanOrEqual(openAt(back))
})

test('a speaker that ends in order loses nothing, nor does its return', async () => {
  const speaker = fixture.cluster.speakers.get(announcer)
  const away = await outageDuring(async () => {
    await speaker?.stop()
    await fixture.waitForNode(address, isOther)
    speaker?.start()
    await fixture.waitForNode(address, isSame)
  })
  expect(away.lostRequests).toBeLessThanOrEqual(openAt(away, 2))
})

test('a cable that only announcements need may be pulled, too; back, it is counted on after a while, without a gap', async () => {
  const { segment, nodeNames, api, client } = fixture.cluster
  const nodes = new Map<string, string>()
  for (const name of nodeNames) {
    await segment.addInterface(name, 'lan1')
    nodes.set(await segment.linkLayerAddressOf(name, 'lan1'), name)
  }
  const waitForNode = async (isWanted: (node: string) => boolean): Promise<string> =>
    until(`another node answers for ${address} on lan1`, async () => {
      await client.probe(`http://${address}/`, 100)
      const entry = (await client.neighbours()).find(({ dst }) => dst === address)
      const node = nodes.get(entry?.lladdr ?? '')
      return node !== undefined && isWanted(node) ? node : undefined
    })
  await api.apply({
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'segment', namespace: 'metallb-system' },
    spec: { ipAddressPools: ['segment', 'reserved'], interfaces: ['lan1'] }
  })
  await waitForNode(isSame)
  const away = await outageDuring(async () => {
    await segment.pullCable(announcer, 'lan1')
    await waitForNode(isOther)
  })
  expect(away.lossMs).toBeLessThan(LEASE_MS)
  const back = await outageDuring(async () => {
    await segment.plugCable(announcer, 'lan1')
    await waitForNode(isSame)
  })
  expect(back.lostRequests).toBeLessThanOrEqual(openAt(back))
})
