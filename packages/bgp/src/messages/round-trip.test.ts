import { type IpFamily, IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plain } from '../fixtures/bytes.ts'
import { encoding, PLAIN_ATTRIBUTES } from '../fixtures/corpus.ts'
import { NO_CAPABILITIES } from './capabilities.ts'
import { decodeMessage, encodeNotification, encodeOpen, encodeReach, encodeUnreach } from './codec.ts'
import type { AsPathSegment, NextHop, SessionEncoding, UpdateMessage } from './model.ts'

const asn = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff_ffff }))
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const family = fc.constantFrom<IpFamily>(4, 6)
const ipv4 = fc.integer({ min: 0x0100_0000, max: 0xdfff_ffff }).map((value) => Ipv4Address.fromNumber(value))
const ipv6 = fc.bigInt(1n, (0xffn << 120n) - 1n).map((value) => Ipv6Address.fromBigInt(value))
const linkLocal = fc
  .bigInt(0n, (1n << 64n) - 1n)
  .map((value) => Ipv6Address.fromBigInt((0xfe80n << 112n) | value))
const name = fc.stringMatching(/^[a-z0-9äß.-]{0,30}$/)

const capabilities = fc.record({
  families: fc.uniqueArray(family),
  hasFourOctetAsn: fc.boolean(),
  hasRouteRefresh: fc.boolean(),
  hasEnhancedRouteRefresh: fc.boolean(),
  hasExtendedMessage: fc.boolean(),
  hasExtendedNextHop: fc.boolean(),
  gracefulRestart: fc.option(
    fc.record({
      isRestarting: fc.boolean(),
      hasNotification: fc.boolean(),
      restartTimeMs: fc.integer({ min: 0, max: 4095 }).map((seconds) => seconds * 1000),
      families: fc.array(fc.record({ family, isForwardingPreserved: fc.boolean() }), { maxLength: 2 })
    }),
    { nil: undefined }
  ),
  fqdn: fc.option(fc.record({ hostName: name, domainName: name }), { nil: undefined }),
  unknown: fc.constant([])
})

const segment = fc.record({
  type: fc.constantFrom<AsPathSegment['type']>('sequence', 'set', 'confed-sequence', 'confed-set'),
  asns: fc.array(asn, { minLength: 1, maxLength: 20 })
})
const attributes = fc.record({
  origin: fc.constantFrom('igp' as const, 'egp' as const, 'incomplete' as const),
  asPath: fc.array(segment, { maxLength: 4 }),
  med: fc.option(uint32, { nil: undefined }),
  localPref: fc.option(uint32, { nil: undefined }),
  isAtomicAggregate: fc.boolean(),
  aggregator: fc.option(fc.record({ asn, address: ipv4 }), { nil: undefined }),
  communities: fc.uniqueArray(uint32).map((list) => list.toSorted((a, b) => a - b)),
  extendedCommunities: fc
    .uniqueArray(fc.bigInt(0n, (1n << 64n) - 1n))
    .map((list) => list.toSorted((a, b) => (a < b ? -1 : 1))),
  largeCommunities: fc
    .uniqueArray(uint32)
    .map((list) => list.toSorted((a, b) => a - b))
    .map((list) => list.map((localData1) => ({ globalAdministrator: 7, localData1, localData2: 9 }))),
  unknown: fc
    .uniqueArray(fc.integer({ min: 200, max: 254 }), { maxLength: 3 })
    .map((types) => types.toSorted((a, b) => a - b))
    .map((types) => types.map((type) => ({ flags: 0xe0, type, value: new Uint8Array(type * 2) })))
})

const session = fc.record({
  hasFourOctetAsn: fc.boolean(),
  maxMessageLength: fc.constantFrom(4096, 65_535),
  hasExtendedNextHop: fc.boolean(),
  families: fc.constant<readonly IpFamily[]>([4, 6]),
  isExternal: fc.boolean()
})

