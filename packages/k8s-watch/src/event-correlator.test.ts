import { describe, expect, test } from 'vitest'
import { COMBINED_PREFIX, EventCorrelator, LruMap, type ObservedEvent } from './event-correlator.ts'

function event(message: string, changes: Partial<ObservedEvent> = {}): ObservedEvent {
  return { subject: 'service a', type: 'Normal', reason: 'Assigned', message, ...changes }
}

describe('EventCorrelator', () => {
  test('repeats belong to one series; another object, type, reason or message is another', () => {
    const correlator = new EventCorrelator({ now: () => 0 })
    const first = correlator.observe(event('x'))
    expect(correlator.observe(event('x'))).toEqual(first)
    const others = [
      event('y'),
      event('x', { subject: 'service b' }),
      event('x', { type: 'Warning' }),
      event('x', { reason: 'Lost' })
    ].map((other) => correlator.observe(other)?.key)
    expect(new Set([first?.key, ...others]).size).toBe(5)
  })

  test('beyond the limit, different messages with one reason share a series that says so', () => {
    const correlator = new EventCorrelator({ maxSimilar: 3, now: () => 0 })
    const series = ['1', '2', '3', '4', '5'].map((message) => correlator.observe(event(message)))
    expect(series.map((item) => item?.message)).toEqual([
      '1',
      '2',
      '3',
      `${COMBINED_PREFIX}4`,
      `${COMBINED_PREFIX}5`
    ])
    expect(series[4]?.key).toBe(series[3]?.key)
    expect(correlator.observe(event('2'))?.key).toBe(series[1]?.key)
  })

  test('after ten minutes without such messages they stand alone again', () => {
    let now = 0
    const correlator = new EventCorrelator({ maxSimilar: 1, now: () => now })
    correlator.observe(event('1'))
    expect(correlator.observe(event('2'))?.message).toBe(`${COMBINED_PREFIX}2`)
    now = 600_000
    expect(correlator.observe(event('3'))?.message).toBe(`${COMBINED_PREFIX}3`)
    now = 1_200_001
    expect(correlator.observe(event('4'))?.message).toBe('4')
  })

  test('an object that has too many events gets no more until its bucket fills; others are not concerned', () => {
    let now = 0
    const correlator = new EventCorrelator({ burst: 2, perSecond: 1, now: () => now })
    const observed = (): boolean => correlator.observe(event('x')) !== undefined
    expect([observed(), observed(), observed()]).toEqual([true, true, false])
    expect(correlator.observe(event('x', { subject: 'service b' }))).toBeDefined()
    now = 1000
    expect([observed(), observed()]).toEqual([true, false])
  })
})

describe('LruMap', () => {
  test('forgets what was longest unused, never holds more than its limit', () => {
    const map = new LruMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, 1, undefined, 3])
  })

  test('getOrAdd makes a value once', () => {
    const map = new LruMap<object>(2)
    const made = map.getOrAdd('a', () => ({}))
    expect(map.getOrAdd('a', () => ({}))).toBe(made)
    map.delete('a')
    expect(map.get('a')).toBeUndefined()
  })
})
