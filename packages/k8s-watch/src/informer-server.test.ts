import { describe, expect, test } from 'vitest'
import { afterwards, recordChanges, SimBench, until, versionsOf } from '../test/sim-bench.ts'
import { Informer } from './informer.ts'
import { type InformerOptions } from './informer-options.ts'
import { CONFIG_MAPS } from './resource.ts'
import { type V1ConfigMap } from './types.ts'

async function informerOf(
  bench: SimBench,
  options: Partial<InformerOptions<V1ConfigMap>> = {}
): Promise<Informer<V1ConfigMap>> {
  const client = await bench.client()
  const informer = new Informer({ client, resource: CONFIG_MAPS, minRetryMs: 5, ...options })
  afterwards(() => informer.stop())
  return informer
}

describe('Informer and a server', () => {
  test('lists in pages, then follows what happens', async () => {
    const bench = await SimBench.start()
    for (let index = 0; index < 25; index += 1) bench.put(`m${index}`, 'x')
    const lists = bench.count('list')
    const informer = await informerOf(bench, { pageSize: 10 })
    const told = recordChanges(informer)
    informer.start()
    await informer.waitForSync()
    expect([lists(), informer.cache.size]).toEqual([3, 25])
    await until(informer, () => informer.isConnected)
    told.length = 0
    bench.put('new', '1')
    bench.put('new', '2')
    bench.remove('m0')
    await until(informer, () => told.length === 3)
    expect(told).toEqual(['added new', 'updated new', 'deleted m0'])
    expect(versionsOf(informer)).toEqual(bench.versions())
  })

  test('leaves managedFields out, of listed and of watched objects', async () => {
    const bench = await SimBench.start()
    bench.put('listed', 'x')
    const client = await bench.client()
    const listed = await client.get(CONFIG_MAPS, { namespace: 'default', name: 'listed' })
    expect(listed.metadata).toHaveProperty('managedFields')
    const { informer } = await following(bench)
    bench.put('watched', 'x')
    await until(informer, () => informer.cache.size === 2)
    for (const object of informer.cache.values()) {
      expect(object.metadata).not.toHaveProperty('managedFields')
      expect(object.data).toEqual({ value: 'x' })
    }
  })

  test('a label selector limits the cache: what no longer matches is deleted from it', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1', { color: 'red' })
    bench.put('b', '1', { color: 'blue' })
    const { informer, told } = await following(bench, { namespace: 'default', labelSelector: 'color=red' })
    expect(informer.cache.size).toBe(1)
    bench.put('a', '2', { color: 'blue' })
    bench.put('b', '2', { color: 'red' })
    await until(informer, () => told.length === 2)
    expect(told).toEqual(['deleted a', 'added b'])
  })

  test('a watch that was cut goes on where it was: nothing is missed, listed again or told twice', async () => {
    const bench = await SimBench.start()
    for (const name of ['a', 'b', 'c']) bench.put(name, '1')
    const { informer, told } = await following(bench, { pageSize: 1 })
    const connection: boolean[] = []
    informer.onConnectionChange((isConnected) => void connection.push(isConnected))
    const lists = bench.count('list')
    expect(bench.sim.faults.cutWatches()).toBe(1)
    bench.put('b', '2')
    bench.remove('a')
    await until(informer, () => told.length === 2)
    expect(told).toEqual(['updated b', 'deleted a'])
    // Three pages would be a list; one is the look at whether the server is still the same.
    expect(lists()).toBe(1)
    expect(connection).toEqual([])
  })

  test('a bookmark moves the point to go on from past what the server has forgotten', async () => {
    const bench = await SimBench.start({ bookmarkIntervalMs: 20 })
    for (const name of ['a', 'b']) bench.put(name, '1')
    const { informer, told } = await following(bench, { pageSize: 1 })
    const problems: unknown[] = []
    informer.onProblem(({ error }) => void problems.push(error))
    bench.writeElsewhere('other')
    // The second of two is surely newer than the write.
    for (let bookmarks = 0; bookmarks < 2; bookmarks += 1) await nextContact(informer)
    bench.sim.faults.compact()
    const lists = bench.count('list')
    bench.sim.faults.cutWatches()
    bench.put('a', '2')
    await until(informer, () => told.length === 1)
    expect([lists(), problems.length]).toEqual([1, 1])
  })

  test.each(['when it resumes', 'inside the stream'])(
    'told 410 %s, it lists again and tells the differences, deletions first',
    async (where) => {
      const bench = await SimBench.start()
      for (const name of ['a', 'b', 'c']) bench.put(name, '1')
      const { informer, told } = await following(bench)
      const { faults } = bench.sim
      const connection: boolean[] = []
      informer.onConnectionChange((isConnected) => void connection.push(isConnected))
      if (where === 'when it resumes') faults.cutWatches()
      else faults.failWatches()
      bench.put('b', '2')
      bench.put('d', '1')
      bench.remove('c')
      faults.compact()
      await until(informer, () => told.length === 3)
      expect(told).toEqual(['deleted c', 'updated b', 'added d'])
      expect(versionsOf(informer)).toEqual(bench.versions())
      expect(connection).toEqual([])
    }
  )

  test('429 on a list is tried again no earlier than the server says', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    const action = { type: 'status', code: 429, retryAfterSeconds: 30 } as const
    bench.sim.faults.add({ match: { verbs: ['list'] }, action, times: 1 })
    const informer = await informerOf(bench)
    const retries: number[] = []
    informer.onProblem(({ retryMs }) => void retries.push(retryMs))
    informer.start()
    await until(informer, () => retries.length > 0)
    expect(retries).toEqual([30_000])
    expect(informer.hasSynced).toBe(false)
    informer.retryNow()
    await informer.waitForSync()
    expect(informer.cache.size).toBe(1)
  })

  test.each([401, 403, 429, 500] as const)('%i on a watch is no reason to list again', async (code) => {
    const bench = await SimBench.start()
    for (const name of ['a', 'b', 'c']) bench.put(name, '1')
    const { informer, told } = await following(bench, { pageSize: 1 })
    const connection: boolean[] = []
    informer.onConnectionChange((isConnected) => void connection.push(isConnected))
    // A 401 is answered once with fresh credentials before it is a problem.
    bench.sim.faults.add({
      match: { verbs: ['watch'] },
      action: { type: 'status', code },
      times: code === 401 ? 2 : 1
    })
    const lists = bench.count('list')
    bench.sim.faults.cutWatches()
    bench.put('a', '2')
    await until(informer, () => told.length === 1 && informer.isConnected)
    expect(connection).toEqual([false, true])
    expect(lists()).toBe(2)
  })

  test.each([
    ['500', { type: 'status', code: 500 }],
    ['503', { type: 'status', code: 503 }],
    ['a reset', { type: 'reset' }],
    ['403', { type: 'status', code: 403 }]
  ] as const)('%s on lists is tried again until it goes', async (_name, action) => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    bench.sim.faults.add({ match: { verbs: ['list'] }, action, times: 3 })
    const informer = await informerOf(bench)
    const attempts: number[] = []
    informer.onProblem(({ attempt }) => void attempts.push(attempt))
    informer.start()
    await informer.waitForSync()
    expect(informer.cache.size).toBe(1)
    // The client itself repeats a question whose kept connection was closed under it.
    expect(attempts).toEqual([1, 2, 3].slice(0, attempts.length))
    expect(attempts.length).toBeGreaterThan(0)
  })

  test('a half-open connection is noticed by its silence, and what it swallowed arrives', async () => {
    const bench = await SimBench.start({ bookmarkIntervalMs: 20 })
    for (const name of ['a', 'b', 'c']) bench.put(name, '1')
    const { informer, told } = await following(bench, { silenceMs: 200, pageSize: 1 })
    const lists = bench.count('list')
    expect(bench.sim.faults.silenceWatches()).toBe(1)
    bench.put('a', '2')
    await until(informer, () => told.length === 1)
    expect(told).toEqual(['updated a'])
    // Three pages would be a list.
    expect(lists()).toBeLessThan(3)
  })

  test('a watch that is never answered is given up and asked for again', async () => {
    const bench = await SimBench.start()
    bench.put('a', '1')
    bench.sim.faults.add({ match: { verbs: ['watch'] }, action: { type: 'hang' }, times: 1 })
    const informer = await informerOf(bench, { silenceMs: 200 })
    informer.start()
    await until(informer, () => informer.isConnected)
    expect(informer.hasSynced).toBe(true)
  })

  test('stop ends it: nothing more is told, and it is not connected', async () => {
    const bench = await SimBench.start()
    const { informer, told } = await following(bench)
    await informer.stop()
    bench.put('late', '1')
    expect([informer.isConnected, told]).toEqual([false, []])
    await informer.stop()
  })

  test('the signal ends it, and whoever waits for the first list', async () => {
    const bench = await SimBench.start()
    bench.sim.faults.add({ match: { verbs: ['list'] }, action: { type: 'hang' } })
    const informer = await informerOf(bench)
    const abort = new AbortController()
    informer.start(abort.signal)
    const waiting = informer.waitForSync(abort.signal)
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(informer.waitForSync(abort.signal)).rejects.toThrow('enough')
    await informer.stop()
    expect(informer.hasSynced).toBe(false)
  })
})

/** An informer that is connected, and what it tells from then on. */
async function following(
  bench: SimBench,
  options: Partial<InformerOptions<V1ConfigMap>> = {}
): Promise<{ readonly informer: Informer<V1ConfigMap>; readonly told: readonly string[] }> {
  const informer = await informerOf(bench, options)
  informer.start()
  await until(informer, () => informer.isConnected)
  return { informer, told: recordChanges(informer) }
}

async function nextContact(informer: Informer<V1ConfigMap>): Promise<void> {
  await new Promise<void>((resolve) => {
    const unsubscribe = informer.onContact(() => {
      unsubscribe()
      resolve()
    })
  })
}
