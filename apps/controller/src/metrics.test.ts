import { pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test } from 'vitest'
import { ControllerBench, eventuallyAddresses } from '../test/controller-bench.ts'
import { METRICS } from './tokens.ts'

async function scrape({ root }: ControllerBench): Promise<readonly string[]> {
  const text = await root.resolve(METRICS).registry.metrics()
  return text.split('\n').filter((line) => line.startsWith('metallb_'))
}

test('the metrics of MetalLB tell pools, their use and the state of the configuration', async () => {
  const cluster = await TestCluster.start()
  const controller = await ControllerBench.start(cluster)
  expect(await scrape(controller)).toContain('metallb_k8s_client_config_loaded_bool 0')
  cluster.put(pool('main', ['192.0.2.0/28', '2001:db8::/124']))
  await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(1))
  cluster.put(service('web'))
  await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
  expect(await scrape(controller)).toEqual(
    expect.arrayContaining([
      'metallb_k8s_client_config_loaded_bool 1',
      'metallb_k8s_client_config_stale_bool 0',
      'metallb_k8s_client_update_errors_total 0',
      'metallb_allocator_addresses_total{pool="main"} 32',
      'metallb_allocator_ipv4_addresses_total{pool="main"} 16',
      'metallb_allocator_ipv6_addresses_total{pool="main"} 16',
      'metallb_allocator_addresses_in_use_total{pool="main"} 1',
      'metallb_allocator_ipv4_addresses_in_use_total{pool="main"} 1',
      'metallb_allocator_ipv6_addresses_in_use_total{pool="main"} 0',
      'metallb_allocator_services_allocated_total{pool="main"} 1'
    ])
  )
  cluster.put(pool('bad', ['x']))
  await cluster.eventually(() => expect(cluster.logs('configuration problem')).not.toEqual([]))
  expect(await scrape(controller)).toContain('metallb_k8s_client_config_stale_bool 1')
})

test('a pool that is gone has no series any more', async () => {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', ['192.0.2.0/28']))
  const controller = await ControllerBench.lead(cluster)
  cluster.put(service('web'))
  await eventuallyAddresses(cluster, { web: ['192.0.2.0'] })
  cluster.remove(pool('main', []))
  await eventuallyAddresses(cluster, { web: [] })
  expect((await scrape(controller)).filter((line) => line.includes('pool="main"'))).toEqual([])
  cluster.remove(serviceRef('web'))
})
