import { serviceRef, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressWonBy, putService, SpeakerBench, startCluster, WITH_LEASES } from '../test/speaker-bench.ts'

/** Two speakers, each with an address of its own. */
async function startTwo(): Promise<{
  readonly cluster: TestCluster
  readonly one: SpeakerBench
  readonly two: SpeakerBench
  readonly wanted: () => readonly (readonly string[])[]
  readonly own: readonly (readonly string[])[]
}> {
  const cluster = await startCluster('n1', 'n2')
  const [first, second] = [addressWonBy('n1', 'n2'), addressWonBy('n2', 'n1')]
  putService(cluster, 'a', { address: first, nodes: ['n1'] })
  putService(cluster, 'b', { address: second, nodes: ['n2'] })
  const one = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
  const two = await SpeakerBench.start(cluster, 'n2', WITH_LEASES)
  const wanted = (): readonly (readonly string[])[] => [one.plane.wanted, two.plane.wanted]
  await cluster.eventually(() => expect(wanted()).toEqual([[first], [second]]))
  await cluster.eventually(() => expect(cluster.events('b')).not.toEqual([]))
  return { cluster, one, two, wanted, own: [[first], [second]] }
}

const WATCHED = ['services', 'endpointslices', 'nodes', 'leases', 'ipaddresspools', 'l2advertisements']

/** Resolves when the watches have failed, and Leases would have run out: they last four seconds. */
async function untilFelt(cluster: TestCluster): Promise<void> {
  await cluster.eventually(() => {
    const resources = new Set(cluster.logs('watch failed').map(({ resource }) => resource))
    expect([...resources]).toEqual(expect.arrayContaining(WATCHED.filter((name) => name !== 'leases')))
    // Each of two speakers tries a renewal each second.
    expect(cluster.logs('lease not renewed').length).toBeGreaterThan(8)
  })
}

/** Resolves when both speakers follow everything again, and have seen each other renew. */
async function untilBack(cluster: TestCluster, since: number): Promise<void> {
  await cluster.eventually(() => {
    const after = cluster.requests.slice(since)
    for (const agent of ['speaker-n1', 'speaker-n2']) {
      const mine = after.filter(({ userAgent }) => userAgent === agent)
      const watched = mine.filter(({ verb }) => verb === 'watch').map(({ resource }) => resource)
      expect(watched).toEqual(expect.arrayContaining(WATCHED))
      expect(
        mine.filter(({ verb, resource }) => verb === 'patch' && resource === 'leases').length
      ).toBeGreaterThan(1)
    }
  })
}

describe('an API server that is away', () => {
  test('changes nothing while it is away, nor when it is back as it was', async () => {
    const { cluster, one, two, wanted, own } = await startTwo()
    const changes = one.plane.changes.length + two.plane.changes.length
    const told = (): readonly number[] =>
      ['announced', 'withdrawn'].map((message) => cluster.logs(message).length)
    const before = told()
    const since = cluster.requests.length
    await cluster.sim.restart({ whileDown: () => untilFelt(cluster) })
    await untilBack(cluster, since)
    expect(wanted()).toEqual(own)
    expect(one.plane.changes.length + two.plane.changes.length).toBe(changes)
    expect(told()).toEqual(before)
  })

  test('what changed meanwhile counts when it is back', async () => {
    const { cluster, wanted, own } = await startTwo()
    await cluster.sim.restart({
      whileDown: async () => {
        await cluster.eventually(() => expect(cluster.logs('watch failed').length).toBeGreaterThan(3))
        cluster.remove(serviceRef('a'))
      }
    })
    await cluster.eventually(() => expect(wanted()).toEqual([[], own[1]]))
  })

  test('back without its objects it is believed', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const { plane } = await SpeakerBench.start(cluster)
    expect(plane.wanted).toEqual(['192.0.2.1'])
    await cluster.sim.restart({ data: 'lose' })
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
  })
})
