import { describe, expect, test } from 'vitest'
import { BgpDecodeError } from '../errors.ts'
import { messageOf, plain, type UpdateFields, updateOf } from '../fixtures/bytes.ts'
import {
  ADDRESS6,
  AS_PATH,
  BASE,
  EXTERNAL,
  INTERNAL,
  NEXT_HOP,
  NLRI,
  OLD,
  OLD_BASE,
  ORIGIN,
  REACH6,
  update
} from '../fixtures/update-fields.ts'
import { decodeMessage } from './codec.ts'
import type { SessionEncoding } from './model.ts'

function resetOf(bytes: Uint8Array, session: SessionEncoding = EXTERNAL): string {
  try {
    decodeMessage(bytes, session)
  } catch (error) {
    if (!(error instanceof BgpDecodeError)) throw error
    const { code, subcode, data } = error.notification
    return `${code}/${subcode} ${Buffer.from(data).toString('hex')}`.trim()
  }
  return 'no reset'
}

// What is wrong, the attribute, the attributes, the session.
const TREAT_AS_WITHDRAW: readonly [string, number | undefined, string, SessionEncoding?][] = [
  ['§3 c: ORIGIN flagged optional', 1, `c0 01 01 00 ${AS_PATH} ${NEXT_HOP}`],
  ['§3 c: ORIGIN not transitive', 1, `00 01 01 00 ${AS_PATH} ${NEXT_HOP}`],
  ['§3 c: AS_PATH flagged optional', 2, `${ORIGIN} c0 02 06 02 01 0000fde9 ${NEXT_HOP}`],
  ['§3 c: NEXT_HOP flagged optional', 3, `${ORIGIN} ${AS_PATH} c0 03 04 c0000201`],
  ['§3 c: MULTI_EXIT_DISC flagged transitive', 4, `${BASE} c0 04 04 00000001`],
  ['§3 c: LOCAL_PREF flagged optional', 5, `${BASE} c0 05 04 00000001`, INTERNAL],
  ['§3 c: AGGREGATOR flagged well-known', 7, `${BASE} 40 07 08 0000fde9 c0000201`],
  ['§3 c: COMMUNITIES not transitive', 8, `${BASE} 80 08 04 fde90001`],
  ['§3 d: no ORIGIN', 1, `${AS_PATH} ${NEXT_HOP}`],
  ['§3 d: no AS_PATH', 2, `${ORIGIN} ${NEXT_HOP}`],
  ['§3 d: no NEXT_HOP', 3, `${ORIGIN} ${AS_PATH}`],
  ['§3 d: no attributes at all', 1, ''],
  ['§4: an attribute longer than the rest', 8, `${BASE} c0 08 08 fde90001`],
  ['§4: fewer than three octets left', undefined, `${BASE} c0`],
  ['§4: an extended length of one octet', 8, `${BASE} d0 08 00`],
  ['§7.1: ORIGIN of no octets', 1, `40 01 00 ${AS_PATH} ${NEXT_HOP}`],
  ['§7.1: ORIGIN of two octets', 1, `40 01 02 0000 ${AS_PATH} ${NEXT_HOP}`],
  ['§7.1: ORIGIN 3', 1, `40 01 01 03 ${AS_PATH} ${NEXT_HOP}`],
  ['§7.2: AS_PATH of an unknown segment type', 2, `${ORIGIN} 40 02 06 05 01 0000fde9 ${NEXT_HOP}`],
  ['§7.2: AS_PATH segment past the end', 2, `${ORIGIN} 40 02 06 02 02 0000fde9 ${NEXT_HOP}`],
  ['§7.2: AS_PATH with an octet left over', 2, `${ORIGIN} 40 02 07 02 01 0000fde9 02 ${NEXT_HOP}`],
  ['§7.2: AS_PATH with an empty segment', 2, `${ORIGIN} 40 02 02 02 00 ${NEXT_HOP}`],
  ['RFC 7607: AS 0 in AS_PATH', 2, `${ORIGIN} 40 02 0a 02 02 0000fde9 00000000 ${NEXT_HOP}`],
  ['RFC 5065: confederations from outside', 2, `${ORIGIN} 40 02 06 03 01 0000fde9 ${NEXT_HOP}`],
  ['§7.2: two-octet numbers taken for four', 2, `${ORIGIN} 40 02 04 02 01 fde9 ${NEXT_HOP}`],
  ['§7.3: NEXT_HOP of no octets', 3, `${ORIGIN} ${AS_PATH} 40 03 00`],
  ['§7.3: NEXT_HOP of three octets', 3, `${ORIGIN} ${AS_PATH} 40 03 03 c00002`],
  ['§7.3: NEXT_HOP of five octets', 3, `${ORIGIN} ${AS_PATH} 40 03 05 c000020101`],
  ['RFC 4271 §6.3: NEXT_HOP 0.0.0.0', 3, `${ORIGIN} ${AS_PATH} 40 03 04 00000000`],
  ['RFC 4271 §6.3: NEXT_HOP 224.0.0.1', 3, `${ORIGIN} ${AS_PATH} 40 03 04 e0000001`],
  ['RFC 4271 §6.3: NEXT_HOP 255.255.255.255', 3, `${ORIGIN} ${AS_PATH} 40 03 04 ffffffff`],
  ['§7.4: MULTI_EXIT_DISC of three octets', 4, `${BASE} 80 04 03 000001`],
  ['§7.5: LOCAL_PREF of five octets', 5, `${BASE} 40 05 05 0000000001`, INTERNAL],
  ['§7.8: COMMUNITIES of no octets', 8, `${BASE} c0 08 00`],
  ['§7.8: COMMUNITIES of five octets', 8, `${BASE} c0 08 05 fde9000100`],
  ['§7.9: ORIGINATOR_ID of three octets', 9, `${BASE} 80 09 03 000001`, INTERNAL],
  ['§7.10: CLUSTER_LIST of no octets', 10, `${BASE} 80 0a 00`, INTERNAL],
  ['§7.10: CLUSTER_LIST of six octets', 10, `${BASE} 80 0a 06 000000000001`, INTERNAL],
  ['§7.14: EXTENDED_COMMUNITIES of seven octets', 16, `${BASE} c0 10 07 00020001000000`],
  ['§7.15: IPV6_EXTENDED_COMMUNITIES of eight octets', 25, `${BASE} c0 19 08 0002000100000000`],
  ['RFC 8092 §6: LARGE_COMMUNITY of no octets', 32, `${BASE} c0 20 00`],
  ['RFC 8092 §6: LARGE_COMMUNITY of eight octets', 32, `${BASE} c0 20 08 0000fde900000001`],
  ['RFC 9234 §5: ONLY_TO_CUSTOMER of five octets', 35, `${BASE} c0 23 05 0000fde900`]
]

