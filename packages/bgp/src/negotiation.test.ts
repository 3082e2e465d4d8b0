import { Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import { NO_CAPABILITIES } from './messages/capabilities.ts'
import type { Capabilities, OpenMessage, SessionEncoding } from './messages/model.ts'
import { buildOpen, collisionLoser, negotiate, refuseOpen } from './negotiation.ts'
import { chooseNextHops } from './next-hops.ts'
import type { BgpPeerOptions } from './options.ts'

const ID = Ipv4Address.parse('192.0.2.1')
const PEER: BgpPeerOptions = { name: 'r', address: Ipv4Address.parse('192.0.2.9'), asn: 64_500 }
const LOCAL = { asn: 64_501, bgpIdentifier: ID }

function openOf(changes: Partial<OpenMessage> = {}, capabilities: Partial<Capabilities> = {}): OpenMessage {
  const open = buildOpen(PEER, { asn: 64_500, bgpIdentifier: Ipv4Address.parse('192.0.2.9') }, false)
  return { ...open, ...changes, capabilities: { ...open.capabilities, ...capabilities } }
}

test('who names only families that we do not know is sent no routes', () => {
  // L2VPN EVPN (RFC 7432 §7).
  const unknown = [{ code: 1, value: Uint8Array.of(0, 25, 0, 70) }]
  expect(negotiate(openOf(), openOf({}, { families: [], unknown })).encoding.families).toEqual([])
  expect(negotiate(openOf(), openOf({}, { families: [] })).encoding.families).toEqual([4])
})

test.each([
  ['node-1', { hostName: 'node-1', domainName: '' }],
  ['node-1.example.net', { hostName: 'node-1', domainName: 'example.net' }],
  [undefined, undefined]
])('the name of this host in an OPEN: %s', (hostName, fqdn) => {
  expect(buildOpen(PEER, { ...LOCAL, hostName }, false).capabilities.fqdn).toEqual(fqdn)
})

describe('an OPEN', () => {
  test.each([
    { what: 'the AS number that is expected', options: {}, open: openOf(), refused: undefined },
    { what: 'another AS number', options: {}, open: openOf({ asn: 64_502 }), refused: [2, 2] },
    {
      what: 'ours, where an internal one is expected',
      options: { asn: 'internal' },
      open: openOf({ asn: 64_501 }),
      refused: undefined
    },
    {
      what: 'ours, where an external one is expected',
      options: { asn: 'external' },
      open: openOf({ asn: 64_501 }),
      refused: [2, 2]
    },
    {
      what: 'any other, where an external one is expected',
      options: { asn: 'external' },
      open: openOf({ asn: 1 }),
      refused: undefined
    },
    {
      what: 'our identifier in another AS (RFC 6286)',
      options: {},
      open: openOf({ bgpIdentifier: ID }),
      refused: undefined
    },
    {
      what: 'our identifier in our AS',
      options: { asn: 'internal' },
      open: openOf({ asn: 64_501, bgpIdentifier: ID }),
      refused: [2, 3]
    },
    {
      what: 'less families than required',
      options: { requiredFamilies: [4, 6] },
      open: openOf({}, { families: [] }),
      refused: [2, 7]
    }
  ] as const)('with $what: $refused', ({ options, open, refused }) => {
    const refusal = refuseOpen(open, { ...PEER, ...options }, LOCAL)
    expect(refusal && [refusal.code, refusal.subcode]).toEqual(refused)
  })

  test('says what is missing, as a capability (RFC 5492 §5)', () => {
    const refusal = refuseOpen(openOf({}, { families: [4] }), { ...PEER, requiredFamilies: [6] }, LOCAL)
    expect([...(refusal?.data ?? [])]).toEqual([1, 4, 0, 2, 0, 1])
  })
})

test('a capability counts if both have it', () => {
  const ours = buildOpen({ ...PEER, gracefulRestart: {} }, LOCAL, true)
  const plain = negotiate(ours, { ...openOf({ holdTimeMs: 30_000 }), capabilities: NO_CAPABILITIES })
  expect(plain).toMatchObject({
    encoding: {
      hasFourOctetAsn: false,
      maxMessageLength: 4096,
      hasExtendedNextHop: false,
      families: [4],
      isExternal: true
    },
    holdTimeMs: 30_000,
    hasRouteRefresh: false,
    hasEnhancedRouteRefresh: false,
    hasGracefulRestart: false,
    hasNotificationRestart: false
  })
  const same = negotiate(ours, buildOpen({ ...PEER, gracefulRestart: {} }, LOCAL, false))
  expect(same).toMatchObject({
    encoding: { maxMessageLength: 65_535, families: [4, 6], isExternal: false },
    hasGracefulRestart: true,
    hasNotificationRestart: true
  })
})

test.each([
  { local: ['192.0.2.1', 1], peer: ['192.0.2.2', 1], loser: 'ours' },
  { local: ['192.0.2.2', 1], peer: ['192.0.2.1', 1], loser: 'theirs' },
  // As unsigned numbers.
  { local: ['200.0.0.1', 1], peer: ['10.0.0.1', 1], loser: 'theirs' },
  { local: ['192.0.2.1', 1], peer: ['192.0.2.1', 2], loser: 'ours' },
  { local: ['192.0.2.1', 4_200_000_000], peer: ['192.0.2.1', 2], loser: 'theirs' }
] as const)('of two connections between $local and $peer $loser is closed', ({ local, peer, loser }) => {
  const [a, b] = [local, peer].map(([id, asn]) => ({ bgpIdentifier: Ipv4Address.parse(id), asn }))
  expect(a && b && collisionLoser(a, b)).toBe(loser)
})

test('without families we speak IPv4 and say nothing of it', () => {
  const ours = buildOpen({ ...PEER, families: [] }, LOCAL, false)
  expect(ours.capabilities).toMatchObject({ families: [], hasExtendedNextHop: false })
  expect(negotiate(ours, openOf()).encoding.families).toEqual([4])
})

describe('the next hop', () => {
  const V6 = Ipv6Address.parse('2001:db8::1')
  const V4 = Ipv4Address.parse('192.0.2.1')
  const LINK_LOCAL = Ipv6Address.parse('fe80::1')
  const encoding: SessionEncoding = {
    hasFourOctetAsn: true,
    maxMessageLength: 4096,
    hasExtendedNextHop: false,
    families: [4, 6],
    isExternal: true
  }
  const extended: SessionEncoding = { ...encoding, hasExtendedNextHop: true }
  test.each([
    { local: '192.0.2.1', options: {}, encoding, expected: { 4: { global: V4 }, 6: 'no-next-hop' } },
    {
      local: '192.0.2.1',
      options: { ipv6: V6 },
      encoding,
      expected: { 4: { global: V4 }, 6: { global: V6 } }
    },
    {
      local: '192.0.2.1',
      options: {},
      encoding: { ...encoding, families: [6] as const },
      expected: { 4: 'not-negotiated', 6: 'no-next-hop' }
    },
    { local: '2001:db8::1', options: {}, encoding, expected: { 4: 'no-next-hop', 6: { global: V6 } } },
    {
      local: '2001:db8::1',
      options: { ipv4: V4 },
      encoding: extended,
      expected: { 4: { global: V4 }, 6: { global: V6 } }
    },
    {
      local: '2001:db8::1',
      options: { ipv6LinkLocal: LINK_LOCAL },
      encoding,
      expected: { 4: 'no-next-hop', 6: { global: V6, linkLocal: LINK_LOCAL } }
    },
    {
      local: '2001:db8::1',
      options: {},
      encoding: extended,
      expected: { 4: { global: V6 }, 6: { global: V6 } }
    },
    {
      local: 'fe80::1',
      options: {},
      encoding: extended,
      expected: {
        4: { global: LINK_LOCAL, linkLocal: LINK_LOCAL },
        6: { global: LINK_LOCAL, linkLocal: LINK_LOCAL }
      }
    },
    {
      local: 'fe80::1',
      options: { ipv6: V6 },
      encoding,
      expected: { 4: 'no-next-hop', 6: { global: V6, linkLocal: LINK_LOCAL } }
    }
  ])('of a session from $local with $options', ({ local, options, encoding: agreed, expected }) => {
    expect(JSON.stringify(chooseNextHops(parseIpAddress(local), options, agreed))).toBe(
      JSON.stringify(expected)
    )
  })
})