const prefixes4 = fc.array(
  fc
    .tuple(uint32, fc.integer({ min: 0, max: 32 }))
    .map(([value, length]) => IpPrefix.of(Ipv4Address.fromNumber(value), length, { hostBits: 'mask' })),
  { minLength: 1, maxLength: 60 }
)
const prefixes6 = fc.array(
  fc
    .tuple(ipv6, fc.integer({ min: 0, max: 128 }))
    .map(([address, length]) => IpPrefix.of(address, length, { hostBits: 'mask' })),
  { minLength: 1, maxLength: 60 }
)
const nextHop6 = fc.oneof(
  ipv6.map((global): NextHop => ({ global })),
  fc.record({ global: ipv6, linkLocal })
)

function updatesOf(messages: readonly Uint8Array[], encoding: SessionEncoding): UpdateMessage[] {
  return messages.map((bytes) => {
    expect(bytes.length).toBeLessThanOrEqual(encoding.maxMessageLength)
    const message = decodeMessage(bytes, encoding)
    if (message.type !== 'update') throw new Error(message.type)
    return message
  })
}

describe('what is decoded is what was encoded', () => {
  test('OPEN', () => {
    const open = fc.record({
      asn,
      holdTimeMs: fc.constantFrom(0, 3000, 90_000, 65_535_000),
      bgpIdentifier: ipv4,
      capabilities
    })
    fc.assert(
      fc.property(open, (message) => {
        fc.pre(message.asn <= 0xffff || message.capabilities.hasFourOctetAsn)
        expect(plain(decodeMessage(encodeOpen(message), encoding({})))).toEqual(
          plain({ type: 'open', ...message })
        )
      })
    )
  })

  test('NOTIFICATION', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.record({ code: octet, subcode: octet, data: fc.uint8Array({ maxLength: 4075 }) }),
        (message) => {
          expect(decodeMessage(encodeNotification(message), encoding({}))).toEqual({
            type: 'notification',
            ...message
          })
        }
      )
    )
  })

  test('announcements', () => {
    const route = fc.oneof(
      fc.record({
        family: fc.constant(4 as const),
        nextHop: ipv4.map((global) => ({ global })),
        prefixes: prefixes4
      }),
      fc.record({ family: fc.constant(4 as const), nextHop: nextHop6, prefixes: prefixes4 }),
      fc.record({ family: fc.constant(6 as const), nextHop: nextHop6, prefixes: prefixes6 })
    )
    fc.assert(
      fc.property(route, attributes, session, (announced, sent, sessionEncoding) => {
        fc.pre(
          announced.family === 6 ||
            announced.nextHop.global.family === 4 ||
            sessionEncoding.hasExtendedNextHop
        )
        // Inner paths stay inside (RFC 5065), and AS4_PATH does not carry them (RFC 6793).
        const hasConfederations = !sessionEncoding.isExternal && sessionEncoding.hasFourOctetAsn
        const asPath = sent.asPath.filter(({ type }) => hasConfederations || !type.startsWith('confed'))
        const request = { ...announced, attributes: { ...sent, asPath }, encoding: sessionEncoding }
        const updates = updatesOf(encodeReach(request), sessionEncoding)
        expect(updates.flatMap(({ problems }) => problems)).toEqual([])
        expect(plain(updates.flatMap(({ reached }) => reached.flatMap(({ prefixes }) => prefixes)))).toEqual(
          plain(announced.prefixes)
        )
        const localPref = sessionEncoding.isExternal ? undefined : (sent.localPref ?? 100)
        for (const update of updates) {
          expect(plain(update.attributes)).toEqual(plain({ ...sent, asPath, localPref }))
          expect(plain(update.reached.map(({ nextHop }) => nextHop))).toEqual([plain(announced.nextHop)])
        }
      })
    )
  })

  test('withdrawals', () => {
    const routes = fc.oneof(
      fc.record({ family: fc.constant(4 as const), prefixes: prefixes4 }),
      fc.record({ family: fc.constant(6 as const), prefixes: prefixes6 })
    )
    fc.assert(
      fc.property(routes, session, (request, sessionEncoding) => {
        const updates = updatesOf(encodeUnreach({ ...request, encoding: sessionEncoding }), sessionEncoding)
        expect(plain(updates.flatMap(({ withdrawn }) => withdrawn))).toEqual(plain(request.prefixes))
        expect(updates.flatMap(({ problems, reached }) => [...problems, ...reached])).toEqual([])
      })
    )
  })
})

