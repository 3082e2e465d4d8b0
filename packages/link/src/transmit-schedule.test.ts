import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TransmitSchedule } from './transmit-schedule.ts'

test('items come when they are due, in the order of their deadlines', () => {
  const schedule = new TransmitSchedule<string>()
  schedule.set('a', 'A', [0, 150, 600], 1000)
  schedule.set('b', 'B', [100], 1000)
  expect(schedule.waitMs(1000)).toBe(0)
  expect(schedule.take(1000)).toEqual(['A'])
  expect(schedule.waitMs(1000)).toBe(100)
  expect(schedule.take(1150)).toEqual(['B', 'A'])
  expect(schedule.take(1599)).toEqual([])
  expect(schedule.take(1600)).toEqual(['A'])
  expect([schedule.waitMs(1600), schedule.size]).toEqual([undefined, 0])
})

test('a new plan of a key takes the place of the old one, and a deleted one sends nothing more', () => {
  const schedule = new TransmitSchedule<string>()
  schedule.set('a', 'old', [0, 10], 0)
  schedule.set('a', 'new', [5], 0)
  schedule.set('b', 'B', [5], 0)
  expect([schedule.delete('b'), schedule.delete('b')]).toEqual([true, false])
  expect(schedule.take(100)).toEqual(['new'])
  expect(schedule.waitMs(100)).toBeUndefined()
})

test('no more than the burst in an interval, and the rest right after it', () => {
  const schedule = new TransmitSchedule<number>({ burst: 3, intervalMs: 10 })
  for (let i = 0; i < 7; i += 1) schedule.set(String(i), i, [0], 0)
  expect(schedule.take(0)).toEqual([0, 1, 2])
  expect(schedule.take(4)).toEqual([])
  expect(schedule.waitMs(4)).toBe(6)
  expect(schedule.take(10)).toEqual([3, 4, 5])
  expect(schedule.take(20)).toEqual([6])
})

test('replanning one key for ever takes no memory: it is handed out once', () => {
  const schedule = new TransmitSchedule<number>()
  for (let i = 0; i < 10_000; i += 1) schedule.set('key', i, [1000], i)
  expect(schedule.take(1_000_000)).toEqual([9999])
})

test('every deadline of every plan is handed out exactly once, never early', () => {
  const plan = fc.record({ key: fc.nat(20), delays: fc.uniqueArray(fc.nat(500), { maxLength: 5 }) })
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (plans, burst) => {
      const schedule = new TransmitSchedule<{ key: string; delays: number[] }>({ burst, intervalMs: 1 })
      const wanted = new Map<string, number>()
      for (const { key, delays } of plans) {
        const sorted = delays.toSorted((a, b) => a - b)
        schedule.set(String(key), { key: String(key), delays: sorted }, sorted, 0)
        wanted.set(String(key), sorted.length)
      }
      const taken = new Map<string, number>()
      for (let nowMs = 0; nowMs < 1000; nowMs += 1) {
        for (const { key, delays } of schedule.take(nowMs)) {
          expect(delays[taken.get(key) ?? 0]).toBeLessThanOrEqual(nowMs)
          taken.set(key, (taken.get(key) ?? 0) + 1)
        }
      }
      for (const [key, count] of wanted) expect(taken.get(key) ?? 0).toBe(count)
    })
  )
})
