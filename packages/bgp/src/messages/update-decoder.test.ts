import { describe, expect, test } from 'vitest'
import { plain } from '../fixtures/bytes.ts'
import { encoding } from '../fixtures/corpus.ts'
import {
  ADDRESS6,
  AS_PATH,
  BASE,
  EXTERNAL,
  NEXT_HOP,
  NLRI,
  ORIGIN,
  REACH6,
  update
} from '../fixtures/update-fields.ts'

describe('families that were not agreed on', () => {
  const FLOWSPEC = '80 0e 09 0001 85 00 00 03 01 08 0a'
  const BGP_LS = '80 0f 06 4004 47 010203'

  test.each([
    [
      'MP_REACH_NLRI of flow specifications',
      14,
      { attributes: `${FLOWSPEC} ${ORIGIN} ${AS_PATH}` },
      EXTERNAL
    ],
    ['MP_UNREACH_NLRI of link states', 15, { attributes: BGP_LS }, EXTERNAL],
    [
      'MP_REACH_NLRI of IPv6',
      14,
      { attributes: `${REACH6} ${ORIGIN} ${AS_PATH}` },
      encoding({ families: [4] })
    ],
    [
      'IPv4 prefixes',
      undefined,
      { withdrawn: '08 0a', attributes: BASE, nlri: NLRI },
      encoding({ families: [6] })
    ],
    // Nothing of ours is in doubt, so the session stays.
    [
      'MP_REACH_NLRI of another family, malformed attributes',
      1,
      { attributes: `${FLOWSPEC} 40 01 01 03` },
      EXTERNAL
    ]
  ] as const)('%s are passed over, with a problem', (_, attribute, fields, session) => {
    const { withdrawn, reached, endOfRib, problems } = update(fields, session)
    expect({ withdrawn, reached, endOfRib }).toEqual({ withdrawn: [], reached: [], endOfRib: undefined })
    expect(problems[0]).toMatchObject({ attribute })
  })

  test('their End-of-RIB is nobody’s', () => {
    const ipv6 = encoding({ families: [6] })
    expect(update({}, ipv6)).toMatchObject({ endOfRib: undefined, problems: [] })
    const { endOfRib } = update({ attributes: '80 0f 03 0002 01' }, encoding({ families: [4] }))
    expect(endOfRib).toBeUndefined()
  })
})

describe('what is sound stays sound', () => {
  test.each([
    ['only withdrawn routes', { withdrawn: '08 0a' }],
    ['only an unknown transitive attribute', { attributes: 'e0 63 02 0102' }],
    ['an unknown attribute of no octets', { attributes: `${BASE} c0 63 00`, nlri: NLRI }],
    ['attributes without prefixes', { attributes: BASE }],
    ['an empty AS_PATH', { attributes: `${ORIGIN} 40 02 00 ${NEXT_HOP}`, nlri: NLRI }],
    [
      'the extended length where it is not needed',
      { attributes: `50 01 0001 00 ${AS_PATH} ${NEXT_HOP}`, nlri: NLRI }
    ],
    ['attributes in descending order', { attributes: `${NEXT_HOP} ${AS_PATH} ${ORIGIN}`, nlri: NLRI }],
    [
      'IPv4 in MP_REACH_NLRI',
      { attributes: `80 0e 0e 0001 01 04 c0000201 00 20 c000020a ${ORIGIN} ${AS_PATH}` }
    ]
  ])('%s', (_, fields) => {
    expect(update(fields).problems).toEqual([])
  })

  test('both fields and both attributes in one message', () => {
    const attributes = `${BASE} 80 0f 04 0002 01 00 ${REACH6}`
    expect(plain(update({ withdrawn: '08 0a', attributes, nlri: NLRI }))).toMatchObject({
      withdrawn: ['10.0.0.0/8', '::/0'],
      reached: [
        { nextHop: { global: '192.0.2.1' }, prefixes: ['192.0.2.10/32'] },
        { nextHop: { global: '2001:db8::1' }, prefixes: ['2001:db8::/32'] }
      ],
      endOfRib: undefined,
      problems: []
    })
  })

  test('bits past the length of a prefix mean nothing', () => {
    const { reached } = update({ attributes: BASE, nlri: '07 0b 14 c633ff' })
    expect(plain(reached[0]?.prefixes)).toEqual(['10.0.0.0/7', '198.51.240.0/20'])
  })

  test('unknown attributes: transitive ones are kept, others are not', () => {
    const attributes = `${BASE} d3 63 0002 0102 80 64 01 00 c0 1a 01 00`
    expect(plain(update({ attributes, nlri: NLRI }).attributes)).toMatchObject({
      unknown: [
        { flags: 0xc0, type: 99, value: '0102' },
        { flags: 0xc0, type: 26, value: '00' }
      ]
    })
  })

  test('a second next hop that is not link-local is left out', () => {
    const second = '20010db8000000000000000000000002'
    const attributes = `80 0e 26 0002 01 20 ${ADDRESS6} ${second} 00 00 ${ORIGIN} ${AS_PATH}`
    expect(plain(update({ attributes }).reached)).toEqual([
      { nextHop: { global: '2001:db8::1' }, prefixes: ['::/0'] }
    ])
  })
})
