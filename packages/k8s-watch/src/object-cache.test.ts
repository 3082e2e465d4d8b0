import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KubeObject, keyOf } from './object.ts'
import { ObjectCache } from './object-cache.ts'

type Cache = ObjectCache<KubeObject, 'label'>

const labelsOf = (object: KubeObject): readonly string[] => Object.values(object.metadata?.labels ?? {})
const createCache = (): Cache => new ObjectCache({ label: labelsOf })

function object(name: string, ...labels: readonly string[]): KubeObject {
  return {
    metadata: { namespace: 'ns', name, labels: Object.fromEntries(labels.map((label) => [label, label])) }
  }
}

const byText = (a: string, b: string): number => a.localeCompare(b)

const namesOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map((item) => keyOf(item).name).toSorted(byText)

describe('ObjectCache', () => {
  test('finds an object by its key; a namespace and a name are not mixed up', () => {
    const cache: ObjectCache<KubeObject> = new ObjectCache()
    cache.set({ metadata: { name: 'b', namespace: 'a' } })
    cache.set({ metadata: { name: 'a' } })
    expect(cache.size).toBe(2)
    expect(cache.get({ namespace: '', name: 'a' })?.metadata?.namespace).toBeUndefined()
    expect(cache.has({ namespace: 'a', name: 'b' })).toBe(true)
    expect(cache.has({ namespace: '', name: 'b' })).toBe(false)
  })

  test('set and delete give what was there before', () => {
    const cache = createCache()
    const first = object('x')
    expect(cache.set(first)).toBeUndefined()
    expect(cache.set(object('x', 'red'))).toBe(first)
    expect(cache.delete(keyOf(first))?.metadata?.labels).toEqual({ red: 'red' })
    expect(cache.delete(keyOf(first))).toBeUndefined()
  })

  test('an index lists an object under all of its entries, and no longer under those that it lost', () => {
    const cache = createCache()
    cache.set(object('x', 'red', 'round'))
    cache.set(object('y', 'red'))
    expect(namesOf(cache.byIndex('label', 'red'))).toEqual(['x', 'y'])
    cache.set(object('x', 'round', 'blue'))
    expect(namesOf(cache.byIndex('label', 'red'))).toEqual(['y'])
    expect(namesOf(cache.byIndex('label', 'blue'))).toEqual(['x'])
  })

  test('an index gives the newest version of an object whose entries stayed the same', () => {
    const cache = createCache()
    cache.set(object('x', 'red'))
    const newer = { ...object('x', 'red'), kind: 'Newer' }
    cache.set(newer)
    expect(cache.byIndex('label', 'red')).toEqual([newer])
  })

  test('after any writes and deletions an index is what a look at every object would find', () => {
    const labels = fc.subarray(['red', 'blue', 'round'])
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), labels: fc.option(labels) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = createCache()
        for (const { name, labels: wanted } of steps) {
          if (wanted === null) cache.delete({ namespace: 'ns', name })
          else cache.set(object(name, ...wanted))
        }
        const all = [...cache.values()]
        for (const label of ['red', 'blue', 'round']) {
          const expected = all.filter((item) => labelsOf(item).includes(label))
          expect(namesOf(cache.byIndex('label', label))).toEqual(namesOf(expected))
        }
        expect([...cache.indexEntries('label')].toSorted(byText)).toEqual(
          [...new Set(all.flatMap(labelsOf))].toSorted(byText)
        )
      })
    )
  })
})