const ATTRIBUTE_DISCARD: readonly [string, number, string, SessionEncoding?][] = [
  ['§3 g: ORIGIN repeated', 1, `${BASE} 40 01 01 02`],
  ['§3 g: NEXT_HOP repeated, malformed', 3, `${BASE} 40 03 01 00`],
  ['§7.5: LOCAL_PREF from outside', 5, `${BASE} 40 05 04 00000064`],
  ['§7.5: LOCAL_PREF from outside, malformed', 5, `${BASE} c0 05 01 00`],
  ['§7.6: ATOMIC_AGGREGATE of one octet', 6, `${BASE} 40 06 01 00`],
  ['§7.7: AGGREGATOR of six octets', 7, `${BASE} c0 07 06 fde9 c0000201`],
  ['§7.7: AGGREGATOR of eight octets', 7, `${OLD_BASE} c0 07 08 0000fde9 c0000201`, OLD],
  ['RFC 7607: AGGREGATOR of AS 0', 7, `${BASE} c0 07 08 00000000 c0000201`],
  ['§7.9: ORIGINATOR_ID from outside', 9, `${BASE} 80 09 04 c0000201`],
  ['§7.10: CLUSTER_LIST from outside', 10, `${BASE} 80 0a 03 c00002`],
  ['RFC 6793 §6: AS4_PATH of a peer that needs none', 17, `${BASE} c0 11 06 02 01 fa56ea00`],
  ['RFC 6793 §6: AS4_PATH past its end', 17, `${OLD_BASE} c0 11 06 02 02 fa56ea00`, OLD],
  ['RFC 6793 §6: AS4_PATH of no octets', 17, `${OLD_BASE} c0 11 00`, OLD],
  ['RFC 7607: AS 0 in AS4_PATH', 17, `${OLD_BASE} c0 11 06 02 01 00000000`, OLD],
  ['RFC 6793 §6: AS4_AGGREGATOR of six octets', 18, `${OLD_BASE} c0 12 06 fde9 c0000201`, OLD],
  ['RFC 6793 §6: AS4_AGGREGATOR of a peer that needs none', 18, `${BASE} c0 12 08 0000fde9 c0000201`]
]

