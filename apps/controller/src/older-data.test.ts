import { pool, service, TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test } from 'vitest'
import { ControllerBench, eventuallyAddresses } from '../test/controller-bench.ts'

test('an API server that is back with older data has the addresses that Services lost in it written again', async () => {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
  await ControllerBench.lead(cluster)
  cluster.put(service('a'))
  await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
  cluster.put(service('b'))
  const older = cluster.sim.store.snapshot()
  const addresses = { a: ['192.0.2.10'], b: ['192.0.2.11'] }
  await eventuallyAddresses(cluster, addresses)
  cluster.put(service('c'))
  await eventuallyAddresses(cluster, { c: ['192.0.2.12'] })

  await cluster.sim.restart({ data: older })
  // Also the one that was written right before it went back.
  await eventuallyAddresses(cluster, addresses)
  // The one that the older data do not know has given its address back.
  cluster.put(service('d'))
  await eventuallyAddresses(cluster, { ...addresses, d: ['192.0.2.12'] })
  expect(cluster.list('/services').map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'd'])
})
