import { describe, expect, test } from 'vitest'
import { BgpDecodeError } from '../errors.ts'
import { messageOf, openOf, updateOf } from '../fixtures/bytes.ts'
import { encoding } from '../fixtures/corpus.ts'
import { type Outcome, outcomeOf } from '../fixtures/invariants.ts'
import { decodeMessage } from './codec.ts'
import type { SessionEncoding } from './model.ts'

const BASE = '40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000201'
const OLD = encoding({ hasFourOctetAsn: false })
const EXTERNAL = encoding({})
const INTERNAL = encoding({ isExternal: false })
const LONG = encoding({ maxMessageLength: 65_535 })
const NLRI = '20 c000020a'

function spoilt(attributes: string): Uint8Array {
  return updateOf({ attributes: BASE + attributes, nlri: NLRI })
}

/** AS_PATH of so many segments of 250 numbers. */
function longPath(segments: number): string {
  const value = `02fa${'0000fde9'.repeat(250)}`.repeat(segments)
  return `50 02 ${(value.length / 2).toString(16).padStart(4, '0')} ${value}`
}

// Messages of the shapes that took down or reset other speakers, and what becomes of them here.
const INCIDENTS: readonly [string, Outcome['kind'], Uint8Array, SessionEncoding?][] = [
  ['CVE-2022-40302: extended parameters, a parameter cut off', 'reset', openOf('ff ff 0002 02 00')],
  ['CVE-2022-40318: extended parameters, a length of zero', 'reset', openOf('ff ff 0000 00')],
  ['CVE-2022-43681: OPEN that ends in the extended length', 'reset', openOf('ff ff 00')],
  ['CVE-2023-46752: MP_REACH_NLRI malformed', 'reset', updateOf({ attributes: '80 0e 05 0002 01 20 00' })],
  ['CVE-2023-46753: only an unknown transitive attribute', 'sound', updateOf({ attributes: 'c0 63 00' })],
  ['CVE-2023-38802: tunnel encapsulation, corrupted', 'sound', spoilt('c0 17 03 ffffff')],
  ['CVE-2023-4481: attribute 28, corrupted', 'sound', spoilt('e0 1c 01 ff')],
  ['CVE-2023-38283: low flag bits', 'sound', spoilt('cf 08 04 fde90001')],
  [
    'CVE-2026-37457: a flow specification, cut off',
    'attribute-discard',
    updateOf({ attributes: '80 0e 06 0001 85 00 00 f0' })
  ],
  [
    'CVE-2026-37459: next hop capabilities, a length below zero',
    'sound',
    spoilt('c0 27 07 0001 01 00 0001 ff')
  ],
  [
    'CVE-2026-30405: NEXT_HOP of two octets',
    'treat-as-withdraw',
    updateOf({
      attributes: '40 01 01 00 40 02 06 02 01 0000fde9 40 03 02 c000',
      nlri: NLRI
    })
  ],
  ['CVE-2026-41642: unknown, flagged well-known', 'reset', spoilt('40 c8 01 00')],
  [
    'CVE-2026-41643: AS4_PATH malformed, in front of AS_PATH',
    'attribute-discard',
    updateOf({
      attributes: 'c0 11 05 02 02 0000fd 40 01 01 00 40 02 04 02 01 fde9 40 03 04 c0000201',
      nlri: NLRI
    }),
    OLD
  ],
  ['CVE-2026-42285: lengths that contradict each other', 'treat-as-withdraw', spoilt('c0 08 ff fde90001')],
  [
    'CVE-2026-37461: IPv6 extended communities, cut off',
    'treat-as-withdraw',
    spoilt('c0 19 13 0002000100000000000000000000000000000000')
  ],
  ['CVE-2026-37462: attributes longer than the message', 'reset', messageOf(2, '0000 ffff 40')],
  [
    'an empty AS_PATH segment of a confederation',
    'treat-as-withdraw',
    updateOf({
      attributes: '40 01 01 00 40 02 02 03 00 40 03 04 c0000201',
      nlri: NLRI
    }),
    INTERNAL
  ],
  [
    'ORIGIN without the transitive flag',
    'treat-as-withdraw',
    updateOf({
      attributes: '00 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000201',
      nlri: NLRI
    })
  ],
  [
    'CVE-2026-49943: a path of 15000 numbers',
    'sound',
    updateOf({
      attributes: `40 01 01 00 ${longPath(60)} 40 03 04 c0000201`,
      nlri: NLRI
    }),
    LONG
  ],
  ['CVE-2025-59688: a NOTIFICATION without data', 'sound', messageOf(3, '06 02')],
  ['CVE-2025-59688: a NOTIFICATION of unknown code', 'sound', messageOf(3, 'ff ff 00')],
  ['ONLY_TO_CUSTOMER of 1024 octets', 'treat-as-withdraw', spoilt(`d0 23 0400 ${'00'.repeat(1024)}`)],
  ['a message of unknown type', 'reset', messageOf(9, '00')],
  ['FQDN capability, an inner length past its value', 'sound', openOf('08 02 06 49 04 c8 616161')]
]

describe('shapes that broke other speakers', () => {
  test.each(INCIDENTS)('%s: %s', (_, kind, bytes, session = EXTERNAL) => {
    expect(outcomeOf(bytes, session)).toMatchObject({ kind })
  })

  test('a message of many tiny prefixes is read to its end', () => {
    const bytes = updateOf({ withdrawn: '00'.repeat(60_000) })
    const message = decodeMessage(bytes, LONG)
    expect(message.type === 'update' && message.withdrawn.length).toBe(60_000)
  })

  test('an answer never outgrows what every peer takes', () => {
    const bytes = updateOf({ attributes: `50 c8 ea60 ${'00'.repeat(60_000)}` })
    try {
      decodeMessage(bytes, LONG)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(BgpDecodeError)
      expect(error).toMatchObject({ notification: { code: 3, subcode: 2, data: { length: 4075 } } })
    }
  })
})
