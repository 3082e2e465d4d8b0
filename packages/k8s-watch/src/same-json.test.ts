import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameJson } from './same-json.ts'

describe('isSameJson', () => {
  test.each([
    ['order of fields', { a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 }],
    ['a field that is undefined, and none', { a: 1, b: undefined }, { a: 1 }],
    ['a field that is undefined on the other side', { a: 1 }, { a: 1, b: undefined }],
    ['equal texts', 'x', 'x'],
    ['nothing', undefined, undefined],
    ['null', { a: null }, { a: null }]
  ])('is true in spite of or for: %s', (_name, a, b) => {
    expect(isSameJson(a, b)).toBe(true)
  })

  test.each([
    ['values', { a: 1 }, { a: 2 }],
    ['a field more', { a: 1 }, { a: 1, b: 1 }],
    ['a field less', { a: 1, b: 1 }, { a: 1 }],
    ['null and absent', { a: null }, {}],
    ['order of items', [1, 2], [2, 1]],
    ['length', [1], [1, 1]],
    ['list and object', [], {}],
    ['object and list', {}, []],
    ['number and text', 1, '1'],
    ['false and absent', { a: false }, {}],
    ['null and object', null, {}],
    ['a name that every object inherits', {}, { constructor: 1 }]
  ])('is false for different: %s', (_name, a, b) => {
    expect(isSameJson(a, b)).toBe(false)
  })

  test('agrees with comparing canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (a, b) => {
        expect(isSameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true)
        expect(isSameJson(a, b)).toBe(canonical(a) === canonical(b))
      })
    )
  })
})

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item
  )
}
