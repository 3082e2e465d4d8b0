import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiError, object, page, ScriptedClient } from '../test/scripted-client.ts'
import { recordChanges } from '../test/sim-bench.ts'
import { KubeTransportError } from './errors.ts'
import { Informer } from './informer.ts'
import { type InformerOptions } from './informer-options.ts'
import { type KubeObject, keyOf } from './object.ts'
import { NODES } from './resource.ts'
import { yieldToEventLoop } from './sleep.ts'

const CUT = new KubeTransportError('closed', 'WATCH', 'cut')

function create(
  script: ScriptedClient,
  options: Partial<InformerOptions<KubeObject>> = {}
): Informer<KubeObject> {
  return new Informer({ client: script.client, resource: NODES, random: () => 0, ...options })
}

/** Lets time pass, and what it set off happen. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 3; turn += 1) await yieldToEventLoop()
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('Informer', () => {
  test('asks page after page, and watches from the version of the first', async () => {
    const pages = [
      page(7, [object('a', 1)], 'two'),
      page(8, [object('b', 2)], 'three'),
      page(9, [object('c', 3)])
    ]
    const script = new ScriptedClient((_options, count) => pages[count - 1] ?? page(9, []))
    const informer = create(script, { pageSize: 1 })
    informer.start()
    await pass(0)
    expect(script.lists.map((options) => [options.limit, options.continue])).toEqual([
      [1, undefined],
      [1, 'two'],
      [1, 'three']
    ])
    expect(script.watch.options).toMatchObject({ resourceVersion: '7', allowWatchBookmarks: true })
    expect(informer.cache.size).toBe(3)
    await informer.stop()
  })

  test('pages that the server has forgotten are read again as one, and nothing of the old ones stays', async () => {
    const script = new ScriptedClient((options) => {
      if (options.continue !== undefined) throw apiError(410)
      return options.limit === undefined ? page(9, [object('b', 8)]) : page(5, [object('a', 1)], 'next')
    })
    const informer = create(script)
    const told = recordChanges(informer)
    informer.start()
    await pass(0)
    expect([told, script.lists.length, script.watch.options.resourceVersion]).toEqual([['added b'], 3, '9'])
    await informer.stop()
  })

  test('resumes from the last event or bookmark, after a look at the server', async () => {
    const script = new ScriptedClient((options) => page(options.limit === 1 ? 20 : 5, [object('a', 5)]))
    const informer = create(script)
    informer.start()
    await pass(0)
    script.watch.send({ type: 'ADDED', object: object('b', 6) })
    script.watch.end(CUT)
    await pass(100)
    expect(script.watch.options.resourceVersion).toBe('6')
    script.watch.send({ type: 'BOOKMARK', resourceVersion: '9' })
    script.watch.end()
    await pass(100)
    expect(script.watch.options.resourceVersion).toBe('9')
    expect(script.lists.map((options) => options.limit)).toEqual([500, 1, 1])
    await informer.stop()
  })

  test('a server that is older than what was seen is listed again', async () => {
    const script = new ScriptedClient(() => page(5, [object('a', 5)]))
    const informer = create(script)
    informer.start()
    await pass(0)
    script.watch.send({ type: 'ADDED', object: object('b', 6) })
    script.watch.end(CUT)
    await pass(100)
    expect(script.lists.map((options) => options.limit)).toEqual([500, 1, 500])
    expect([informer.cache.size, script.watch.options.resourceVersion]).toEqual([1, '5'])
    await informer.stop()
  })

  test('never tells an older state after a newer one: a stream that goes back is dropped', async () => {
    const script = new ScriptedClient((_options, count) =>
      count === 1 ? page(5, [object('a', 5)]) : page(9, [object('a', 9)])
    )
    const informer = create(script)
    const versions: unknown[] = []
    informer.onChange((change) => versions.push(change.object.metadata?.resourceVersion))
    informer.start()
    await pass(0)
    script.watch.send({ type: 'MODIFIED', object: object('a', 8) })
    script.watch.send({ type: 'MODIFIED', object: object('a', 7) })
    await pass(1000)
    expect(versions).toEqual(['5', '8', '9'])
    await informer.stop()
  })

  test('an event with the version that the cache has already is not told again', async () => {
    const script = new ScriptedClient(() => page(5, [object('a', 5)]))
    const informer = create(script)
    const told = recordChanges(informer)
    informer.start()
    await pass(0)
    script.watch.send({ type: 'ADDED', object: object('a', 5) })
    script.watch.send({ type: 'DELETED', object: object('never-seen', 6) })
    expect(told).toEqual(['added a'])
    await informer.stop()
  })

  test('an object of the same name but another uid is another object', async () => {
    const script = new ScriptedClient(() => page(5, [object('a', 5)]))
    const informer = create(script)
    const told = recordChanges(informer)
    informer.start()
    await pass(0)
    script.watch.send({ type: 'MODIFIED', object: object('a', 6, 'another') })
    expect(told).toEqual(['added a', 'deleted a', 'added a'])
    await informer.stop()
  })

  test('the cache has a change already when it is told', async () => {
    const script = new ScriptedClient(() => page(5, [object('a', 5)]))
    const informer = create(script)
    const inCache: unknown[] = []
    informer.onChange(({ object: changed }) => {
      inCache.push(informer.cache.get(keyOf(changed))?.metadata?.resourceVersion)
    })
    informer.start()
    await pass(0)
    script.watch.send({ type: 'MODIFIED', object: object('a', 6) })
    script.watch.send({ type: 'DELETED', object: object('a', 7) })
    expect(inCache).toEqual(['5', '6', undefined])
    await informer.stop()
  })

  test('trim and indexes see every object, listed and watched', async () => {
    const script = new ScriptedClient(() => page(5, [{ ...object('a', 5), kind: 'Heavy' }]))
    const trim = ({ kind: _kind, ...light }: KubeObject): KubeObject => light
    const indexes = { first: ({ metadata }: KubeObject) => [metadata?.name?.slice(0, 1) ?? ''] }
    const informer = new Informer<KubeObject, 'first'>({
      client: script.client,
      resource: NODES,
      trim,
      indexes
    })
    informer.start()
    await pass(0)
    script.watch.send({ type: 'ADDED', object: { ...object('ab', 6), kind: 'Heavy' } })
    const found = informer.cache.byIndex('first', 'a')
    expect(found.map((item) => [item.metadata?.name, 'kind' in item])).toEqual([
      ['a', false],
      ['ab', false]
    ])
    await informer.stop()
  })

  test('failures in a row are spaced further and further apart, up to the longest delay; an event ends the row', async () => {
    let isFailing = true
    const script = new ScriptedClient(() => {
      if (isFailing) throw apiError(500)
      return page(5, [])
    })
    const informer = create(script, { minRetryMs: 100, maxRetryMs: 400 })
    const retries: number[] = []
    informer.onProblem(({ retryMs }) => retries.push(retryMs))
    informer.start()
    for (const ms of [0, 100, 200, 400]) await pass(ms)
    expect(retries).toEqual([100, 200, 400, 400])
    isFailing = false
    await pass(400)
    script.watch.send({ type: 'BOOKMARK', resourceVersion: '6' })
    script.watch.end(CUT)
    await pass(0)
    expect(retries.at(-1)).toBe(100)
    await informer.stop()
  })

  test('a server that ends each watch at once is not asked without end', async () => {
    const script = new ScriptedClient(() => page(5, []))
    const informer = create(script, { minRetryMs: 100 })
    informer.start()
    for (let step = 0; step < 30; step += 1) {
      await pass(100)
      script.watch.end()
    }
    expect(script.watches.length).toBeLessThan(8)
    await informer.stop()
  })

  test('a watch that ends in good order after a while is opened again without delay or problem', async () => {
    const script = new ScriptedClient(() => page(5, []))
    const informer = create(script)
    const problems: unknown[] = []
    informer.onProblem((problem) => problems.push(problem))
    informer.start()
    await pass(0)
    await pass(60_000)
    script.watch.end()
    await pass(0)
    expect([script.watches.length, problems]).toEqual([2, []])
    await informer.stop()
  })

  test('silence counts from the last event', async () => {
    const script = new ScriptedClient(() => page(5, []))
    const informer = create(script, { silenceMs: 1000 })
    informer.start()
    await pass(0)
    for (let version = 6; version < 12; version += 1) {
      await pass(900)
      script.watch.send({ type: 'BOOKMARK', resourceVersion: String(version) })
    }
    expect(script.watches.length).toBe(1)
    await pass(1000)
    expect(script.watches.length).toBe(2)
    await informer.stop()
  })

  test('an opened watch and what is heard on it are told apart', async () => {
    const script = new ScriptedClient(() => page(5, []))
    const informer = create(script)
    const contacts: string[] = []
    informer.onContact((contact) => contacts.push(contact))
    informer.start()
    await pass(0)
    script.watch.send({ type: 'BOOKMARK', resourceVersion: '6' })
    expect(contacts).toEqual(['opened', 'heard'])
    await informer.stop()
  })

  test('a long list is worked on in slices: I/O gets its turn in between', async () => {
    vi.useRealTimers()
    const items = Array.from({ length: 300 }, (_, index) => object(`n${index}`, 1))
    const script = new ScriptedClient(() => page(5, items))
    const informer = create(script)
    let isDone = false
    let sawPart = false
    const look = (): void => {
      const { size } = informer.cache
      if (size > 0 && size < items.length) sawPart = true
      if (!isDone) setImmediate(look)
    }
    // A listener that works for a while, as a slow machine would.
    informer.onChange(() => {
      const end = performance.now() + 0.2
      while (performance.now() < end);
    })
    informer.start()
    look()
    await informer.waitForSync()
    isDone = true
    expect([sawPart, informer.cache.size]).toEqual([true, 300])
    await informer.stop()
  })

  test('stop between the look at the server and the watch opens no watch', async () => {
    let stopping: Promise<void> | undefined
    const script = new ScriptedClient((_options, count) => {
      if (count === 2) stopping = informer.stop()
      return page(5, [])
    })
    const informer = create(script)
    informer.start()
    await pass(0)
    script.watch.end(CUT)
    await pass(100)
    await stopping
    expect([script.lists.length, script.watches.length]).toEqual([2, 1])
  })

  test('start is done once, stop twice does no harm, and no timer is left', async () => {
    const script = new ScriptedClient(() => page(5, []))
    const informer = create(script)
    informer.start()
    informer.start()
    await pass(0)
    expect(script.lists.length).toBe(1)
    await informer.stop()
    await informer.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
