import { buildConfig, type Config } from '@clarion-lb/config'
import { EventRecorder, type LeadershipChange } from '@clarion-lb/k8s-watch'
import { createCommonMetrics } from '@clarion-lb/runtime'
import { afterwards, service, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { eventuallyAddresses } from '../test/controller-bench.ts'
import { Controller, type ControllerOptions } from './controller.ts'

/** Leads when it is told to. */
class Election {
  isElected = false
  /** Whether a renewal is late: it is still elected, but may not act. */
  isLate = false
  #listener: ((change: LeadershipChange) => void) | undefined

  isLeader(): boolean {
    return this.isElected && !this.isLate
  }

  onChange(listener: (change: LeadershipChange) => void): () => void {
    this.#listener = listener
    return () => undefined
  }

  start(): void {
    // Nobody is asked.
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  win(): void {
    this.isElected = true
    this.#listener?.({ type: 'started' })
  }

  lose(): void {
    this.isElected = false
    this.#listener?.({ type: 'stopped', reason: 'deadline' })
  }
}

function poolsOf(...addresses: string[]): Pick<Config, 'pools'> {
  return buildConfig({ pools: [{ metadata: { name: 'main' }, spec: { addresses } }] }).config
}

interface Bench {
  readonly cluster: TestCluster
  readonly election: Election
  readonly controller: Controller
}

async function start(options: Partial<ControllerOptions> = {}): Promise<Bench> {
  const cluster = await TestCluster.start({ crds: [] })
  const client = await cluster.client()
  const election = new Election()
  const controller = new Controller({
    client,
    loadBalancerClass: '',
    elector: election,
    recorder: new EventRecorder({ client, component: 'test' }),
    metrics: createCommonMetrics(),
    log: cluster.log,
    onUsage: () => undefined,
    onLead: async () => undefined,
    ...options
  })
  afterwards(() => controller.stop())
  controller.start(new AbortController().signal)
  return { cluster, election, controller }
}

describe('Controller', () => {
  test('is ready when it knows the Services and a configuration, whether it leads or not', async () => {
    const { cluster, controller } = await start()
    expect(controller.unreadyBecause()).toBe('Services are not read yet')
    await cluster.eventually(() => expect(cluster.requests.some(({ verb }) => verb === 'watch')).toBe(true))
    expect(controller.unreadyBecause()).toBe('there is no configuration yet')
    controller.setConfig(poolsOf('192.0.2.10/32'))
    expect(controller.unreadyBecause()).toBeUndefined()
    expect(controller.ipam).toBeUndefined()
  })

  test('begins again when leadership was lost and won while it began: another one may have written', async () => {
    const beginnings: (() => void)[] = []
    const onLead = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      beginnings.push(resolve)
      cluster.ring()
      await promise
    }
    const { cluster, election, controller } = await start({ onLead })
    controller.setConfig(poolsOf('192.0.2.10/32'))
    election.win()
    await cluster.eventually(() => expect(beginnings).toHaveLength(1))
    election.lose()
    election.win()
    beginnings[0]?.()
    await cluster.eventually(() => expect(beginnings).toHaveLength(2))
    expect(cluster.logs('leading')).toEqual([])
    beginnings[1]?.()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(1))
  })

  test('a term ends with its reign, also when the next one follows at once', async () => {
    const { cluster, election, controller } = await start()
    controller.setConfig(poolsOf('192.0.2.10/32'))
    election.win()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(1))
    const first = controller.ipam
    election.lose()
    election.win()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(2))
    expect(controller.ipam).not.toBe(first)
  })

  test('while a renewal is late nothing is written, and afterwards what was decided', async () => {
    const { cluster, election, controller } = await start()
    controller.setConfig(poolsOf('192.0.2.10/32'))
    election.win()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(1))
    election.isLate = true
    cluster.put(service('web'))
    await cluster.eventually(() => expect(controller.ipam?.size).toBe(1))
    expect(cluster.writes('services')).toEqual([])
    election.isLate = false
    await eventuallyAddresses(cluster, { web: ['192.0.2.10'] })
  })

  test('does nothing after its end', async () => {
    const { cluster, election, controller } = await start()
    controller.setConfig(poolsOf('192.0.2.10/32'))
    election.win()
    await cluster.eventually(() => expect(cluster.logs('leading')).toHaveLength(1))
    await controller.stop()
    cluster.put(service('web'))
    controller.setConfig(poolsOf('192.0.2.11/32'))
    election.lose()
    election.win()
    await controller.stop()
    expect(cluster.writes('services')).toEqual([])
    expect(cluster.logs('leading')).toHaveLength(1)
  })
})
