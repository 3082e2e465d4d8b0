import { describe, expect, test } from 'vitest'
import { updateOf } from '../fixtures/bytes.ts'
import { encoding } from '../fixtures/corpus.ts'
import { mergeAs4Path } from './as-path.ts'
import { decodeMessage } from './codec.ts'
import type { AsPathSegment } from './model.ts'

const OLD = encoding({ hasFourOctetAsn: false })
const BIG = 4_200_000_000

function sequence(...asns: number[]): AsPathSegment {
  return { type: 'sequence', asns }
}
function set(...asns: number[]): AsPathSegment {
  return { type: 'set', asns }
}
function confederation(...asns: number[]): AsPathSegment {
  return { type: 'confed-sequence', asns }
}

// RFC 6793 §4.2.3: AS_PATH, AS4_PATH, what they mean.
test.each([
  ['as long', [sequence(1, 23_456)], [sequence(1, BIG)], [sequence(1, BIG)]],
  ['shorter: its front is missing', [sequence(1, 2, 23_456)], [sequence(BIG)], [sequence(1, 2, BIG)]],
  ['longer: not to be trusted', [sequence(23_456)], [sequence(1, BIG)], [sequence(23_456)]],
  ['a set counts as one', [sequence(1), set(2, 3)], [set(BIG, 3)], [sequence(1), set(BIG, 3)]],
  [
    'a set in front is taken whole',
    [set(1, 2), sequence(23_456)],
    [sequence(BIG)],
    [set(1, 2), sequence(BIG)]
  ],
  [
    'a confederation that leads comes along',
    [confederation(9), sequence(1, 23_456)],
    [sequence(1, BIG)],
    [confederation(9), sequence(1, BIG)]
  ],
  [
    'a confederation in AS4_PATH does not',
    [sequence(1, 23_456)],
    [confederation(9), sequence(BIG)],
    [sequence(1, BIG)]
  ],
  ['nothing but confederations', [sequence(1, 2)], [confederation(9)], [sequence(1, 2)]]
] as const)('AS4_PATH: %s', (_, asPath, as4Path, merged) => {
  expect(mergeAs4Path(asPath, as4Path)).toEqual(merged)
})

test('sequences are not joined to more than a segment can hold', () => {
  const front = Array.from({ length: 200 }, (_, i) => i + 1)
  const tail = Array.from({ length: 100 }, (_, i) => BIG + i)
  const asPath = [sequence(...front), sequence(...tail.map(() => 23_456))]
  expect(mergeAs4Path(asPath, [sequence(...tail)])).toEqual([sequence(...front), sequence(...tail)])
})

describe('AS4 attributes of an UPDATE', () => {
  const ORIGIN = '40 01 01 00'
  const AS_PATH = '40 02 06 02 02 fde9 5ba0'
  const NEXT_HOP = '40 03 04 c0000201'
  const AS4_PATH = 'c0 11 0a 02 02 0000fde9 fa56ea00'
  const AS4_AGGREGATOR = 'c0 12 08 fa56ea00 c0000209'

  function attributesOf(attributes: string): unknown {
    const message = decodeMessage(updateOf({ attributes, nlri: '00' }), OLD)
    return message.type === 'update' ? message.attributes : undefined
  }

  test('are merged wherever they stand', () => {
    const merged = { asPath: [sequence(65_001, BIG)] }
    expect(attributesOf(`${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${AS4_PATH}`)).toMatchObject(merged)
    expect(attributesOf(`${AS4_PATH} ${ORIGIN} ${AS_PATH} ${NEXT_HOP}`)).toMatchObject(merged)
  })

  test('AS_TRANS in AGGREGATOR is looked up', () => {
    const aggregator = 'c0 07 06 5ba0 c0000209'
    expect(attributesOf(`${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${aggregator} ${AS4_AGGREGATOR}`)).toMatchObject({
      aggregator: { asn: BIG }
    })
  })

  test('another number in AGGREGATOR makes both of them stale', () => {
    const aggregator = 'c0 07 06 fde9 c0000209'
    const list = `${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${aggregator} ${AS4_PATH} ${AS4_AGGREGATOR}`
    expect(attributesOf(list)).toMatchObject({
      asPath: [sequence(65_001, 23_456)],
      aggregator: { asn: 65_001 }
    })
    expect(attributesOf(`${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${aggregator} ${AS4_PATH}`)).toMatchObject({
      asPath: [sequence(65_001, BIG)]
    })
  })

  test('AS4_AGGREGATOR alone says nothing', () => {
    expect(attributesOf(`${ORIGIN} ${AS_PATH} ${NEXT_HOP} ${AS4_AGGREGATOR}`)).toMatchObject({
      aggregator: undefined
    })
  })
})
