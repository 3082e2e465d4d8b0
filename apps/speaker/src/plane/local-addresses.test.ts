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

test('next hops of the other family are of the same interface', () => {
  expect(text(nextHopsOf(ip('192.0.2.10'), local))).toEqual({
    ipv4: '192.0.2.10',
    ipv6: '2001:db8::a',
    ipv6LinkLocal: 'fe80::a'
  })
  expect(text(nextHopsOf(ip('198.51.100.10'), local))).toEqual({ ipv4: '198.51.100.10' })
  expect(text(nextHopsOf(undefined, local, 'eth0'))).toMatchObject({
    ipv4: '192.0.2.10',
    ipv6LinkLocal: 'fe80::a'
  })
  expect(nextHopsOf(undefined, local)).toEqual({})
})

test('a peer of our segments is one hop away', () => {
  expect(isOnLink(ip('192.0.2.1'), local)).toBe(true)
  expect(isOnLink(ip('203.0.113.1'), local)).toBe(false)
})

test('the kernel tells the source towards a peer', async () => {
  expect((await sourceTowards(ip('127.0.0.1')))?.toString()).toBe('127.0.0.1')
  expect(await sourceTowards(ip('fe80::1'), 'no-such-interface')).toBeUndefined()
})
