import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RECONCILE_CHANNEL } from './diagnostics.ts'
import { type ObjectKey } from './object.ts'
import {
  DONE,
  type Reconcile,
  type ReconcileFailure,
  ReconcileLoop,
  type ReconcileLoopOptions,
  TerminalError
} from './reconcile-loop.ts'
import { yieldToEventLoop } from './sleep.ts'

const key = (name: string): ObjectKey => ({ namespace: 'ns', name })

/** A loop that notes what it is asked to do; `act` decides how each attempt ends. */
class Bench {
  readonly started: string[] = []
  readonly failures: ReconcileFailure[] = []
  readonly loop: ReconcileLoop

  constructor(act: Reconcile = async () => DONE, options: Partial<ReconcileLoopOptions> = {}) {
    this.loop = new ReconcileLoop({
      reconcile: async (item, signal) => {
        this.started.push(item.name)
        return act(item, signal)
      },
      onError: (_key, _error, failure) => void this.failures.push(failure),
      random: () => 0,
      ...options
    })
  }

  run(...names: readonly string[]): void {
    void this.loop.run()
    this.enqueue(...names)
  }

  enqueue(...names: readonly string[]): void {
    for (const name of names) this.loop.enqueue(key(name))
  }
}

/** Lets time pass, and what it set off happen. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 3; turn += 1) await yieldToEventLoop()
}

// I/O gets its turns in real life: only time is ours.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('ReconcileLoop', () => {
  test('reconciles each key once, however often it was added before its turn', async () => {
    const bench = new Bench()
    bench.enqueue('a', 'b', 'a', 'a')
    bench.run()
    await pass(1000)
    expect(bench.started).toEqual(['a', 'b'])
    expect(bench.loop.counters).toMatchObject({ added: 4, reconciled: 2, failed: 0 })
    await bench.loop.stop()
  })

  test('a key added while it is reconciled is reconciled once more afterwards, never twice at once', async () => {
    const ends: (() => void)[] = []
    const bench = new Bench(() => new Promise((resolve) => void ends.push(() => resolve(DONE))), {
      concurrency: 4
    })
    bench.run('a')
    await pass(10)
    bench.enqueue('a', 'a')
    await pass(1000)
    expect(bench.started).toEqual(['a'])
    ends[0]?.()
    await pass(10)
    expect(bench.started).toEqual(['a', 'a'])
    ends[1]?.()
    await pass(1000)
    expect(bench.started).toEqual(['a', 'a'])
    await bench.loop.stop()
  })

  test('works on as many keys at once as it may, not on more', async () => {
    const ends: (() => void)[] = []
    let atOnce = 0
    let most = 0
    const work: Reconcile = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await new Promise<void>((resolve) => void ends.push(resolve))
      atOnce -= 1
      return DONE
    }
    const bench = new Bench(work, { concurrency: 3 })
    bench.run('a', 'b', 'c', 'd', 'e')
    await pass(10)
    expect([bench.started.length, bench.loop.busy, bench.loop.depth]).toEqual([3, 3, 2])
    for (let index = 0; index < 5; index += 1) {
      ends[index]?.()
      await pass(10)
    }
    expect([bench.started.length, most]).toEqual([5, 3])
    await bench.loop.stop()
  })

  test('retries a failed key with delays that double up to the longest, and starts small after a success', async () => {
    let isFailing = true
    const bench = new Bench(async () => (isFailing ? Promise.reject(new Error('no')) : DONE), {
      minRetryMs: 100,
      maxRetryMs: 300
    })
    bench.run('a')
    await pass(0)
    for (const ms of [100, 200, 300, 300]) {
      const before = bench.started.length
      await pass(ms - 1)
      expect(bench.started.length).toBe(before)
      await pass(1)
      expect(bench.started.length).toBe(before + 1)
    }
    expect(bench.failures.map(({ attempt, retryMs }) => [attempt, retryMs])).toEqual([
      [1, 100],
      [2, 200],
      [3, 300],
      [4, 300],
      [5, 300]
    ])
    isFailing = false
    await pass(300)
    isFailing = true
    bench.enqueue('a')
    await pass(0)
    expect(bench.failures.at(-1)).toEqual({ attempt: 1, retryMs: 100 })
    await bench.loop.stop()
  })

  test('a key that fails does not delay the others', async () => {
    const bench = new Bench(async (item) => (item.name === 'bad' ? Promise.reject(new Error('no')) : DONE))
    bench.run('bad', 'good')
    await pass(0)
    expect(bench.started).toEqual(['bad', 'good'])
    await bench.loop.stop()
  })

  test('a new change of a failed key is looked at now, not when its delay is over, and is not repeated then', async () => {
    let isFailing = true
    const bench = new Bench(async () => (isFailing ? Promise.reject(new Error('no')) : DONE), {
      minRetryMs: 1000
    })
    bench.run('a')
    await pass(10)
    isFailing = false
    bench.enqueue('a')
    await pass(10)
    expect([bench.started.length, bench.loop.delayed]).toEqual([2, 0])
    await pass(10_000)
    expect(bench.started.length).toBe(2)
    await bench.loop.stop()
  })

  test('TerminalError is reported and not retried; the next change of the object is', async () => {
    const bench = new Bench(async () => Promise.reject(new TerminalError('never')))
    bench.run('a')
    await pass(1_000_000)
    expect(bench.started).toEqual(['a'])
    expect(bench.failures).toEqual([{ attempt: 1, retryMs: undefined }])
    expect(bench.loop.counters).toMatchObject({ failed: 1, retried: 0, givenUp: 1 })
    bench.enqueue('a')
    await pass(0)
    expect(bench.started).toEqual(['a', 'a'])
    await bench.loop.stop()
  })

  test('a key is given up after maxRetries retries', async () => {
    const bench = new Bench(async () => Promise.reject(new Error('no')), { maxRetries: 2 })
    bench.run('a')
    for (const ms of [0, 50, 100, 1_000_000]) await pass(ms)
    expect(bench.failures.map(({ retryMs }) => retryMs)).toEqual([50, 100, undefined])
    expect(bench.loop.counters).toMatchObject({ reconciled: 3, retried: 2, givenUp: 1 })
    await bench.loop.stop()
  })

  test('requeueAfter looks again after that time, and counts as a success', async () => {
    const bench = new Bench(async () => ({ type: 'requeueAfter', ms: 500 }))
    bench.run('a')
    await pass(499)
    expect(bench.started.length).toBe(1)
    await pass(1)
    expect(bench.started.length).toBe(2)
    expect(bench.loop.counters.failed).toBe(0)
    await bench.loop.stop()
  })

  test('the rate limit lets the burst through at once and the rest at its pace', async () => {
    const bench = new Bench(undefined, { rateLimit: { perSecond: 10, burst: 2 } })
    bench.run('a', 'b', 'c', 'd')
    await pass(50)
    expect(bench.started).toEqual(['a', 'b'])
    await pass(60)
    expect(bench.started).toEqual(['a', 'b', 'c'])
    await pass(110)
    expect(bench.started).toEqual(['a', 'b', 'c', 'd'])
    await bench.loop.stop()
  })

  test('stop waits for what is under way, tells it, and starts nothing more', async () => {
    let isAborted = false
    const bench = new Bench(async (_key, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      isAborted = true
      throw new Error('interrupted')
    })
    bench.run('a', 'b')
    bench.loop.enqueueAfter(key('c'), 10)
    await pass(5)
    await bench.loop.stop()
    expect(isAborted).toBe(true)
    bench.enqueue('d')
    await pass(1000)
    expect(bench.started).toEqual(['a'])
    expect([bench.failures, bench.loop.depth, bench.loop.delayed, vi.getTimerCount()]).toEqual([[], 0, 0, 0])
  })

  test('the signal ends run, also one that was aborted before', async () => {
    const abort = new AbortController()
    const bench = new Bench()
    const running = bench.loop.run(abort.signal)
    abort.abort()
    await expect(running).resolves.toBeUndefined()
    const late = new Bench()
    late.enqueue('a')
    await late.loop.run(abort.signal)
    expect(late.started).toEqual([])
  })

  test('reconciles that never wait let timers and I/O have their turn', async () => {
    vi.useRealTimers()
    const bench = new Bench(async (item) => {
      bench.loop.enqueue(item)
      return DONE
    })
    void bench.loop.run()
    bench.enqueue('a')
    // This timer could never fire if the loop kept the thread.
    await new Promise((resolve) => setTimeout(resolve, 1))
    await bench.loop.stop()
    expect(bench.loop.counters.reconciled).toBeGreaterThan(0)
  })

  test('each attempt is published with its outcome', async () => {
    const messages: unknown[] = []
    const listen = (message: unknown): void => void messages.push(message)
    subscribe(RECONCILE_CHANNEL.name, listen)
    let isFailing = true
    const bench = new Bench(async () => (isFailing ? Promise.reject(new Error('no')) : DONE), {
      name: 'services'
    })
    bench.run('a')
    await pass(0)
    isFailing = false
    await pass(1000)
    unsubscribe(RECONCILE_CHANNEL.name, listen)
    await bench.loop.stop()
    expect(messages).toMatchObject([
      { loop: 'services', key: key('a'), outcome: 'retried' },
      { loop: 'services', key: key('a'), outcome: 'done', error: undefined }
    ])
  })
})
