import { setImmediate as nextImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Timers } from './timers.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The poll phases that an expired timer waits for. */
async function poll(): Promise<void> {
  for (let i = 0; i < 4; i += 1) await nextImmediate()
}

test('a timer expires once, at its time', async () => {
  const expired: string[] = []
  const timers = new Timers((timer) => expired.push(timer))
  timers.start('hold', 90_000)
  vi.advanceTimersByTime(89_999)
  await poll()
  expect(expired).toEqual([])
  expect(timers.remainingMs('hold')).toBe(1)
  vi.advanceTimersByTime(1)
  await poll()
  vi.advanceTimersByTime(200_000)
  await poll()
  expect(expired).toEqual(['hold'])
  expect(timers.remainingMs('hold')).toBeUndefined()
})

test('one that begins anew waits for the rest, with a single system timer', async () => {
  const expired: string[] = []
  const timers = new Timers((timer) => expired.push(timer))
  for (let i = 0; i < 10; i += 1) {
    timers.start('hold', 3000)
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBe(1)
  }
  await poll()
  expect(expired).toEqual([])
  vi.advanceTimersByTime(2000)
  await poll()
  expect(expired).toEqual(['hold'])
})

test('one that is started shorter expires earlier', async () => {
  const expired: string[] = []
  const timers = new Timers((timer) => expired.push(timer))
  timers.start('hold', 240_000)
  timers.start('hold', 9000)
  vi.advanceTimersByTime(9000)
  await poll()
  expect(expired).toEqual(['hold'])
})

test('a message that waits to be read when a late timer fires keeps the session', async () => {
  const expired: string[] = []
  const timers = new Timers((timer) => expired.push(timer))
  timers.start('hold', 3000)
  vi.advanceTimersByTime(5000)
  // The loop was blocked; the poll phase now reads what came meanwhile.
  await nextImmediate()
  timers.start('hold', 3000)
  await poll()
  expect(expired).toEqual([])
  vi.advanceTimersByTime(3000)
  await poll()
  expect(expired).toEqual(['hold'])
})

test('stopped timers never expire', async () => {
  const expired: string[] = []
  const timers = new Timers((timer) => expired.push(timer))
  timers.start('hold', 1000)
  timers.start('keepalive', 1000)
  timers.start('idleHold', 1000)
  timers.stop('hold')
  vi.advanceTimersByTime(1000)
  timers.stopAll()
  await poll()
  expect(expired).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
