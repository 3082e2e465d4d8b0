import { pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ControllerBench, eventuallyAddresses } from '../test/controller-bench.ts'
import { CONTROLLER } from './tokens.ts'

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'clarion-controller', namespace: 'metallb-system' }
}

async function startServed(names: readonly string[]): Promise<{
  readonly cluster: TestCluster
  readonly one: ControllerBench
  readonly addresses: Readonly<Record<string, readonly string[]>>
}> {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
  const one = await ControllerBench.lead(cluster)
  const addresses: Record<string, readonly string[]> = {}
  for (const [i, name] of names.entries()) {
    cluster.put(service(name))
    addresses[name] = [`192.0.2.${10 + i}`]
    await eventuallyAddresses(cluster, addresses)
  }
  return { cluster, one, addresses }
}

/** Ends the leader, and resolves when the next one's term is about to begin: it waits for a page of the list of Services. */
async function beginTerm(
  cluster: TestCluster,
  leader: ControllerBench,
  { slowPage }: { readonly slowPage: number }
): Promise<void> {
  const next = await ControllerBench.start(cluster, { identity: 'two' })
  const { faults } = cluster.sim
  await cluster.eventually(() => expect(next.root.resolve(CONTROLLER).unreadyBecause()).toBeUndefined())
  const match = { resource: 'services', verbs: ['list'], userAgent: 'controller-two' } as const
  if (slowPage > 1) faults.add({ match, action: { type: 'delay', ms: 0 }, times: slowPage - 1 })
  const slow = faults.add({ match, action: { type: 'delay', ms: 500 }, times: 1 })
  await leader.stop()
  await cluster.eventually(() => expect(faults.list().find(({ id }) => id === slow)?.hits).toBe(1))
}

describe('a restart', () => {
  test('writes no Service, and leaves every address where it was', async () => {
    const { cluster, one, addresses } = await startServed(['c', 'b', 'a'])
    await one.stop()
    const before = cluster.list('/services')
    await ControllerBench.lead(cluster)
    // The last in line: when it has an address, the others have been looked at.
    cluster.put(service('last'))
    await eventuallyAddresses(cluster, { ...addresses, last: ['192.0.2.13'] })
    expect(cluster.list('/services').filter(({ metadata }) => metadata.name !== 'last')).toEqual(before)
    expect(cluster.writes('services').slice(3)).toEqual(['update status last'])
  })

  test('gives addresses that were freed meanwhile to those that wait', async () => {
    const { cluster, one } = await startServed(['a', 'b'])
    await one.stop()
    cluster.remove(serviceRef('a'))
    cluster.put(service('c'))
    await ControllerBench.lead(cluster)
    await eventuallyAddresses(cluster, { b: ['192.0.2.11'], c: ['192.0.2.10'] })
    expect(cluster.writes('services').slice(2)).toEqual(['update status c'])
  })

  test('after a change of pools leaves those alone that can keep what they have', async () => {
    const { cluster, one } = await startServed(['a', 'b'])
    await one.stop()
    cluster.put(pool('main', ['192.0.2.11-192.0.2.12']))
    await ControllerBench.lead(cluster)
    await eventuallyAddresses(cluster, { a: ['192.0.2.12'], b: ['192.0.2.11'] })
    expect(cluster.writes('services').slice(2)).toEqual(['update status a'])
  })

  test('after a change of wishes takes nothing that another one has', async () => {
    const { cluster, one } = await startServed(['a', 'b'])
    await one.stop()
    const annotations = { 'metallb.io/loadBalancerIPs': '192.0.2.11' }
    cluster.change(serviceRef('a'), ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, annotations }
    }))
    await ControllerBench.lead(cluster)
    await eventuallyAddresses(cluster, { a: [], b: ['192.0.2.11'] })
    cluster.remove(serviceRef('b'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.11'] })
    expect(cluster.writes('services').slice(2)).toEqual(['update status a', 'update status a'])
  })
})

