import { IpPrefix, parseIpAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { identifierOf, isOnLink, type LocalAddress, nextHopsOf, sourceTowards } from './local-addresses.ts'

const local: readonly LocalAddress[] = [
  ['eth0', '192.0.2.10/24'],
  ['eth0', '2001:db8::a/64'],
  ['eth0', 'fe80::a/64'],
  ['eth1', '198.51.100.10/24']
].map(([name = '', text = '']) => ({
  interface: name,
  address: parseIpAddress(text.split('/')[0] ?? ''),
  prefix: IpPrefix.parse(text, { hostBits: 'mask' })
}))

const ip = parseIpAddress
const text = (value: object): unknown => JSON.parse(JSON.stringify(value))

test('the identifier is the IPv4 address that the session comes from, or one of its interface', () => {
  expect(identifierOf(ip('198.51.100.10'), local, 'n').toString()).toBe('198.51.100.10')
  expect(identifierOf(ip('2001:db8::a'), local, 'n').toString()).toBe('192.0.2.10')
})

test('without one it is made of the name of the node, as in MetalLB', () => {
  // CRC-32 (IEEE) of "node-a" is 0x78994dab (by Python's zlib): its octets, the lowest first.
  expect(identifierOf(undefined, [], 'node-a').toString()).toBe('171.77.153.120')
  expect(identifierOf(ip('127.0.0.1'), local, 'node-a').toString()).toBe('171.77.153.120')
})

const linked = { zone: undefined, isLinked: true } as const

test("next hops of the other family are of the same interface; those of its own are the session's", () => {
  expect(text(nextHopsOf(ip('192.0.2.10'), local, linked))).toEqual({
    ipv6: '2001:db8::a',
    ipv6LinkLocal: 'fe80::a'
  })
  expect(text(nextHopsOf(ip('2001:db8::a'), local, linked))).toEqual({
    ipv4: '192.0.2.10',
    ipv6LinkLocal: 'fe80::a'
  })
  expect(nextHopsOf(ip('198.51.100.10'), local, linked)).toEqual({})
  expect(nextHopsOf(undefined, local, linked)).toEqual({})
})

test('a session between link-local addresses has global next hops', () => {
  const whole = { ipv4: '192.0.2.10', ipv6: '2001:db8::a', ipv6LinkLocal: 'fe80::a' }
  expect(text(nextHopsOf(ip('fe80::a'), local, { zone: 'eth0', isLinked: true }))).toEqual(whole)
  expect(text(nextHopsOf(undefined, local, { zone: 'eth0', isLinked: true }))).toEqual(whole)
})

test('a peer that is not on the link gets no link-local next hop', () => {
  const far = { zone: undefined, isLinked: false } as const
  expect(text(nextHopsOf(ip('192.0.2.10'), local, far))).toEqual({ ipv6: '2001:db8::a' })
  expect(text(nextHopsOf(ip('2001:db8::a'), local, far))).toEqual({ ipv4: '192.0.2.10' })
})

test('a peer of our segments is one hop away', () => {
  expect(isOnLink(ip('192.0.2.1'), local)).toBe(true)
  expect(isOnLink(ip('203.0.113.1'), local)).toBe(false)
})

test('the kernel tells the source towards a peer', async () => {
  expect((await sourceTowards(ip('127.0.0.1')))?.toString()).toBe('127.0.0.1')
  expect(await sourceTowards(ip('fe80::1'), 'no-such-interface')).toBeUndefined()
})
