import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rumors } from './fixtures/arbitraries.ts'
import { type Knowledge, learn, NOTHING_KNOWN, withoutExpired } from './knowledge.ts'
import type { Rumor } from './message.ts'
import { seededRandom } from './simulation/random.ts'

const anyRumors = fc.array(rumors([1n, 2n, 3n]), { maxLength: 12 })

function learnAll(list: readonly Rumor[]): Knowledge {
  return list.reduce((knowledge, rumor) => learn(knowledge, rumor, 100), NOTHING_KNOWN)
}

function gist({ standing, incarnation, accusations }: Knowledge): unknown {
  const accusers = accusations.map(({ accuser }) => accuser).toSorted((a, b) => Number(a - b))
  return { standing, incarnation, accusers }
}

test('members that hear the same rumors hold the same, in whatever order and how often they hear them', () => {
  fc.assert(
    fc.property(anyRumors, fc.nat(), (list, seed) => {
      const random = seededRandom(seed)
      const shuffled = [...list, ...list]
        .map((rumor) => ({ rumor, key: random() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ rumor }) => rumor)
      expect(gist(learnAll(shuffled))).toEqual(gist(learnAll(list)))
    })
  )
})

test('the incarnation never falls, and within one nobody comes back to life', () => {
  fc.assert(
    fc.property(anyRumors, (list) => {
      let before = NOTHING_KNOWN
      for (const rumor of list) {
        const after = learn(before, rumor, 100)
        expect(after.incarnation).toBeGreaterThanOrEqual(before.incarnation)
        if (after.incarnation === before.incarnation && before.standing === 'dead')
          expect(['dead', 'left']).toContain(after.standing)
        before = after
      }
    })
  )
})

test('a higher incarnation refutes accusations and death', () => {
  const dead: Rumor = { kind: 'dead', member: 1n, incarnation: 7, accusers: [2n, 3n], reason: 'silent' }
  const alive: Rumor = { kind: 'alive', member: 1n, incarnation: 8, accusers: [], reason: 'silent' }
  expect(learnAll([dead]).standing).toBe('dead')
  expect(learnAll([dead, { ...alive, incarnation: 7 }]).standing).toBe('dead')
  expect(learnAll([dead, alive])).toMatchObject({ standing: 'alive', incarnation: 8, accusers: [] })
})

test('an accusation counts for a while, unless it is renewed', () => {
  const rumor: Rumor = { kind: 'accused', member: 1n, incarnation: 7, accusers: [2n], reason: 'silent' }
  const accused = learn(learn(NOTHING_KNOWN, rumor, 100), { ...rumor, accusers: [3n] }, 150)
  expect(withoutExpired(accused, 100).accusations.map(({ accuser }) => accuser)).toEqual([3n])
  expect(withoutExpired(learn(accused, rumor, 200), 160).accusations).toHaveLength(1)
  expect(withoutExpired(accused, 99)).toBe(accused)
})
