import { IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import { hex, messageOf, openOf, plain, updateOf } from '../fixtures/bytes.ts'
import { encoding, FULL_CAPABILITIES, PLAIN_ATTRIBUTES } from '../fixtures/corpus.ts'
import { NO_CAPABILITIES } from './capabilities.ts'
import {
  decodeMessage,
  encodeEndOfRib,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  encodeReach,
  encodeRouteRefresh,
  encodeUnreach
} from './codec.ts'
import type { LargeCommunity } from './model.ts'
import { encodeOptionalParameters } from './open.ts'

// Written by hand from the figures of the RFCs that the names say.

const ATTRIBUTES = {
  ...PLAIN_ATTRIBUTES,
  asPath: [{ type: 'sequence' as const, asns: [65_001, 4_200_000_000] }]
}
const IPV4 = { family: 4 as const, nextHop: { global: Ipv4Address.parse('192.0.2.1') } }
const IPV6 = { family: 6 as const, nextHop: { global: Ipv6Address.parse('2001:db8::1') } }
const ORIGIN = '40 01 01 00'
const AS_PATH = '40 02 0a 02 02 0000fde9 fa56ea00'
const NEXT_HOP = '40 03 04 c0000201'

function prefixes(...texts: string[]): IpPrefix[] {
  return texts.map((text) => IpPrefix.parse(text))
}

test('KEEPALIVE, RFC 4271 §4.4', () => {
  expect(encodeKeepalive()).toEqual(hex('ffffffffffffffffffffffffffffffff 0013 04'))
})

describe('OPEN', () => {
  const open = { asn: 65_001, holdTimeMs: 90_000, bgpIdentifier: Ipv4Address.parse('192.0.2.1') }

  test('RFC 4271 §4.2: without capabilities', () => {
    expect(encodeOpen({ ...open, capabilities: NO_CAPABILITIES })).toEqual(openOf('00'))
  })

  test('RFC 5492 §4: all capabilities in one parameter', () => {
    const bytes = openOf(
      [
        '43 02 41',
        '01 04 0001 00 01 01 04 0002 00 01', // RFC 4760 §8
        '02 00', // RFC 2918 §2
        '05 06 0001 0001 0002', // RFC 8950 §4
        '06 00', // RFC 8654 §3
        '40 0a c078 0001 01 80 0002 01 00', // RFC 4724 §3: R, N of RFC 8538 §2, 120 s
        '41 04 fa56ea00', // RFC 6793 §3
        '46 00', // RFC 7313 §3.1
        '49 13 06 6e6f64652d31 0b 6578616d706c652e6e6574'
      ].join(''),
      '04 5ba0 005a c0000201'
    )
    const message = { ...open, asn: 4_200_000_000, capabilities: FULL_CAPABILITIES }
    expect(encodeOpen(message)).toEqual(bytes)
    expect(plain(decodeMessage(bytes, encoding({})))).toEqual(plain({ type: 'open', ...message }))
  })

  test('RFC 9072 §2: two-octet lengths when 255 octets do not do', () => {
    const value = new Uint8Array(126)
    const list = [1, 2].map((code) => ({ code, value }))
    const expected = hex(`ff ff 0103 02 0100 017e${'00'.repeat(126)} 027e${'00'.repeat(126)}`)
    expect(encodeOptionalParameters(list)).toEqual(expected)
    const short = encodeOptionalParameters([{ code: 1, value: new Uint8Array(251) }])
    expect(short.subarray(0, 5)).toEqual(hex('ff 02 fd 01 fb'))
  })
})

test('NOTIFICATION, RFC 4271 §4.5', () => {
  const bytes = messageOf(3, '06 02 03 627965')
  expect(encodeNotification({ code: 6, subcode: 2, data: hex('03 627965') })).toEqual(bytes)
  expect(plain(decodeMessage(bytes, encoding({})))).toEqual({
    type: 'notification',
    code: 6,
    subcode: 2,
    data: '03627965'
  })
})

test.each([
  ['request', '0001 00 01', 4],
  ['begin', '0002 01 01', 6],
  ['end', '0002 02 01', 6]
] as const)('ROUTE-REFRESH %s, RFC 7313 §3.2', (subtype, body, family) => {
  const bytes = messageOf(5, body)
  expect(encodeRouteRefresh({ family, subtype })).toEqual(bytes)
  expect(decodeMessage(bytes, encoding({}))).toEqual({ type: 'routeRefresh', family, subtype })
})

describe('UPDATE', () => {
  test('RFC 4271 §4.3: IPv4, its next hop an attribute', () => {
    const request = { ...IPV4, attributes: { ...ATTRIBUTES, med: 50 }, encoding: encoding({}) }
    const bytes = updateOf({
      attributes: `${ORIGIN} ${AS_PATH} ${NEXT_HOP} 80 04 04 00000032`,
      nlri: '20 c000020a 18 c63364 07 0a 00'
    })
    const list = prefixes('192.0.2.10/32', '198.51.100.0/24', '10.0.0.0/7', '0.0.0.0/0')
    expect(encodeReach({ ...request, prefixes: list })).toEqual([bytes])
    expect(plain(decodeMessage(bytes, encoding({})))).toEqual({
      type: 'update',
      withdrawn: [],
      reached: [
        {
          nextHop: { global: '192.0.2.1' },
          prefixes: ['192.0.2.10/32', '198.51.100.0/24', '10.0.0.0/7', '0.0.0.0/0']
        }
      ],
      attributes: { ...ATTRIBUTES, med: 50 },
      endOfRib: undefined,
      problems: []
    })
  })

  test('RFC 4760 §3 and RFC 7606 §5.1: IPv6 in MP_REACH_NLRI, which comes first', () => {
    const address = '20010db8000000000000000000000001'
    const bytes = updateOf({
      attributes: `80 0e 2d 0002 01 10 ${address} 00 80 20010db8000000000000000000000010 30 20010db80001 ${ORIGIN} ${AS_PATH}`
    })
    const list = prefixes('2001:db8::10/128', '2001:db8:1::/48')
    expect(encodeReach({ ...IPV6, attributes: ATTRIBUTES, prefixes: list, encoding: encoding({}) })).toEqual([
      bytes
    ])
  })

  test('RFC 2545 §3: a link-local next hop beside the global one', () => {
    const nextHop = { ...IPV6.nextHop, linkLocal: Ipv6Address.parse('fe80::2') }
    const addresses = '20010db8000000000000000000000001 fe800000000000000000000000000002'
    const bytes = updateOf({
      attributes: `80 0e 26 0002 01 20 ${addresses} 00 00 ${ORIGIN} ${AS_PATH}`
    })
    const request = { family: 6 as const, nextHop, attributes: ATTRIBUTES, encoding: encoding({}) }
    expect(encodeReach({ ...request, prefixes: prefixes('::/0') })).toEqual([bytes])
  })

  test('RFC 8950 §3: IPv4 prefixes with an IPv6 next hop', () => {
    const session = encoding({ hasExtendedNextHop: true })
    const bytes = updateOf({
      attributes: `80 0e 1a 0001 01 10 20010db8000000000000000000000001 00 20 c000020a ${ORIGIN} ${AS_PATH}`
    })
    const request = { family: 4 as const, nextHop: IPV6.nextHop, attributes: ATTRIBUTES, encoding: session }
    expect(encodeReach({ ...request, prefixes: prefixes('192.0.2.10/32') })).toEqual([bytes])
    expect(encodeUnreach({ family: 4, prefixes: prefixes('192.0.2.10/32'), encoding: session })).toEqual([
      updateOf({ attributes: '80 0f 08 0001 01 20 c000020a' })
    ])
  })

  test('RFC 6793 §4.2.2: a peer of two-octet numbers gets AS_TRANS, and the truth beside it', () => {
    const session = encoding({ hasFourOctetAsn: false, isExternal: false })
    const aggregator = { asn: 4_200_000_000, address: Ipv4Address.parse('192.0.2.9') }
    const attributes = { ...ATTRIBUTES, aggregator, isAtomicAggregate: true }
    const bytes = updateOf({
      attributes: [
        `${ORIGIN} 40 02 06 02 02 fde9 5ba0 ${NEXT_HOP}`,
        '40 05 04 00000064 40 06 00 c0 07 06 5ba0 c0000209',
        'c0 11 0a 02 02 0000fde9 fa56ea00 c0 12 08 fa56ea00 c0000209'
      ].join(''),
      nlri: '20 c000020a'
    })
    const request = { ...IPV4, attributes, encoding: session }
    expect(encodeReach({ ...request, prefixes: prefixes('192.0.2.10/32') })).toEqual([bytes])
    expect(plain(decodeMessage(bytes, session))).toMatchObject({
      attributes: plain({ ...attributes, localPref: 100 }),
      problems: []
    })
  })

  test('communities are sorted, each once: RFC 1997, RFC 4360 §2, RFC 8092 §3', () => {
    const large = (localData2: number): LargeCommunity => ({
      globalAdministrator: 65_001,
      localData1: 1,
      localData2
    })
    const attributes = {
      ...ATTRIBUTES,
      communities: [0xffff_ff01, 0xfde9_0001, 0xffff_ff01],
      extendedCommunities: [0x0002_fde9_0000_0002n, 0x0002_fde9_0000_0001n, 0x0002_fde9_0000_0002n],
      largeCommunities: [large(2), large(1), large(2)],
      unknown: [
        { flags: 0xc0, type: 99, value: hex('01') },
        { flags: 0x80, type: 98, value: hex('02') }
      ]
    }
    const bytes = updateOf({
      attributes: [
        `${ORIGIN} ${AS_PATH} ${NEXT_HOP}`,
        'c0 08 08 fde90001 ffffff01',
        'c0 10 10 0002fde900000001 0002fde900000002',
        'c0 20 18 0000fde9 00000001 00000001 0000fde9 00000001 00000002',
        'e0 63 01 01' // RFC 4271 §5: passed on unknown, so partial; the non-transitive one is not passed on
      ].join(''),
      nlri: '00'
    })
    const request = { ...IPV4, attributes, prefixes: prefixes('0.0.0.0/0'), encoding: encoding({}) }
    expect(encodeReach(request)).toEqual([bytes])
  })

  test('withdrawals: RFC 4271 §4.3, RFC 4760 §4', () => {
    expect(
      encodeUnreach({ family: 4, prefixes: prefixes('192.0.2.10/32', '10.0.0.0/8'), encoding: encoding({}) })
    ).toEqual([updateOf({ withdrawn: '20 c000020a 08 0a' })])
    expect(encodeUnreach({ family: 6, prefixes: prefixes('2001:db8::/32'), encoding: encoding({}) })).toEqual(
      [updateOf({ attributes: '80 0f 08 0002 01 20 20010db8' })]
    )
  })

  test('End-of-RIB, RFC 4724 §2', () => {
    expect(encodeEndOfRib(4, encoding({}))).toEqual(updateOf({}))
    const ipv6 = updateOf({ attributes: '80 0f 03 0002 01' })
    expect(encodeEndOfRib(6, encoding({}))).toEqual(ipv6)
    expect(decodeMessage(updateOf({}), encoding({}))).toMatchObject({ endOfRib: 4, problems: [] })
    expect(decodeMessage(ipv6, encoding({}))).toMatchObject({ endOfRib: 6, problems: [] })
    // IPv4 the new way, and with the extended length that it does not need.
    const ipv4 = updateOf({ attributes: '90 0f 0003 0001 01' })
    expect(decodeMessage(ipv4, encoding({}))).toMatchObject({ endOfRib: 4, problems: [] })
  })

  test('a value of more than 255 octets has the extended length', () => {
    const communities = Array.from({ length: 64 }, (_, i) => i)
    const [bytes = hex('')] = encodeReach({
      ...IPV4,
      attributes: { ...ATTRIBUTES, communities },
      prefixes: prefixes('0.0.0.0/0'),
      encoding: encoding({})
    })
    expect(Buffer.from(bytes).toString('hex')).toContain('d0080100000000000000000100000002')
  })
})
