import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstIncarnation, lifeOf, nextIncarnation, nextLife } from './incarnation.ts'
import { memberKey } from './member-key.ts'
import { parseParameters } from './parameters.ts'
import { Ring } from './ring.ts'

const ids = fc.integer({ min: 1, max: 16 })

test('each watches as many as it is watched by: the number asked for, or all others', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 5 }), (size, count) => {
      const members = Array.from({ length: size }, (_, i) => ({ key: memberKey(`node-${i}`) }))
      const ring = new Ring(members)
      const watched = new Map(members.map(({ key }) => [key, ring.watchedBy(key, count, () => true)]))
      for (const member of members) {
        const own = watched.get(member.key) ?? []
        expect(new Set(own).size).toBe(Math.min(count, size - 1))
        expect(own).not.toContain(member)
        const watchers = members.filter(({ key }) => watched.get(key)?.includes(member))
        expect(new Set(ring.watchersOf(member.key, count, () => true))).toEqual(new Set(watchers))
        expect(watchers).toHaveLength(Math.min(count, size - 1))
      }
    })
  )
})

test('who does not take part is passed over', () => {
  const members = [1n, 2n, 3n, 4n, 5n].map((key) => ({ key }))
  const watched = new Ring(members).watchedBy(4n, 2, ({ key }) => key !== 5n && key !== 2n)
  expect(watched.map(({ key }) => key)).toEqual([1n, 3n])
})

test('a key is the beginning of the SHA-256 of the id', () => {
  // `printf abc | sha256sum` (FIPS 180-4, example B.1)
  expect(memberKey('abc').toString(16)).toBe('ba7816bf8f01cfea')
})

test('an incarnation outlives a clock that went back, and a refutation is no new life', () => {
  const first = firstIncarnation(2_000_000)
  expect(2_000_000 - lifeOf(first)).toBeLessThan(256)
  expect(nextIncarnation(first)).toBeGreaterThan(first)
  expect(lifeOf(nextIncarnation(first))).toBe(lifeOf(first))
  expect(nextLife(nextIncarnation(first))).toBeGreaterThan(nextIncarnation(first))
  expect(lifeOf(nextLife(first))).toBeGreaterThan(lifeOf(first))
  expect(Number.isSafeInteger(nextLife(firstIncarnation(Number.MAX_VALUE)))).toBe(true)
  expect(firstIncarnation(-5)).toBeGreaterThan(0)
})

test.each([
  ['periodMs', { periodMs: 19 }],
  ['silenceMs', { silenceMs: 249 }],
  ['watchers', { watchers: 1 }],
  ['helpers', { helpers: 9 }],
  ['fanout', { fanout: 1.5 }],
  ['joinTimeoutMs', { joinTimeoutMs: 0 }]
])('%s out of range is refused by name', (field, options) => {
  expect(() => parseParameters(options)).toThrow(expect.objectContaining({ reason: 'range', field }))
})
