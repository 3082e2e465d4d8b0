import { pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ControllerBench, eventuallyAddresses, poolOf } from '../test/controller-bench.ts'

const PREFER_DUAL = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] }
const V6 = { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] }

/** A leading controller with these pools. */
async function lead(...pools: readonly ReturnType<typeof pool>[]): Promise<TestCluster> {
  const cluster = await TestCluster.start()
  for (const one of pools) cluster.put(one)
  await ControllerBench.lead(cluster)
  return cluster
}

function annotated(
  name: string,
  value: string,
  prefix = 'metallb.io'
): object & { annotations: Record<string, string> } {
  return { annotations: { [`${prefix}/${name}`]: value } }
}

describe('dual stack', () => {
  test('a Service that prefers both has one while there is one, and the other when it is free', async () => {
    const cluster = await lead(pool('main', ['192.0.2.10-192.0.2.19', '2001:db8::10/128']))
    cluster.put(service('six', V6))
    await eventuallyAddresses(cluster, { six: ['2001:db8::10'] })
    cluster.put(service('both', PREFER_DUAL))
    await eventuallyAddresses(cluster, { both: ['192.0.2.10'] })
    await cluster.eventually(() =>
      expect(cluster.events('both')).toEqual(
        expect.arrayContaining(['IPAllocated 1', 'AdditionalAssignFailed 1'])
      )
    )
    cluster.remove(serviceRef('six'))
    await eventuallyAddresses(cluster, { both: ['192.0.2.10', '2001:db8::10'] })
  })

  test('what it asks for by address has to be of one pool', async () => {
    const cluster = await lead(pool('four', ['192.0.2.10/32']), pool('six', ['2001:db8::10/128']))
    cluster.put(service('both', PREFER_DUAL, annotated('loadBalancerIPs', '192.0.2.10, 2001:db8::10')))
    await cluster.eventually(() => expect(cluster.events('both')).toEqual(['AllocationFailed 1']))
    cluster.remove(pool('six', []))
    cluster.put(pool('four', ['192.0.2.10/32', '2001:db8::10/128']))
    await eventuallyAddresses(cluster, { both: ['192.0.2.10', '2001:db8::10'] })
  })
})

describe('an address that is asked for and taken', () => {
  test.each([
    ['its holder is deleted', (cluster: TestCluster) => cluster.remove(serviceRef('holder'))],
    [
      'its holder is of another type',
      (cluster: TestCluster) => cluster.put(service('holder', { type: 'ClusterIP' }))
    ],
    [
      'its holder asks for another',
      (cluster: TestCluster) => cluster.put(service('holder', {}, annotated('loadBalancerIPs', '192.0.2.12')))
    ]
  ])('is there when %s', async (_what, change) => {
    const cluster = await lead(pool('main', ['192.0.2.10-192.0.2.19']))
    cluster.put(service('holder'))
    await eventuallyAddresses(cluster, { holder: ['192.0.2.10'] })
    cluster.put(service('asker', {}, annotated('loadBalancerIPs', '192.0.2.10')))
    await cluster.eventually(() => expect(cluster.events('asker')).toEqual(['AllocationFailed 1']))
    change(cluster)
    await eventuallyAddresses(cluster, { asker: ['192.0.2.10'] })
  })
})

describe('a sharer', () => {
  const shared = annotated('allow-shared-ip', 'key')

  test('that takes the port of another moves away; the other one stays', async () => {
    const cluster = await lead(pool('main', ['192.0.2.10-192.0.2.11']))
    cluster.put(service('a', { ports: [{ port: 80 }] }, shared))
    cluster.put(service('b', { ports: [{ port: 443 }] }, shared))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.10'] })
    cluster.put(service('b', { ports: [{ port: 80 }] }, shared))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'] })
    await cluster.eventually(() => expect(cluster.events('b').join()).toContain('ClearAssignment'))
  })

  test('that ceases to share has an address of its own, if there is one', async () => {
    const cluster = await lead(pool('main', ['192.0.2.10-192.0.2.11']))
    cluster.put(service('a', { ports: [{ port: 80 }] }, shared))
    cluster.put(service('b', { ports: [{ port: 443 }] }, shared))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.10'] })
    cluster.put(service('b', { ports: [{ port: 443 }] }))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'] })
    expect(cluster.writes('services').filter((write) => write.endsWith(' a'))).toHaveLength(1)
  })
})

