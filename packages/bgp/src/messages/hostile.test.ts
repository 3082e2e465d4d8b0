import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCorpus, ENCODINGS } from '../fixtures/corpus.ts'
import { type Outcome, outcomeOf } from '../fixtures/invariants.ts'
import { mutateMessage } from '../fixtures/mutate.ts'
import { createRandom } from '../fixtures/random.ts'

const CORPUS = createCorpus()

test('every message of the corpus is sound on some session', () => {
  for (const bytes of CORPUS)
    expect(ENCODINGS.map((encoding) => outcomeOf(bytes, encoding).kind)).toContain('sound')
})

test('any bytes behind a header give a message or BgpDecodeError', () => {
  const hostile = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 120 }))
  fc.assert(
    fc.property(hostile, fc.constantFrom(...ENCODINGS), ([type, body], encoding) => {
      const header = new Uint8Array(19).fill(0xff)
      header.set([0, 19 + body.length, type], 16)
      expect(outcomeOf(Uint8Array.of(...header, ...body), encoding)).not.toMatchObject({ kind: 'violation' })
    }),
    { numRuns: 1000 }
  )
})

test('any bytes without a header give BgpDecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(outcomeOf(bytes, ENCODINGS[0]).kind).toBe('reset')
    })
  )
})

test('sound messages with a few mistakes in them give a message or BgpDecodeError', () => {
  const kinds = new Set<Outcome['kind']>()
  const violations: string[] = []
  for (let seed = 0; seed < 5000; seed += 1) {
    const random = createRandom(seed)
    const bytes = mutateMessage(random.pick(CORPUS), random)
    const { kind, detail } = outcomeOf(bytes, random.pick(ENCODINGS))
    kinds.add(kind)
    if (kind === 'violation')
      violations.push(`seed ${seed}: ${detail}: ${Buffer.from(bytes).toString('hex')}`)
  }
  expect(violations).toEqual([])
  // The mistakes are not all of one sort.
  expect([...kinds].toSorted()).toEqual(['attribute-discard', 'reset', 'sound', 'treat-as-withdraw'])
})

test('equal seeds make equal mutations', () => {
  const mutation = (): Uint8Array => mutateMessage(CORPUS[0], createRandom(7))
  expect(mutation()).toEqual(mutation())
})
