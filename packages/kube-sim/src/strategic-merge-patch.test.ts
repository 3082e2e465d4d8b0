import { expect, test } from 'vitest'
import { type Json, type JsonObject } from './json.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const KEYED: JsonObject = {
  type: 'array',
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': 'name',
  items: { type: 'object' }
}
const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    list: KEYED,
    set: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: { type: 'string' } }
  }
}

test.each<[string, Json, Json, Json]>([
  ['null removes', { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ['objects merge', { map: { a: 1, b: 2 } }, { map: { b: 3 } }, { map: { a: 1, b: 3 } }],
  [
    '$patch: replace replaces an object',
    { map: { a: 1, b: 2 } },
    { map: { $patch: 'replace', c: 3 } },
    { map: { c: 3 } }
  ],
  [
    '$patch: delete empties an object',
    { map: { a: 1 }, b: 2 },
    { map: { $patch: 'delete' } },
    { map: {}, b: 2 }
  ],
  [
    '$retainKeys drops the others',
    { map: { a: 1, b: 2 } },
    { map: { $retainKeys: ['b', 'c'], c: 3 } },
    { map: { b: 2, c: 3 } }
  ],
  ['a list without a key is replaced', { other: [1, 2] }, { other: [3] }, { other: [3] }],
  ['a set grows', { set: ['a'] }, { set: ['a', 'b'] }, { set: ['a', 'b'] }],
  [
    '$deleteFromPrimitiveList shrinks it',
    { set: ['a', 'b'] },
    { '$deleteFromPrimitiveList/set': ['a'] },
    { set: ['b'] }
  ],
  [
    'a keyed list merges by key',
    { list: [{ name: 'a', x: 1 }] },
    { list: [{ name: 'a', y: 2 }, { name: 'b' }] },
    { list: [{ name: 'a', x: 1, y: 2 }, { name: 'b' }] }
  ],
  [
    '$patch: delete removes an item',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ name: 'a', $patch: 'delete' }] },
    { list: [{ name: 'b' }] }
  ],
  [
    '$patch: replace replaces the list',
    { list: [{ name: 'a' }] },
    { list: [{ $patch: 'replace' }, { name: 'c' }] },
    { list: [{ name: 'c' }] }
  ],
  [
    '$setElementOrder orders it',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { '$setElementOrder/list': [{ name: 'c' }, { name: 'b' }, { name: 'a' }], list: [{ name: 'c' }] },
    { list: [{ name: 'c' }, { name: 'b' }, { name: 'a' }] }
  ]
])('%s', (_what, target, patch, expected) => {
  expect(applyStrategicMergePatch(target, patch, SCHEMA)).toEqual(expected)
})

test('directives and items that make no sense are refused', () => {
  expect(() => applyStrategicMergePatch({}, { $patch: 'mend' }, SCHEMA)).toThrow('unknown patch type: "mend"')
  expect(() => applyStrategicMergePatch({}, { list: [{ x: 1 }] }, SCHEMA)).toThrow(
    'does not contain declared merge key: name'
  )
  expect(() => applyStrategicMergePatch({}, { list: ['a'] }, SCHEMA)).toThrow('has objects only')
})