describe('a pool', () => {
  test('that is not automatic any more leaves what it gave, and gives no more until it is asked for', async () => {
    const cluster = await lead(pool('main', ['192.0.2.10-192.0.2.19']))
    cluster.put(service('a'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
    cluster.put(pool('main', ['192.0.2.10-192.0.2.19'], { autoAssign: false }))
    await cluster.eventually(() => expect(cluster.logs('pools')).toHaveLength(2))
    cluster.put(service('b'))
    await cluster.eventually(() => expect(cluster.events('b')).toEqual(['AllocationFailed 1']))
    cluster.put(service('c', {}, annotated('address-pool', 'main')))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], c: ['192.0.2.11'] })
    cluster.put(pool('main', ['192.0.2.10-192.0.2.19']))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.12'], c: ['192.0.2.11'] })
  })

  test('that avoids .0 and .255 now gives those who had them another', async () => {
    const cluster = await lead(pool('main', ['192.0.2.0/30']))
    cluster.put(service('a'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.0'] })
    cluster.put(service('b'))
    await eventuallyAddresses(cluster, { b: ['192.0.2.1'] })
    cluster.put(pool('main', ['192.0.2.0/30'], { avoidBuggyIPs: true }))
    await eventuallyAddresses(cluster, { a: ['192.0.2.2'], b: ['192.0.2.1'] })
    expect(cluster.writes('services').filter((write) => write.endsWith(' b'))).toHaveLength(1)
  })

  test('that is renamed is asked for by its new name', async () => {
    const cluster = await lead(pool('old', ['192.0.2.10-192.0.2.19']))
    cluster.put(service('a', {}, annotated('address-pool', 'old')))
    cluster.put(service('b'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'], b: ['192.0.2.11'] })
    cluster.remove(pool('old', []))
    cluster.put(pool('new', ['192.0.2.10-192.0.2.19']))
    await eventuallyAddresses(cluster, { a: [], b: ['192.0.2.11'] })
    cluster.put(service('a', {}, annotated('address-pool', 'new')))
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
    await cluster.eventually(() =>
      expect([poolOf(cluster, 'a'), poolOf(cluster, 'b')]).toEqual(['new', 'new'])
    )
  })
})

describe('annotations', () => {
  test('the deprecated form counts where the other is absent', async () => {
    const cluster = await lead(pool('lan', ['192.0.2.10/32']), pool('wan', ['198.51.100.10/32']))
    const { annotations: old } = annotated('address-pool', 'wan', 'metallb.universe.tf')
    cluster.put(service('a', {}, { annotations: old }))
    await eventuallyAddresses(cluster, { a: ['198.51.100.10'] })
    cluster.put(
      service('a', {}, { annotations: { ...old, ...annotated('address-pool', 'lan').annotations } })
    )
    await eventuallyAddresses(cluster, { a: ['192.0.2.10'] })
    expect(poolOf(cluster, 'a')).toBe('lan')
  })
})

describe('the legacy ConfigMap', () => {
  test('that is broken or deleted takes no address away, and counts again when it is mended', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    const map = (config: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config', namespace: 'metallb-system' },
      data: { config }
    })
    const pools =
      'address-pools:\n- {name: lan, protocol: layer2, avoid-buggy-ips: yes, addresses: [192.0.2.0/30]}'
    cluster.put(map(pools))
    await ControllerBench.lead(cluster, { argv: ['--config=config'] })
    cluster.put(service('a'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.1'] })
    cluster.put(map('address-pools: ['))
    await cluster.eventually(() => expect(cluster.logs('configuration is not available')).toHaveLength(1))
    cluster.remove(map(''))
    await cluster.eventually(() => expect(cluster.logs('configuration is not available')).toHaveLength(2))
    cluster.put(service('b'))
    await eventuallyAddresses(cluster, { a: ['192.0.2.1'], b: ['192.0.2.2'] })
    cluster.put(map(pools.replace('192.0.2.0/30', '192.0.2.2-192.0.2.3')))
    await eventuallyAddresses(cluster, { a: ['192.0.2.3'], b: ['192.0.2.2'] })
  })
})
