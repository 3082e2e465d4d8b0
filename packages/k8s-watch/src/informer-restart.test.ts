import { describe, expect, test } from 'vitest'
import { afterwards, recordChanges, SimBench, until, versionsOf } from '../test/sim-bench.ts'
import { Informer } from './informer.ts'
import { CONFIG_MAPS, defineResource } from './resource.ts'
import { type V1ConfigMap } from './types.ts'

interface Following {
  readonly informer: Informer<V1ConfigMap>
  readonly told: readonly string[]
}

/** An informer that is connected, and what it tells from then on. */
async function following(bench: SimBench): Promise<Following> {
  const client = await bench.client()
  const informer = new Informer({ client, resource: CONFIG_MAPS, minRetryMs: 5, maxRetryMs: 50 })
  afterwards(() => informer.stop())
  informer.start()
  await until(informer, () => informer.isConnected)
  return { informer, told: recordChanges(informer) }
}

describe('Informer and a server that restarts', () => {
  test('while the server is away the cache stays and isConnected says so; nothing is told that did not happen', async () => {
    const bench = await SimBench.start()
    for (const name of ['a', 'b']) bench.put(name, '1')
    const { informer, told } = await following(bench)
    let atRest: readonly unknown[] = []
    await bench.sim.restart({
      whileDown: async () => {
        await until(informer, () => !informer.isConnected)
        atRest = [informer.cache.size, informer.hasSynced, informer.isConnected]
      }
    })
    await until(informer, () => informer.isConnected)
    expect(atRest).toEqual([2, true, false])
    expect(told).toEqual([])
    bench.put('c', '1')
    await until(informer, () => told.length === 1)
    expect(told).toEqual(['added c'])
  })

  test('what happened while it could not be reached is told, deletions first', async () => {
    const bench = await SimBench.start()
    for (const name of ['a', 'b']) bench.put(name, '1')
    const { informer, told } = await following(bench)
    await bench.sim.restart({
      whileDown: async () => {
        await until(informer, () => !informer.isConnected)
        bench.put('b', '2')
        bench.put('c', '1')
        bench.remove('a')
      }
    })
    await until(informer, () => informer.isConnected)
    expect(told).toEqual(['deleted a', 'updated b', 'added c'])
  })

  test('a server that comes back empty empties the cache, and its low versions are followed', async () => {
    const bench = await SimBench.start()
    for (const name of ['a', 'b', 'c']) bench.put(name, '1')
    const { informer, told } = await following(bench)
    await bench.sim.restart({ data: 'lose' })
    await until(informer, () => informer.cache.size === 0)
    expect(told).toEqual(['deleted a', 'deleted b', 'deleted c'])
    await until(informer, () => informer.isConnected)
    bench.put('a', 'anew')
    await until(informer, () => told.length === 4)
    expect(told[3]).toBe('added a')
    expect(versionsOf(informer)).toEqual(bench.versions())
  })

  test('a server that comes back with an older state is believed', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    const backup = bench.sim.snapshot()
    bench.put('a', '2')
    bench.put('b', '1')
    const { informer, told } = await following(bench)
    await bench.sim.restart({ data: backup })
    await until(informer, () => told.length === 2)
    expect(told).toEqual(['deleted b', 'updated a'])
    await until(informer, () => informer.isConnected)
    bench.put('a', '3')
    await until(informer, () => told.length === 3)
    expect(versionsOf(informer)).toEqual(bench.versions())
  })

  // Behind a load balancer the server is swapped without ever being away.
  test('another state is known even if it has overtaken the version, by an object that should have been there', async () => {
    const bench = await SimBench.start()
    const empty = bench.sim.snapshot()
    bench.put('b', '1')
    const { informer } = await following(bench)
    bench.sim.store.restore(empty)
    bench.put('a', 'other')
    for (let index = 0; index < 50; index += 1) bench.writeElsewhere(`secret-${index}`)
    await until(informer, () => !informer.cache.has({ namespace: 'default', name: 'b' }))
    expect(versionsOf(informer)).toEqual(bench.versions())
  })

  test('another state is known even if it has overtaken the version, by an object that is older than we have it', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    const backup = bench.sim.snapshot()
    bench.put('a', '2')
    bench.put('b', '1')
    const { informer } = await following(bench)
    bench.sim.store.restore(backup)
    for (let index = 0; index < 50; index += 1) bench.writeElsewhere(`secret-${index}`)
    await until(informer, () => !informer.cache.has({ namespace: 'default', name: 'b' }))
    expect(versionsOf(informer)).toEqual(bench.versions())
  })

  test('an object deleted and made anew in between is told as both', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    const { informer, told } = await following(bench)
    await bench.sim.restart({
      whileDown: async () => {
        await until(informer, () => !informer.isConnected)
        bench.remove('a')
        bench.put('a', '1')
      }
    })
    await until(informer, () => told.length === 2)
    expect(told).toEqual(['deleted a', 'added a'])
  })
})

describe('Informer of a kind that the server may not have', () => {
  const things = { group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing' } as const
  const definition = {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
        }
      ]
    }
  } as const

  test('is empty and complete without it, follows it when it comes, and is empty again when it goes', async () => {
    const bench = await SimBench.start()
    const { sim } = bench
    const definitions = sim.registry.get('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')
    if (definitions === undefined) throw new TypeError('no definitions')
    const resource = defineResource({ ...things, isNamespaced: false })
    const informer = new Informer({ client: await bench.client(), resource, minRetryMs: 5 })
    afterwards(() => informer.stop())
    const told = recordChanges(informer)
    informer.start()
    await informer.waitForSync()
    expect([informer.isAbsent, informer.isConnected, informer.cache.size]).toEqual([true, true, 0])
    sim.api.create(definitions, undefined, definition)
    informer.retryNow()
    await until(informer, () => !informer.isAbsent)
    const type = sim.registry.get('example.com', 'v1', 'things')
    if (type === undefined) throw new TypeError('no things')
    sim.api.create(type, undefined, { metadata: { name: 'one' } })
    await until(informer, () => told.length === 1)
    expect(told).toEqual(['added one'])
    sim.api.delete(definitions, undefined, 'things.example.com')
    await until(informer, () => informer.isAbsent)
    expect(told).toEqual(['added one', 'deleted one'])
  })
})