describe('packing', () => {
  const nextHop4 = { global: Ipv4Address.parse('192.0.2.1') }
  const nextHop6Fixed = { global: Ipv6Address.parse('2001:db8::1') }

  test.each([4096, 65_535])(
    'fills messages of %i octets to the last prefix that fits',
    (maxMessageLength) => {
      const sessionEncoding = encoding({ maxMessageLength })
      const prefixes = Array.from({ length: 20_000 }, (_, i) => IpPrefix.of(Ipv4Address.fromNumber(i), 32))
      const wide = prefixes.map((_, i) => IpPrefix.of(Ipv6Address.fromBigInt(BigInt(i)), 128))
      for (const [messages, octets] of [
        [
          encodeReach({
            family: 4,
            nextHop: nextHop4,
            attributes: PLAIN_ATTRIBUTES,
            prefixes,
            encoding: sessionEncoding
          }),
          5
        ],
        [
          encodeReach({
            family: 6,
            nextHop: nextHop6Fixed,
            attributes: PLAIN_ATTRIBUTES,
            prefixes: wide,
            encoding: sessionEncoding
          }),
          17
        ],
        [encodeUnreach({ family: 4, prefixes, encoding: sessionEncoding }), 5],
        [encodeUnreach({ family: 6, prefixes: wide, encoding: sessionEncoding }), 17]
      ] as const) {
        for (const message of messages) expect(message.length).toBeLessThanOrEqual(maxMessageLength)
        for (const message of messages.slice(0, -1))
          expect(message.length).toBeGreaterThan(maxMessageLength - octets)
        const count = updatesOf(messages, sessionEncoding).reduce(
          (sum, { reached, withdrawn }) =>
            sum + withdrawn.length + reached.reduce((part, reach) => part + reach.prefixes.length, 0),
          0
        )
        expect(count).toBe(prefixes.length)
      }
    }
  )

  test('no prefixes make no messages', () => {
    const request = { family: 4, nextHop: nextHop4, attributes: PLAIN_ATTRIBUTES, prefixes: [] } as const
    expect(encodeReach({ ...request, encoding: encoding({}) })).toEqual([])
    expect(encodeUnreach({ family: 6, prefixes: [], encoding: encoding({}) })).toEqual([])
  })

  test('attributes that fill a message are refused, and fit into a longer one', () => {
    const communities = Array.from({ length: 1100 }, (_, i) => i)
    const request = {
      family: 4,
      nextHop: nextHop4,
      attributes: { ...PLAIN_ATTRIBUTES, communities },
      prefixes: [IpPrefix.parse('192.0.2.1/32')]
    } as const
    expect(() => encodeReach({ ...request, encoding: encoding({}) })).toThrow(RangeError)
    expect(encodeReach({ ...request, encoding: encoding({ maxMessageLength: 65_535 }) })).toHaveLength(1)
  })

  test('a path segment of more than 255 numbers is split', () => {
    const asns = Array.from({ length: 300 }, (_, i) => i + 1)
    const attributes = { ...PLAIN_ATTRIBUTES, asPath: [{ type: 'sequence', asns }] } as const
    const messages = encodeReach({
      family: 4,
      nextHop: nextHop4,
      attributes,
      prefixes: [IpPrefix.parse('192.0.2.1/32')],
      encoding: encoding({})
    })
    const paths = updatesOf(messages, encoding({})).map((update) => update.attributes?.asPath)
    expect(paths).toEqual([
      [
        { type: 'sequence', asns: asns.slice(0, 255) },
        { type: 'sequence', asns: asns.slice(255) }
      ]
    ])
  })

  test('host and domain names are cut, so that an OPEN suits peers without RFC 9072', () => {
    const long = 'ä'.repeat(200)
    const message = {
      asn: 65_001,
      holdTimeMs: 90_000,
      bgpIdentifier: Ipv4Address.parse('192.0.2.1'),
      capabilities: { ...NO_CAPABILITIES, fqdn: { hostName: long, domainName: long } }
    }
    const bytes = encodeOpen(message)
    expect(bytes[28]).toBe(bytes.length - 29)
    expect(decodeMessage(bytes, encoding({}))).toMatchObject({
      capabilities: { fqdn: { hostName: 'ä'.repeat(32), domainName: 'ä'.repeat(32) } }
    })
  })
})
