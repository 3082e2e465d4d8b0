import { pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressesOf, ControllerBench, eventuallyAddresses } from '../test/controller-bench.ts'

/** A leading controller with a pool of one address, which Service `first` has. */
async function startFull(): Promise<{ readonly cluster: TestCluster; readonly later: () => void }> {
  let now = Date.now()
  const cluster = await TestCluster.start({ now: () => now })
  cluster.put(pool('main', ['192.0.2.10/32']))
  await ControllerBench.lead(cluster)
  cluster.put(service('first'))
  await eventuallyAddresses(cluster, { first: ['192.0.2.10'] })
  return {
    cluster,
    later: () => {
      now += 1000
    }
  }
}

/** Creates Services that wait, each younger than the one before. */
async function wait(
  { cluster, later }: Awaited<ReturnType<typeof startFull>>,
  names: readonly string[]
): Promise<void> {
  for (const name of names) {
    later()
    cluster.put(service(name))
    await cluster.eventually(() => expect(cluster.events(name)).toEqual(['AllocationFailed 1']))
  }
}

describe('an address that is free again', () => {
  test('goes to the one that waits longest, and nobody else is written or told anything', async () => {
    const bench = await startFull()
    const { cluster } = bench
    await wait(bench, ['c', 'b', 'a'])
    cluster.remove(serviceRef('first'))
    await eventuallyAddresses(cluster, { c: ['192.0.2.10'], b: [], a: [] })
    expect(cluster.writes('services')).toEqual(['update status first', 'update status c'])
    cluster.remove(serviceRef('c'))
    await eventuallyAddresses(cluster, { b: ['192.0.2.10'], a: [] })
    cluster.remove(serviceRef('b'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
    expect(cluster.writes('services')).toHaveLength(4)
    for (const name of ['a', 'b', 'c']) expect(cluster.events(name)).toContain('AllocationFailed 1')
  })

  test('is passed on by those that cannot use it', async () => {
    const bench = await startFull()
    const { cluster, later } = bench
    later()
    cluster.put(service('other', {}, { annotations: { 'metallb.io/address-pool': 'absent' } }))
    await wait(bench, ['web'])
    cluster.remove(serviceRef('first'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'], other: [] })
    expect(cluster.writes('services')).toEqual(['update status first', 'update status web'])
  })

  test('is not lost on one that waits no more', async () => {
    const bench = await startFull()
    const { cluster } = bench
    await wait(bench, ['old', 'young'])
    cluster.put(service('old', { type: 'ClusterIP' }))
    cluster.remove(serviceRef('first'))
    await eventuallyAddresses(cluster, { young: ['192.0.2.10'], old: [] })
    expect(cluster.writes('services')).toEqual(['update status first', 'update status young'])
  })

  test('is not lost on one that is deleted in its turn', async () => {
    const bench = await startFull()
    const { cluster } = bench
    await wait(bench, ['old', 'young'])
    cluster.remove(serviceRef('first'))
    cluster.remove(serviceRef('old'))
    await eventuallyAddresses(cluster, { young: ['192.0.2.10'] })
    expect(cluster.writes('services')).toEqual(['update status first', 'update status young'])
  })

  test('by a change of pools goes to those that wait, the oldest first', async () => {
    const bench = await startFull()
    const { cluster } = bench
    await wait(bench, ['c', 'b', 'a'])
    cluster.put(pool('more', ['198.51.100.10-198.51.100.11']))
    await eventuallyAddresses(cluster, { c: ['198.51.100.10'], b: ['198.51.100.11'] })
    expect(addressesOf(cluster, 'a')).toEqual([])
  })
})

describe('sharing', () => {
  const shared = { annotations: { 'metallb.io/allow-shared-ip': 'key' } }

  test('one that waits for a port of a shared address has it when the port is free', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.put(service('a', { ports: [{ port: 80 }] }, shared))
    cluster.put(service('b', { ports: [{ port: 443 }] }, shared))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.10'] })
    cluster.put(service('c', { ports: [{ port: 443 }] }, shared))
    cluster.put(service('alone'))
    await cluster.eventually(() => {
      expect(cluster.events('c')).toEqual(['AllocationFailed 1'])
      expect(cluster.events('alone')).toEqual(['AllocationFailed 1'])
    })
    cluster.remove(serviceRef('b'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], c: ['192.0.2.10'], alone: [] })
  })
})
