import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ObjectKey } from './object.ts'
import { WorkQueue } from './work-queue.ts'

const key = (name: string): ObjectKey => ({ namespace: 'ns', name })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('WorkQueue', () => {
  test('a key that waits is there once, in the order of its first add', () => {
    const queue = new WorkQueue(() => {})
    for (const name of ['a', 'b', 'a']) queue.add(key(name))
    expect(queue.depth).toBe(2)
    expect([queue.take()?.key.name, queue.take()?.key.name, queue.take()]).toEqual(['a', 'b', undefined])
  })

  test('a key that is added while it is worked on comes back only when that is finished', () => {
    const queue = new WorkQueue(() => {})
    queue.add(key('a'))
    queue.take()
    queue.add(key('a'))
    queue.add(key('a'))
    expect([queue.depth, queue.busy, queue.take()]).toEqual([0, 1, undefined])
    queue.finish(key('a'))
    expect([queue.depth, queue.busy]).toEqual([1, 0])
    expect(queue.take()?.key).toEqual(key('a'))
    queue.finish(key('a'))
    expect(queue.depth).toBe(0)
  })

  test('onReady is called for each key that can newly be taken', () => {
    const onReady = vi.fn<() => void>()
    const queue = new WorkQueue(onReady)
    queue.add(key('a'))
    queue.add(key('a'))
    expect(onReady).toHaveBeenCalledTimes(1)
    queue.take()
    queue.add(key('a'))
    expect(onReady).toHaveBeenCalledTimes(1)
    queue.finish(key('a'))
    expect(onReady).toHaveBeenCalledTimes(2)
  })

  test('a delayed key is ready when its time has come, not before', () => {
    const queue = new WorkQueue(() => {})
    queue.addAfter(key('a'), 100)
    vi.advanceTimersByTime(99)
    expect([queue.depth, queue.delayed]).toEqual([0, 1])
    vi.advanceTimersByTime(1)
    expect([queue.depth, queue.delayed]).toEqual([1, 0])
  })

  test.each([
    ['first', 50, 100],
    ['second', 100, 50]
  ])('of two delays the earlier counts, be it the %s', (_which, first, second) => {
    const queue = new WorkQueue(() => {})
    queue.addAfter(key('a'), first)
    queue.addAfter(key('a'), second)
    vi.advanceTimersByTime(50)
    expect([queue.depth, queue.delayed, vi.getTimerCount()]).toEqual([1, 0, 0])
  })

  test('add ends a delay; a key that waits already is not delayed as well', () => {
    const queue = new WorkQueue(() => {})
    queue.addAfter(key('a'), 100)
    queue.add(key('a'))
    queue.addAfter(key('a'), 100)
    expect([queue.depth, queue.delayed, vi.getTimerCount()]).toEqual([1, 0, 0])
  })

  test('a delay that ends while the key is worked on waits for the end of that', () => {
    const queue = new WorkQueue(() => {})
    queue.add(key('a'))
    queue.take()
    queue.addAfter(key('a'), 10)
    vi.advanceTimersByTime(10)
    expect(queue.depth).toBe(0)
    queue.finish(key('a'))
    expect(queue.depth).toBe(1)
  })

  test('a delay too long for a timer does not fire at once', () => {
    const queue = new WorkQueue(() => {})
    queue.addAfter(key('a'), 2 ** 40)
    vi.advanceTimersByTime(1000)
    expect([queue.depth, queue.delayed]).toEqual([0, 1])
    queue.clear()
  })

  test('clear forgets what waits and leaves no timer', () => {
    const queue = new WorkQueue(() => {})
    queue.add(key('a'))
    queue.addAfter(key('b'), 100)
    queue.clear()
    expect([queue.depth, queue.delayed, vi.getTimerCount()]).toEqual([0, 0, 0])
  })

  test('the time of a key counts from its first add', () => {
    const queue = new WorkQueue(() => {})
    queue.add(key('a'))
    const addedAt = performance.now()
    vi.advanceTimersByTime(500)
    queue.add(key('a'))
    expect(queue.take()?.addedAt).toBe(addedAt)
  })

  test('whatever is added and finished, no key is with two workers and every add is followed by a take', () => {
    const step = fc.record({
      action: fc.constantFrom('add', 'take', 'finish'),
      name: fc.constantFrom('a', 'b', 'c')
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new WorkQueue(() => {})
        const busy = new Set<string>()
        const owed = new Set<string>()
        const take = (): void => {
          const name = queue.take()?.key.name
          if (name === undefined) return
          expect(busy.has(name)).toBe(false)
          busy.add(name)
          owed.delete(name)
        }
        for (const { action, name } of steps) {
          if (action === 'add') {
            queue.add(key(name))
            owed.add(name)
          } else if (action === 'take') take()
          else if (busy.delete(name)) queue.finish(key(name))
        }
        for (const name of busy) queue.finish(key(name))
        busy.clear()
        while (queue.depth > 0) take()
        expect(owed).toEqual(new Set())
      })
    )
  })
})
