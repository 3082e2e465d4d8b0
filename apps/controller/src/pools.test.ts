import { pool, service, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ControllerBench, eventuallyAddresses, poolOf } from '../test/controller-bench.ts'

/** A leading controller; Services `a` and `b` have .10 and .11 of pool `main`. */
async function startTwo(addresses = '192.0.2.10-192.0.2.11'): Promise<TestCluster> {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', [addresses]))
  await ControllerBench.lead(cluster)
  cluster.put(service('a'))
  await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
  cluster.put(service('b'))
  await eventuallyAddresses(cluster, { b: ['192.0.2.11'] })
  return cluster
}

const WRITTEN = ['update status a', 'update status b']

describe('a pool in use', () => {
  test('that grows changes no Service', async () => {
    const cluster = await startTwo()
    cluster.put(pool('main', ['192.0.2.0/24']))
    cluster.put(service('c'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'], c: ['192.0.2.0'] })
    expect(cluster.writes('services')).toEqual([...WRITTEN, 'update status c'])
  })

  test('that shrinks moves those only whose addresses it has no more', async () => {
    const cluster = await startTwo()
    cluster.put(pool('main', ['192.0.2.11-192.0.2.12']))
    await eventuallyAddresses(cluster, { a: ['192.0.2.12'], b: ['192.0.2.11'] })
    expect(cluster.writes('services')).toEqual([...WRITTEN, 'update status a'])
    await cluster.eventually(() => expect(cluster.events('a')).toContain('IPAllocated 1'))
  })

  test('that shrinks to too few takes the address of those without a place', async () => {
    const cluster = await startTwo()
    cluster.put(pool('main', ['192.0.2.11/32']))
    await eventuallyAddresses(cluster, { a: [], b: ['192.0.2.11'] })
    expect(poolOf(cluster, 'a')).toBeUndefined()
    await cluster.eventually(() => expect(cluster.events('a')).toContain('AllocationFailed 1'))
  })

  test('that is renamed leaves the addresses, and corrects the annotation', async () => {
    const cluster = await startTwo()
    cluster.remove(pool('main', []))
    cluster.put(pool('renamed', ['192.0.2.10-192.0.2.11']))
    await cluster.eventually(() => {
      expect(poolOf(cluster, 'a')).toBe('renamed')
      expect(poolOf(cluster, 'b')).toBe('renamed')
    })
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'] })
  })

  test('that is removed takes the addresses along; back again, Services have addresses again', async () => {
    const cluster = await startTwo()
    cluster.remove(pool('main', []))
    await eventuallyAddresses(cluster, { a: [], b: [] })
    cluster.put(pool('main', ['192.0.2.10-192.0.2.11']))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'] })
    expect(cluster.writes('services')).toHaveLength(6)
  })

  test('that becomes wrong counts as removed, and is reported; others stay', async () => {
    const cluster = await startTwo()
    cluster.put(pool('more', ['198.51.100.10/32']))
    cluster.put(service('c', {}, { annotations: { 'metallb.io/address-pool': 'more' } }))
    await eventuallyAddresses(cluster, { c: ['198.51.100.10'] })
    cluster.put(pool('more', ['198.51.100.300/32']))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'], c: [] })
    expect(cluster.logs('configuration problem')).toMatchObject([{ kind: 'IPAddressPool', name: 'more' }])
  })

  test('beside a new one is not touched', async () => {
    const cluster = await startTwo()
    cluster.put(pool('aaa', ['198.51.100.10/32']))
    cluster.put(service('c'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'], c: ['198.51.100.10'] })
    expect(cluster.writes('services')).toEqual([...WRITTEN, 'update status c'])
  })

  test('whose object changes without changing a pool changes nothing', async () => {
    const cluster = await startTwo()
    cluster.put({
      ...pool('main', ['192.0.2.10-192.0.2.11'], { autoAssign: true }),
      metadata: { name: 'main', namespace: 'metallb-system', labels: { a: 'b' } }
    })
    cluster.put(pool('more', ['198.51.100.10/32']))
    cluster.put(service('c'))
    await eventuallyAddresses(cluster, { c: ['198.51.100.10'] })
    expect(cluster.writes('services')).toEqual([...WRITTEN, 'update status c'])
  })
})
