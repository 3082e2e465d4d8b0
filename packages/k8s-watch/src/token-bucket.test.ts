import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('gives the burst at once, then one token per interval', () => {
  let now = 0
  const bucket = new TokenBucket({ perSecond: 2, burst: 3, now: () => now })
  expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false])
  expect(bucket.waitMs()).toBe(500)
  now = 499
  expect(bucket.tryTake()).toBe(false)
  now = 500
  expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false])
})

test('never saves up more than the burst', () => {
  let now = 0
  const bucket = new TokenBucket({ perSecond: 100, burst: 2, now: () => now })
  now = 1_000_000
  expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false])
})

test('waitMs is 0 exactly when a token is there', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 1, now: () => 7 })
  expect(bucket.waitMs()).toBe(0)
  bucket.tryTake()
  expect(bucket.waitMs()).toBe(1000)
})

test('over any time it gives no more than the burst and the rate allow, and after waitMs there is a token', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 50 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      steps,
      (perSecond, burst, pauses) => {
        let now = 0
        let taken = 0
        const bucket = new TokenBucket({ perSecond, burst, now: () => now })
        for (const pause of pauses) {
          now += pause
          while (bucket.tryTake()) taken += 1
          expect(taken).toBeLessThanOrEqual(burst + (now / 1000) * perSecond + 1e-6)
        }
        // A millisecond more for what fractions lose.
        now += bucket.waitMs() + 1
        expect(bucket.tryTake()).toBe(true)
      }
    )
  )
})
