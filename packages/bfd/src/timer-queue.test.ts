import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from './fixtures/virtual-clock.ts'
import { QueueTimer, TimerQueue } from './timer-queue.ts'

test('timers are due in their order, never early, and only if they are still set', () => {
  const commands = fc.array(
    fc.record({
      timer: fc.nat({ max: 9 }),
      action: fc.constantFrom('set', 'clear', 'wait'),
      ms: fc.nat({ max: 400 }).map((eighths) => eighths / 8)
    }),
    { maxLength: 60 }
  )
  fc.assert(
    fc.property(commands, (sequence) => {
      const clock = new VirtualClock()
      const queue = new TimerQueue(clock)
      const model = new Map<number, number>()
      const timers = Array.from({ length: 10 }, (_, i) => {
        return new QueueTimer(() => {
          const deadlineMs = model.get(i) ?? Number.NaN
          expect(clock.now()).toBeGreaterThanOrEqual(deadlineMs)
          expect(clock.now()).toBeLessThan(deadlineMs + 1)
          model.delete(i)
          // Of those that were due in this round, none before had a later deadline.
          for (const other of model.values()) expect(other).toBeGreaterThanOrEqual(deadlineMs)
        })
      })
      for (const { timer: i, action, ms } of sequence) {
        const timer = timers[i]
        if (timer === undefined) continue
        if (action === 'wait') clock.advance(ms)
        else if (action === 'clear') {
          queue.clear(timer)
          model.delete(i)
        } else {
          queue.set(timer, clock.now() + ms)
          model.set(i, clock.now() + ms)
        }
        expect(queue.size).toBe(model.size)
        expect(clock.pending).toBeLessThanOrEqual(1)
      }
      clock.advance(60)
      expect(model.size).toBe(0)
      expect(clock.pending).toBe(0)
    })
  )
})

test('before timers are looked at the owner is told, who may set others', () => {
  const clock = new VirtualClock()
  const calls: string[] = []
  const queue: TimerQueue = new TimerQueue(clock, () => {
    calls.push('round')
    queue.clear(late)
  })
  const late = new QueueTimer(() => calls.push('late'))
  queue.set(new QueueTimer(() => calls.push('due')), 10)
  queue.set(late, 10)
  clock.advance(20)
  expect(calls).toEqual(['round', 'due'])
})

test('a timer that sets itself for now lets the event loop go on', () => {
  const clock = new VirtualClock()
  const queue = new TimerQueue(clock)
  let calls = 0
  const timer: QueueTimer = new QueueTimer(() => {
    calls += 1
    if (calls < 5) queue.set(timer, clock.now())
    if (calls === 1) expect(clock.pending).toBe(0)
  })
  queue.set(timer, 0)
  clock.advance(0)
  expect(calls).toBe(5)
})

test('a timer that may be early is called with one that is due, others are not, nor does it wake anybody', () => {
  const clock = new VirtualClock()
  const queue = new TimerQueue(clock)
  const calls: string[] = []
  const timer = (name: string, deadlineMs: number, earlyMs: number): void => {
    const made = new QueueTimer(() => calls.push(`${name} ${clock.now()}`))
    made.earlyMs = earlyMs
    queue.set(made, deadlineMs)
  }
  timer('due', 10, 0)
  timer('early', 13, 4)
  timer('not so early', 14, 3)
  timer('exact', 15, 0)
  clock.advance(20)
  expect(calls).toEqual(['due 10', 'early 10', 'not so early 14', 'exact 15'])
})

test('a closed queue calls nothing more', () => {
  const clock = new VirtualClock()
  const queue = new TimerQueue(clock)
  const timer = new QueueTimer(() => expect.unreachable())
  queue.set(timer, 5)
  queue.close()
  clock.advance(10)
  expect([timer.isSet, clock.pending]).toEqual([false, 0])
})
