import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReplayWindow } from './replay-window.ts'

test('no number is accepted twice, and those near the highest are accepted once in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 300 }), (numbers) => {
      const window = new ReplayWindow()
      const seen = new Set<number>()
      let highest = 0
      for (const number of numbers) {
        const isInReach = highest - number < 1024
        expect(window.accept(number)).toBe(isInReach && !seen.has(number))
        if (isInReach) seen.add(number)
        highest = Math.max(highest, number)
      }
    })
  )
})

test('a number that is passed by a thousand others is too old', () => {
  const window = new ReplayWindow()
  expect([window.accept(2000), window.accept(977), window.accept(976)]).toEqual([true, true, false])
})

test('numbers up to 2^48 are told apart', () => {
  const window = new ReplayWindow()
  const high = 2 ** 48 - 1
  expect([window.accept(high), window.accept(high), window.accept(high - 1)]).toEqual([true, false, true])
})
