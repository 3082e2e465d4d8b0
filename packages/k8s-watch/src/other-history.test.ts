import { describe, expect, test } from 'vitest'
import { object, page } from '../test/scripted-client.ts'
import { ObjectCache } from './object-cache.ts'
import { isOtherHistory } from './other-history.ts'

function cacheOf(...objects: readonly ReturnType<typeof object>[]): ObjectCache<ReturnType<typeof object>> {
  const cache: ObjectCache<ReturnType<typeof object>> = new ObjectCache()
  for (const item of objects) cache.set(item)
  return cache
}

describe('isOtherHistory, with a cache as of version 10', () => {
  test.each([
    ['the same', page(10, [object('a', 5)])],
    ['a later server, first object the same', page(20, [object('a', 5)])],
    ['first object changed since', page(20, [object('a', 15)])],
    ['first object created since', page(20, [object('0', 15)])],
    ['versions that are no numbers', { ...page(0, [object('a', 15)]), resourceVersion: 'x' }]
  ])('the history goes on: %s', (_name, first) => {
    expect(isOtherHistory(first, cacheOf(object('a', 5), object('b', 10)), '10')).toBe(false)
  })

  test.each([
    ['the server is older', page(9, [object('a', 5)])],
    ['everything is gone', page(20, [])],
    ['an object of that name and another uid', page(20, [object('a', 15, 'another')])],
    ['an object that was there, as it was before', page(20, [object('a', 3)])],
    ['an object that should have been there', page(20, [object('0', 10)])]
  ])('the history is another: %s', (_name, first) => {
    expect(isOtherHistory(first, cacheOf(object('a', 5), object('b', 10)), '10')).toBe(true)
  })

  test('empty before and empty now is no difference', () => {
    expect(isOtherHistory(page(20, []), cacheOf(), '10')).toBe(false)
  })
})
