import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Backoff, backoffDelay } from './backoff.ts'

const options = { minMs: 100, maxMs: 1000, random: () => 0 } as const

describe('backoffDelay', () => {
  test.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1000],
    [6, 1000],
    [10_000, 1000]
  ])('attempt %i waits %i ms: it doubles, up to the longest delay', (attempt, ms) => {
    expect(backoffDelay(attempt, options)).toBe(ms)
  })

  test('the random part only shortens a delay, by no more than the stated part', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), share, share, (attempt, jitter, random) => {
        const full = backoffDelay(attempt, { ...options, jitter: 0 })
        const delay = backoffDelay(attempt, { ...options, jitter, random: () => random })
        expect(delay).toBeLessThanOrEqual(full)
        expect(delay).toBeGreaterThanOrEqual(full * (1 - jitter))
      })
    )
  })
})

describe('Backoff', () => {
  test('counts failures in a row and starts small again after a success', () => {
    const backoff = new Backoff(options)
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400])
    expect(backoff.attempt).toBe(3)
    backoff.reset()
    expect([backoff.attempt, backoff.next()]).toEqual([0, 100])
  })

  test('waits at least as long as the server asked, even beyond the longest delay', () => {
    const backoff = new Backoff(options)
    expect(backoff.next(5000)).toBe(5000)
    expect(backoff.next(1)).toBe(200)
  })
})