const RESET: readonly [string, string, UpdateFields, SessionEncoding?][] = [
  ['§3 g: MP_REACH_NLRI repeated', '3/1', { attributes: `${REACH6} ${REACH6} ${BASE}` }],
  ['§3 g: MP_UNREACH_NLRI repeated', '3/1', { attributes: '80 0f 03 0002 01 80 0f 03 0002 01' }],
  ['§3 j: a prefix of 33 bits', '3/10', { attributes: BASE, nlri: '21 c000020a00' }],
  ['§3 j: a prefix that is cut off', '3/10', { attributes: BASE, nlri: '20 c00002' }],
  ['§3 i: a withdrawn prefix of 255 bits', '3/10', { withdrawn: 'ff 00' }],
  ['§3 i: a withdrawn prefix that is cut off', '3/10', { withdrawn: '08' }],
  ['§5.3: an IPv6 prefix of 129 bits', '3/9 800f040002 0181', { attributes: '80 0f 04 0002 01 81' }],
  ['§5.3: MP_UNREACH_NLRI of two octets', '3/9 800f020002', { attributes: '80 0f 02 0002' }],
  ['§5.3: MP_REACH_NLRI of four octets', '3/9 800e0400020100', { attributes: `80 0e 04 0002 01 00 ${BASE}` }],
  ['§7.11: next hop past the end', '3/9 800e050002011000', { attributes: '80 0e 05 0002 01 10 00' }],
  [
    '§7.11: an IPv6 next hop of four octets',
    '3/9 800e0a00020104c00002010000',
    { attributes: '80 0e 0a 0002 01 04 c0000201 00 00' }
  ],
  [
    '§7.11: an IPv6 next hop of 24 octets',
    `3/9 800e1d00020118${'00'.repeat(24)}00`,
    { attributes: `80 0e 1d 0002 01 18 ${'00'.repeat(24)} 00` }
  ],
  [
    'RFC 8950: IPv4 with an IPv6 next hop, not agreed on',
    `3/9 800e1600010110${ADDRESS6}0000`,
    { attributes: `80 0e 16 0001 01 10 ${ADDRESS6} 00 00 ${ORIGIN} ${AS_PATH}` }
  ],
  ['§4: MP_REACH_NLRI longer than the rest', '3/5 800e200002', { attributes: '80 0e 20 0002' }],
  ['RFC 4271 §6.3: an unknown well-known one', '3/2 406301ff', { attributes: '40 63 01 ff' }],
  [
    'RFC 4271 §6.3: … that is not transitive',
    '3/2 006301ff',
    { attributes: `${BASE} 00 63 01 ff`, nlri: NLRI }
  ],
  ['§5.2: ORIGIN 3, and no prefixes', '3/6 40010103', { attributes: '40 01 01 03' }],
  ['§5.2: AS_PATH malformed, and no prefixes', '3/11 4002020200', { attributes: '40 02 02 02 00' }],
  ['§5.2: NEXT_HOP 0.0.0.0, and no prefixes', '3/8 40030400000000', { attributes: '40 03 04 00000000' }],
  ['§5.2: wrong flags, and no prefixes', '3/4 c0010100', { attributes: 'c0 01 01 00' }],
  ['§5.2: cut off, and no prefixes', '3/5 4001', { attributes: '40 01' }],
  ['§5.2: malformed beside a withdrawal', '3/5 c00800', { withdrawn: NLRI, attributes: 'c0 08 00' }]
]

