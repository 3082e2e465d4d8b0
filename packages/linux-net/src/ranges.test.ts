import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coarsen, hold, toBlocks, toRanges } from './ranges.ts'

const numbers = fc.array(fc.oneof(fc.nat(60), fc.nat(0xffff_ffff)))

function holds(ranges: ReturnType<typeof toRanges>, value: number): boolean {
  return ranges.some(({ first, last }) => first <= value && value <= last)
}

test('ranges hold exactly the numbers, are sorted and apart', () => {
  fc.assert(
    fc.property(numbers, fc.array(fc.nat(70)), (values, others) => {
      const ranges = toRanges(values)
      for (const value of values) expect(holds(ranges, value)).toBe(true)
      for (const value of others) expect(holds(ranges, value)).toBe(values.includes(value))
      ranges.slice(1).forEach((range, i) => expect(range.first).toBeGreaterThan((ranges[i]?.last ?? 0) + 1))
      expect(ranges.length).toBeLessThanOrEqual(values.length)
    })
  )
})

test('coarser ranges are not more than asked for, and lose nothing', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 20 }), (values, limit) => {
      const ranges = coarsen(toRanges(values), limit)
      expect(ranges.length).toBeLessThanOrEqual(limit)
      for (const value of values) expect(holds(ranges, value)).toBe(true)
    })
  )
})

test('the narrowest gaps are closed first', () => {
  expect(coarsen(toRanges([1, 3, 10, 12, 100]), 2)).toEqual([
    { first: 1, last: 12 },
    { first: 100, last: 100 }
  ])
})

test('a number is found in the ranges that hold it, and in no others', () => {
  fc.assert(
    fc.property(numbers, fc.array(fc.nat(70)), (values, others) => {
      const ranges = toRanges(values)
      for (const value of [...values, ...others]) expect(hold(ranges, value)).toBe(holds(ranges, value))
    })
  )
})

test('blocks hold all that the ranges held and what is beside it, are sorted and apart', () => {
  fc.assert(
    fc.property(numbers, fc.nat(8), (values, bits) => {
      const blocks = toBlocks(toRanges(values), bits)
      const size = 2 ** bits
      for (const value of values) {
        expect(hold(blocks, value - (value % size))).toBe(true)
        expect(hold(blocks, value - (value % size) + size - 1)).toBe(true)
      }
      blocks.slice(1).forEach((block, i) => expect(block.first).toBeGreaterThan((blocks[i]?.last ?? 0) + 1))
      expect(blocks.every(({ last }) => last <= 0xffff_ffff)).toBe(true)
    })
  )
})
