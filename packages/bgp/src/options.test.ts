import { IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import type { UpdateMessage } from './messages/model.ts'
import { type BgpPeerOptions, checkPeerOptions, checkSpeakerOptions } from './options.ts'
import { needsRestart } from './peer-config.ts'
import { PrefixCount } from './prefix-count.ts'

const PEER: BgpPeerOptions = { name: 'r', address: Ipv4Address.parse('192.0.2.9'), asn: 64_500 }

test.each([
  [{ asn: 0 }, 'asn'],
  [{ asn: 4_294_967_296 }, 'asn'],
  [{ localAsn: 1.5 }, 'localAsn'],
  [{ holdTimeMs: 2000 }, 'holdTimeMs'],
  [{ holdTimeMs: 3500 }, 'holdTimeMs'],
  [{ holdTimeMs: 65_536_000 }, 'holdTimeMs'],
  [{ port: 0 }, 'port'],
  [{ ttl: 256 }, 'ttl'],
  [{ ttl: 1, ttlSecurityHops: 1 }, 'ttl'],
  [{ ttlSecurityHops: 255 }, 'ttlSecurityHops'],
  [{ password: 'é'.repeat(41) }, 'password'],
  [{ authentication: { type: 'ao', keys: [] } }, 'authentication.keys'],
  [{ gracefulRestart: { restartTimeMs: 4_096_000 } }, 'gracefulRestart.restartTimeMs'],
  [{ address: Ipv6Address.parse('fe80::1') }, 'interface'],
  [{ localAddress: Ipv6Address.parse('2001:db8::1') }, 'localAddress'],
  [{ bgpIdentifier: Ipv4Address.fromNumber(0) }, 'bgpIdentifier']
] as const)('%o is refused, and named', (change, option) => {
  expect(() => checkPeerOptions({ ...PEER, ...change })).toThrow(
    expect.objectContaining({ code: 'ERR_BGP_OPTIONS', option })
  )
})

test('what can work is not refused', () => {
  for (const change of [
    { holdTimeMs: 0 },
    { holdTimeMs: 3000 },
    { asn: 'external' },
    { ttlSecurityHops: 1 }
  ] as const)
    expect(() => checkPeerOptions({ ...PEER, ...change })).not.toThrow()
  expect(() => checkSpeakerOptions({ asn: 1, bgpIdentifier: Ipv4Address.fromNumber(0) })).toThrow('RFC 6286')
})

test('a session is ended only for what it cannot take over', () => {
  const address = Ipv4Address.parse('192.0.2.9')
  expect(needsRestart(PEER, { ...PEER, address })).toBe(false)
  expect(needsRestart(PEER, { ...PEER, password: 'x', maxPrefixes: 1, keepaliveTimeMs: 1000 })).toBe(false)
  expect(needsRestart(PEER, { ...PEER, address: Ipv4Address.parse('192.0.2.8') })).toBe(true)
  expect(needsRestart(PEER, { ...PEER, holdTimeMs: 9000 })).toBe(true)
})

function update(reached: readonly string[], withdrawn: readonly string[] = []): UpdateMessage {
  const nextHop = { global: Ipv4Address.parse('192.0.2.1') }
  return {
    type: 'update',
    withdrawn: withdrawn.map((it) => IpPrefix.parse(it)),
    reached: [{ nextHop, prefixes: reached.map((it) => IpPrefix.parse(it)) }],
    attributes: undefined,
    endOfRib: undefined,
    problems: []
  }
}

test('with a limit each prefix counts once, and each family alone', () => {
  const count = new PrefixCount(2)
  expect(count.add(update(['192.0.2.1/32', '192.0.2.1/32', '2001:db8::1/128']))).toBeUndefined()
  expect([count.count(4), count.count(6)]).toEqual([1, 1])
  expect(count.add(update(['192.0.2.2/32', '192.0.2.3/32'], ['192.0.2.1/32']))).toBeUndefined()
  count.setLimit(3)
  expect(count.add(update(['192.0.2.1/32']))).toBeUndefined()
  expect(count.add(update(['192.0.2.4/32', '192.0.2.5/32']))).toBe(4)
  expect(count.count(4)).toBe(4)
})

test('without a limit nothing is kept, and the count is never below zero', () => {
  const count = new PrefixCount(undefined)
  count.add(update(['192.0.2.1/32', '192.0.2.2/32'], ['192.0.2.9/32']))
  expect(count.count(4)).toBe(2)
  count.add(update([], ['192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32']))
  expect(count.count(4)).toBe(0)
})
