import { pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressesOf, ControllerBench, eventuallyAddresses, poolOf } from '../test/controller-bench.ts'

describe('a Service', () => {
  test('gets an address, the name of its pool and an event', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    expect(poolOf(cluster, 'web')).toBe('main')
    expect(cluster.writes('services')).toEqual(['update status web'])
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['IPAllocated 1']))
  })

  test('of another type is left alone', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    cluster.put(service('inner', { type: 'ClusterIP' }))
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'], inner: [] })
    expect(cluster.writes('services')).toEqual(['update status web'])
  })

  test('that turns into another type gives its address back, and its annotation is gone', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    cluster.put(service('next'))
    cluster.put(service('web', { type: 'ClusterIP' }))
    await eventuallyAddresses(cluster, { web: [], next: ['192.0.2.10'] })
    await cluster.eventually(() => expect(poolOf(cluster, 'web')).toBeUndefined())
  })

  test('whose status or annotation somebody edits has them restored', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.15' }] } }
    cluster.change(serviceRef('web'), (current) => ({ ...current, status }), 'status')
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    cluster.change(serviceRef('web'), ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, annotations: {} }
    }))
    await cluster.eventually(() => expect(poolOf(cluster, 'web')).toBe('main'))
    expect(cluster.writes('services')).toHaveLength(3)
  })

  test('that changes in what is none of our business is not written', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    cluster.change(serviceRef('web'), ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, labels: { a: 'b' } }
    }))
    cluster.put(service('last'))
    await eventuallyAddresses(cluster, { last: ['192.0.2.11'] })
    expect(cluster.writes('services')).toEqual(['update status web', 'update status last'])
  })

  test('that is deleted and made again has an address again, and is told so again', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    for (let round = 1; round <= 3; round += 1) {
      cluster.put(service('web'))
      await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
      cluster.remove(serviceRef('web'))
    }
    await cluster.eventually(() => expect(cluster.events('web')).toHaveLength(3))
  })

  test('that uses deprecated annotations is told so', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    const annotations = { 'metallb.universe.tf/loadBalancerIPs': '192.0.2.12' }
    cluster.put(service('web', {}, { annotations }))
    await eventuallyAddresses(cluster, { web: ['192.0.2.12'] })
    await cluster.eventually(() =>
      expect(cluster.events('web')).toEqual(
        expect.arrayContaining(['IPAllocated 1', 'deprecatedAnnotation 1'])
      )
    )
  })
})

describe('loadBalancerClass', () => {
  test('without a class of its own a controller leaves those alone that have one', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster)
    cluster.put(service('theirs', { loadBalancerClass: 'example.com/other' }))
    cluster.put(service('ours'))
    await eventuallyAddresses(cluster, { ours: ['192.0.2.10'], theirs: [] })
    expect(cluster.writes('services')).toEqual(['update status ours'])
  })

  test('with one it takes those only', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10-192.0.2.20']))
    await ControllerBench.lead(cluster, { argv: ['--lb-class=example.com/ours'] })
    cluster.put(service('theirs'))
    cluster.put(service('ours', { loadBalancerClass: 'example.com/ours' }))
    await eventuallyAddresses(cluster, { ours: ['192.0.2.10'], theirs: [] })
    expect(cluster.writes('services')).toEqual(['update status ours'])
  })

  test('a Service made again with another class gives its address to others', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    cluster.put(service('next'))
    cluster.remove(serviceRef('web'))
    cluster.put(service('web', { loadBalancerClass: 'example.com/other' }))
    await eventuallyAddresses(cluster, { next: ['192.0.2.10'], web: [] })
    expect(cluster.writes('services')).toEqual(['update status web', 'update status next'])
  })
})

describe('failures', () => {
  test('are told once, and again when they are others', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.put(service('first'))
    await eventuallyAddresses(cluster, { first: ['192.0.2.10'] })
    cluster.put(service('web'))
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['AllocationFailed 1']))
    for (let i = 0; i < 3; i += 1) {
      cluster.change(serviceRef('web'), ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, labels: { try: String(i) } }
      }))
      cluster.put(service(`after-${i}`))
      await cluster.eventually(() => expect(cluster.events(`after-${i}`)).toEqual(['AllocationFailed 1']))
    }
    expect(cluster.events('web')).toEqual(['AllocationFailed 1'])
    cluster.change(serviceRef('web'), ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, annotations: { 'metallb.io/address-pool': 'absent' } }
    }))
    await cluster.eventually(() =>
      expect(cluster.events('web')).toEqual(['AllocationFailed 1', 'AllocationFailed 1'])
    )
  })

  test('of a Service that was made again are told again', async () => {
    const cluster = await TestCluster.start()
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    await cluster.eventually(() => expect(cluster.events('web')).toHaveLength(1))
    cluster.remove(serviceRef('web'))
    cluster.put(service('web'))
    await cluster.eventually(() => expect(cluster.events('web')).toHaveLength(2))
  })

  test('to write are tried again', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.sim.faults.add({
      match: { verbs: ['update'], resource: 'services' },
      action: { type: 'status', code: 500 },
      times: 2
    })
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    expect(cluster.writes('services')).toHaveLength(3)
    expect(cluster.logs('service not written')).toHaveLength(2)
    expect(addressesOf(cluster, 'web')).toEqual(['192.0.2.10'])
  })

  test('to write for want of a right are told once, and are over when the right is there', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.10/32']))
    await ControllerBench.lead(cluster)
    cluster.sim.faults.add({
      match: { verbs: ['update'], resource: 'services' },
      action: { type: 'status', code: 403 },
      times: 3
    })
    cluster.put(service('web'))
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
    await cluster.eventually(() =>
      expect(cluster.events('web')).toEqual(expect.arrayContaining(['statusNotWritten 1']))
    )
  })
})
