import type { IPAddressPool } from '@clarion-lb/crds'
import type { FamilyUsage, PoolUsage } from '@clarion-lb/ipam'
import { KubeApiError, type KubeObject, type ResourceRef } from '@clarion-lb/k8s-watch'
import { afterwards, pool, service, serviceRef, TestCluster } from '@clarion-lb/runtime/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ControllerBench, eventuallyAddresses } from '../test/controller-bench.ts'
import { PoolStatus } from './pool-status.ts'

function family(assigned: bigint, capacity: bigint): FamilyUsage {
  return { assigned, available: capacity - assigned, capacity }
}

function usage(ipv4: FamilyUsage, ipv6: FamilyUsage = family(0n, 0n)): PoolUsage {
  return { pool: 'main', ipv4, ipv6, allocations: 1 }
}

/** Stores what is written, as text: JSON as it goes over the wire. */
class FakeServer {
  readonly bodies: string[] = []
  readonly pools = new Map<string, IPAddressPool>([
    ['main', { metadata: { name: 'main' }, spec: { addresses: [] } }]
  ])
  failure: KubeApiError | undefined

  async update<T extends KubeObject>(_resource: ResourceRef<T>, object: T): Promise<T> {
    this.bodies.push(JSON.stringify(object))
    if (this.failure !== undefined) throw this.failure
    const stored: unknown = JSON.parse(JSON.stringify(object))
    if (isPool(stored)) this.pools.set('main', stored)
    return object
  }
}

function isPool(value: unknown): value is IPAddressPool {
  return typeof value === 'object' && value !== null && 'status' in value
}

function refusal(status: number): KubeApiError {
  return new KubeApiError({
    status,
    reason: 'Test',
    serverMessage: '',
    subject: '',
    retryAfterMs: undefined
  })
}

interface Bench {
  readonly server: FakeServer
  readonly status: PoolStatus
  readonly problems: unknown[]
  now: PoolUsage | undefined
}

function start(): Bench {
  const server = new FakeServer()
  const problems: unknown[] = []
  const bench: Bench = {
    server,
    problems,
    now: usage(family(1n, 256n)),
    status: new PoolStatus({
      client: server,
      namespace: '',
      pools: {
        get: ({ name }) => server.pools.get(name)
      },
      usageOf: () => bench.now,
      onProblem: (name, error) => void problems.push([name, error])
    })
  }
  afterwards(() => bench.status.stop())
  return bench
}

describe('PoolStatus', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return () => vi.useRealTimers()
  })

  test('writes at most once a second, however often a pool changes', async () => {
    const bench = start()
    for (let tenths = 1; tenths <= 50; tenths += 1) {
      bench.now = usage(family(BigInt(tenths), 256n))
      bench.status.touch('main')
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(bench.server.bodies).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(5000)
    expect(bench.server.pools.get('main')?.status).toMatchObject({ assignedIPv4: 50 })
    expect(bench.server.bodies.length).toBeLessThanOrEqual(6)
  })

  test('writes nothing that is there already', async () => {
    const bench = start()
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    expect(bench.server.bodies).toHaveLength(1)
  })

  test('counts beyond int64 are its largest value, digit by digit, and not written again and again', async () => {
    const bench = start()
    bench.now = usage(family(0n, 0n), family(3n, 2n ** 64n))
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    expect(bench.server.bodies[0]).toContain('"availableIPv6":9223372036854775807')
    expect(bench.server.bodies[0]).toContain('"assignedIPv6":3')
    bench.now = usage(family(0n, 0n), family(4n, 2n ** 64n))
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    expect(bench.server.bodies).toHaveLength(2)
  })

  test('counts between 2^53 and 2^63 are exact', async () => {
    const bench = start()
    bench.now = usage(family(0n, 0n), family(1n, 2n ** 56n))
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    expect(bench.server.bodies[0]).toContain('"availableIPv6":72057594037927935')
  })

  test('a conflict is tried again a second later, and is no problem', async () => {
    const bench = start()
    bench.server.failure = refusal(409)
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(1000)
    bench.server.failure = undefined
    await vi.advanceTimersByTimeAsync(1000)
    expect(bench.server.bodies).toHaveLength(2)
    expect(bench.problems).toEqual([])
  })

  test('another failure is told and tried again; a pool that is gone is not', async () => {
    const bench = start()
    bench.server.failure = refusal(500)
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(2000)
    expect(bench.server.bodies).toHaveLength(2)
    expect(bench.problems).toMatchObject([
      ['main', { status: 500 }],
      ['main', { status: 500 }]
    ])
    bench.server.failure = refusal(404)
    await vi.advanceTimersByTimeAsync(5000)
    expect(bench.server.bodies).toHaveLength(3)
  })

  test('a pool that is not known, or not in use by the allocator, is not written', async () => {
    const bench = start()
    bench.now = undefined
    bench.status.touch('main')
    bench.status.touch('other')
    await vi.advanceTimersByTimeAsync(2000)
    expect(bench.server.bodies).toEqual([])
  })

  test('after the end nothing is written', async () => {
    const bench = start()
    bench.status.touch('main')
    await bench.status.stop()
    bench.status.touch('main')
    await vi.advanceTimersByTimeAsync(2000)
    expect(bench.server.bodies).toEqual([])
  })
})

describe('the status of pools', () => {
  test('follows what Services have, and is there for pools that nobody uses', async () => {
    const cluster = await TestCluster.start({ serviceCidrs: ['10.96.0.0/16', 'fd00::/112'] })
    cluster.put(pool('main', ['192.0.2.0/28']))
    cluster.put(pool('six', ['2001:db8::/64'], { autoAssign: false }))
    await ControllerBench.lead(cluster)
    cluster.put(service('web'))
    const v6 = { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' }
    cluster.put(service('six', v6, { annotations: { 'metallb.io/address-pool': 'six' } }))
    await eventuallyAddresses(cluster, { web: ['192.0.2.0'], six: ['2001:db8::'] })
    await cluster.eventually(() => {
      expect(cluster.get(pool('main', []))['status']).toEqual({
        assignedIPv4: 1,
        assignedIPv6: 0,
        availableIPv4: 15,
        availableIPv6: 0
      })
      expect(cluster.get(pool('six', []))['status']).toMatchObject({
        assignedIPv6: 1,
        availableIPv6: Number(2n ** 63n - 1n)
      })
    })
    cluster.remove(serviceRef('web'))
    await cluster.eventually(() =>
      expect(cluster.get(pool('main', []))['status']).toMatchObject({ assignedIPv4: 0, availableIPv4: 16 })
    )
    expect(cluster.logs('pool status not written')).toEqual([])
  })

  test('is written again for a pool that was deleted and made again', async () => {
    const cluster = await TestCluster.start()
    cluster.put(pool('main', ['192.0.2.0/28']))
    await ControllerBench.lead(cluster)
    const status = (): unknown => cluster.get(pool('main', []))['status']
    await cluster.eventually(() => expect(status()).toBeDefined())
    cluster.remove(pool('main', []))
    cluster.put(pool('main', ['192.0.2.0/28']))
    expect(status()).toBeUndefined()
    await cluster.eventually(() => expect(status()).toBeDefined())
  })
})