describe('two controllers', () => {
  test('one leads; when it stops the other leads at once, with the same addresses and no write', async () => {
    const { cluster, one, addresses } = await startServed(['a', 'b'])
    const two = await ControllerBench.start(cluster, { identity: 'two' })
    cluster.put(service('c'))
    await eventuallyAddresses(cluster, { ...addresses, c: ['192.0.2.12'] })
    expect([one.isLeader, two.isLeader]).toEqual([true, false])
    await one.stop()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(2))
    expect(two.isLeader).toBe(true)
    cluster.put(service('d'))
    await eventuallyAddresses(cluster, { ...addresses, c: ['192.0.2.12'], d: ['192.0.2.13'] })
    expect(cluster.writes('services', 'controller-two')).toEqual(['update status d'])
    expect(cluster.get(LEASE)['spec']).toMatchObject({ holderIdentity: 'two' })
  })

  test('who can renew no more stops writing before another one leads', async () => {
    const { cluster, one, addresses } = await startServed(['a'])
    const two = await ControllerBench.start(cluster, { identity: 'two' })
    cluster.sim.faults.add({
      match: { resource: 'leases', userAgent: 'controller-one' },
      action: { type: 'status', code: 500 }
    })
    await cluster.eventually(() => expect(cluster.logs('leadership lost')).toHaveLength(1))
    expect([one.isLeader, two.isLeader]).toEqual([false, false])
    cluster.put(service('b'))
    await eventuallyAddresses(cluster, { ...addresses, b: ['192.0.2.11'] })
    expect(two.isLeader).toBe(true)
    expect(cluster.writes('services', 'controller-one')).toEqual(['update status a'])
    expect(cluster.writes('services', 'controller-two')).toEqual(['update status b'])
  })
})

describe('the beginning of a term', () => {
  test('that fails is tried again', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    cluster.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'other', namespace: 'metallb-system' }
    })
    cluster.sim.faults.add({
      match: { resource: 'secrets', verbs: ['get'] },
      action: { type: 'status', code: 500 },
      times: 1
    })
    await ControllerBench.lead(cluster, { argv: ['--ml-secret-name=memberlist'] })
    expect(cluster.logs('could not begin to lead')).toHaveLength(1)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
  })

  test('knows of a pool that comes while it is under way', async () => {
    const { cluster, one, addresses } = await startServed(['a'])
    await beginTerm(cluster, one, { slowPage: 1 })
    cluster.put(pool('more', ['192.0.2.30/32']))
    cluster.put(service('b', {}, { annotations: { 'metallb.io/address-pool': 'more' } }))
    await eventuallyAddresses(cluster, { ...addresses, b: ['192.0.2.30'] })
    expect(cluster.writes('services', 'controller-two')).toEqual(['update status b'])
  })

  test('knows of a Service that comes while others are listed, and of one that goes', async () => {
    const { cluster, one, addresses } = await startServed(['a', 'b'])
    // Two pages, of which the second one is as old as the first.
    for (let i = 0; i < 500; i++) cluster.put(service(`inside-${i}`, { type: 'ClusterIP' }))
    await beginTerm(cluster, one, { slowPage: 2 })
    cluster.remove(serviceRef('a'))
    cluster.put(service('c'))
    await eventuallyAddresses(cluster, { b: addresses['b'] ?? [], c: ['192.0.2.10'] })
    expect(cluster.writes('services', 'controller-two')).toEqual(['update status c'])
  })

  test('waits for the configuration: a missing CustomResourceDefinition takes no address away', async () => {
    const { cluster, one, addresses } = await startServed(['a'])
    await one.stop()
    cluster.removeCrd('ipaddresspools.metallb.io')
    await ControllerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.logs('configuration is not available')).not.toEqual([]))
    cluster.putCrd('ipaddresspools.metallb.io')
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    cluster.put(service('b'))
    await eventuallyAddresses(cluster, { ...addresses, b: ['192.0.2.11'] })
    expect(cluster.writes('services')).toEqual(['update status a', 'update status b'])
  })
})