describe('RFC 7606', () => {
  test.each(TREAT_AS_WITHDRAW)('treat as withdraw: %s', (_, attribute, attributes, session) => {
    const { withdrawn, reached, problems, ...rest } = update(
      { withdrawn: '08 0a', attributes, nlri: NLRI },
      session
    )
    expect(plain(withdrawn)).toEqual(['10.0.0.0/8', '192.0.2.10/32'])
    expect(reached).toEqual([])
    expect(rest.attributes).toBeUndefined()
    expect(problems[0]).toMatchObject({ action: 'treat-as-withdraw', attribute })
    expect(problems[0]?.message).not.toBe('')
  })

  test.each(ATTRIBUTE_DISCARD)('discard the attribute: %s', (_, attribute, attributes, session) => {
    const { withdrawn, problems, ...rest } = update({ attributes, nlri: NLRI }, session)
    const { attributes: sound } = update(
      { attributes: session === OLD ? OLD_BASE : BASE, nlri: NLRI },
      session
    )
    expect(problems).toMatchObject([{ action: 'attribute-discard', attribute }])
    expect(withdrawn).toEqual([])
    expect(plain(rest.attributes)).toEqual(plain(sound))
    expect(plain(rest.reached)).toEqual([{ nextHop: { global: '192.0.2.1' }, prefixes: ['192.0.2.10/32'] }])
  })

  test.each(RESET)('reset the session: %s', (_, notification, fields, session) => {
    expect(resetOf(updateOf(fields), session).replaceAll(' ', '')).toBe(notification.replaceAll(' ', ''))
  })

  test.each([
    ['withdrawn routes', 'ffff 0000'],
    ['attributes', '0000 ffff'],
    ['attributes, by one', '0000 0001']
  ])('RFC 4271 §6.3: a total length of %s past the end is 3/1', (_, body) => {
    expect(resetOf(messageOf(2, body))).toBe('3/1')
  })

  test('the strongest action wins: §3 h', () => {
    const attributes = `40 01 01 03 ${AS_PATH} ${NEXT_HOP} 40 06 01 00 c0 08 00`
    const { reached, problems } = update({ attributes, nlri: NLRI })
    expect(reached).toEqual([])
    expect(problems.map(({ action, attribute }) => `${attribute} ${action}`)).toEqual([
      '1 treat-as-withdraw',
      '6 attribute-discard',
      '8 treat-as-withdraw'
    ])
    expect(resetOf(updateOf({ attributes: `${attributes} 40 63 00`, nlri: NLRI }))).toBe('3/2 406300')
  })

  test('prefixes of MP_REACH_NLRI are withdrawn too, also if it is its flags that are wrong', () => {
    const spoilt = update({ attributes: `${REACH6} 40 01 01 03 ${AS_PATH} ${NEXT_HOP}`, nlri: NLRI })
    expect(plain(spoilt.withdrawn)).toEqual(['192.0.2.10/32', '2001:db8::/32'])
    const flagged = update({ attributes: `${REACH6.replace('80', 'c0')} ${ORIGIN} ${AS_PATH}` })
    expect(plain(flagged)).toMatchObject({ withdrawn: ['2001:db8::/32'], reached: [] })
    const noHost = update({ attributes: `80 0e 16 0002 01 10 ${'00'.repeat(16)} 00 00 ${ORIGIN} ${AS_PATH}` })
    expect(plain(noHost)).toMatchObject({ withdrawn: ['::/0'], reached: [], problems: [{ attribute: 14 }] })
  })

  test('a withdrawal with wrong flags is one all the same', () => {
    const { withdrawn, problems } = update({ attributes: 'c0 0f 08 0002 01 20 20010db8' })
    expect(plain(withdrawn)).toEqual(['2001:db8::/32'])
    expect(problems).toMatchObject([{ action: 'treat-as-withdraw', attribute: 15 }])
  })

  test('only the first of many repetitions is told', () => {
    const { problems } = update({ attributes: BASE + '40 01 01 02'.repeat(50), nlri: NLRI })
    expect(problems).toHaveLength(1)
  })

  test('the lower four flag bits and the partial bit mean nothing', () => {
    const attributes = `4f 01 01 00 6f 02 06 02 01 0000fde9 4f 03 04 c0000201 ef 08 04 fde90001`
    const sound = update({ attributes, nlri: NLRI })
    expect(sound.problems).toEqual([])
    expect(sound.attributes?.communities).toEqual([0xfde9_0001])
  })
})
