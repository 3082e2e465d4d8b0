import { expect, test } from 'vitest'
import { fuzzDecoder } from './fixtures/fuzz-decoder.ts'
import { fuzzSession } from './fixtures/fuzz-session.ts'

// `npm run fuzz -- bgp` is the long version.
test('mutated messages, whole and in pieces, give a message or BgpDecodeError', () => {
  const { violations, outcomes } = fuzzDecoder({ seed: 1_000_000, count: 5000 })
  expect(violations).toEqual([])
  expect(outcomes.sound + outcomes['attribute-discard'] + outcomes['treat-as-withdraw']).toBeGreaterThan(1000)
})

test('sessions with peers that send mutated messages end, and throw nothing', async () => {
  const { violations, established, taken } = await fuzzSession({ seed: 1_000_000, count: 3000 })
  expect(violations).toEqual([])
  expect(established).toBeGreaterThan(2)
  expect(taken).toBeGreaterThanOrEqual(3000)
})
