import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  difference,
  exactDifference,
  fieldsOf,
  intersection,
  isEmptySet,
  leafPaths,
  union,
  withoutFields
} from './field-set.ts'
import { type Json, type JsonObject } from './json.ts'
import { applyMergePatch } from './merge-patch.ts'

const value = fc.letrec<{ tree: JsonObject }>((tie) => ({
  tree: fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof({ depthSize: 'small' }, fc.integer({ min: 0, max: 3 }), tie('tree')),
    { maxKeys: 3 }
  )
})).tree

test('a set and itself: united the same, intersected the same, subtracted nothing', () => {
  fc.assert(
    fc.property(value, (object) => {
      const set = fieldsOf(object, undefined)
      expect(union(set, set)).toEqual(set)
      expect(intersection(set, set)).toEqual(set)
      expect(isEmptySet(difference(set, set))).toBe(true)
      expect(isEmptySet(exactDifference(set, set))).toBe(true)
    })
  )
})

test('a difference leaves nothing that the other names, and loses nothing that it does not', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      const other = leafPaths(fieldsOf(right, undefined))
      const rest = leafPaths(exactDifference(fieldsOf(left, undefined), fieldsOf(right, undefined)))
      const isNamed = (path: string): boolean => other.some((it) => it === path || it.startsWith(`${path}.`))
      expect(rest.filter((path) => other.includes(path))).toEqual([])
      const lost = leafPaths(fieldsOf(left, undefined)).filter((path) => !rest.includes(path))
      expect(lost.filter((path) => !isNamed(path))).toEqual([])
    })
  )
})

test('a value without all its fields is nothing', () => {
  fc.assert(
    fc.property(value, (object) => {
      const rest: Json | undefined = withoutFields(object, fieldsOf(object, undefined), undefined)
      expect(rest ?? {}).toEqual({})
    })
  )
})

test('a merge patch applied twice is a merge patch applied once (RFC 7396)', () => {
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const once = applyMergePatch(target, patch)
      expect(applyMergePatch(once, patch)).toEqual(once)
    })
  )
})
