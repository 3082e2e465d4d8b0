import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareIpAddresses,
  InvalidAddressError,
  IpPrefix,
  IpRange,
  Ipv4Address,
  Ipv6Address,
  MacAddress,
  parseIpAddress,
  tryParseIpAddress
} from './index.ts'

const ipv4 = fc.nat({ max: 0xffff_ffff }).map((value) => Ipv4Address.fromNumber(value))
const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => Ipv6Address.fromBigInt(value))
const address = fc.oneof(ipv4, ipv6)

const PARSERS = [
  parseIpAddress,
  (text: string) => IpPrefix.parse(text),
  (text: string) => IpRange.parse(text),
  (text: string) => MacAddress.parse(text)
]

describe('addresses', () => {
  test.each([
    '',
    '1',
    '10.1',
    '10.0.0',
    '10.0.0.1.2',
    '010.0.0.1',
    '10.0.0.256',
    '10.0.0.-1',
    '0x0a.0.0.1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1/32',
    '10.0.0.1%eth0',
    ':',
    ':::',
    '1::2::3',
    'fe80::1%eth0',
    '2001:db8::g',
    '12345::',
    '1:2:3:4:5:6:7',
    '::1.2.3',
    '::01.2.3.4',
    '2001:db8::/32',
    '１０.0.0.1'
  ])('%j is refused', (text) => {
    expect(() => parseIpAddress(text)).toThrow(
      expect.objectContaining({ code: 'ERR_NETADDR_INVALID', reason: 'address' })
    )
    expect(tryParseIpAddress(text)).toBeUndefined()
  })

  // RFC 5952 §4 and §5, its examples and borders.
  test.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1']
  ])('%s is written %s', (text, canonical) => {
    expect(parseIpAddress(text).toString()).toBe(canonical)
  })

  test('text, bytes and value round-trip', () => {
    fc.assert(
      fc.property(address, (a) => {
        const again = a.family === 4 ? Ipv4Address.parse(a.toString()) : Ipv6Address.parse(a.toString())
        const fromBytes =
          a.family === 4 ? Ipv4Address.fromBytes(a.toBytes()) : Ipv6Address.fromBytes(a.toBytes())
        expect(again.equals(a) && fromBytes.equals(a)).toBe(true)
      })
    )
  })

  test('the first bytes can be written into an array, and nothing around them is touched', () => {
    fc.assert(
      fc.property(address, fc.nat(16), fc.nat(4), (a, count, offset) => {
        const target = new Uint8Array(24).fill(0xee)
        a.writeBytes(target, offset, count)
        const expected = new Uint8Array(24).fill(0xee)
        expected.set(a.toBytes().subarray(0, count), offset)
        expect(target).toEqual(expected)
        a.writeBytes(target, 0)
        expect(target.subarray(0, a.toBytes().length)).toEqual(a.toBytes())
      })
    )
  })

  test('any text either parses to an address that parses again, or throws InvalidAddressError', () => {
    const hostile = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./%-]{0,45}$/))
    fc.assert(
      fc.property(hostile, (text) => {
        for (const parse of PARSERS) {
          try {
            expect(parse(parse(text).toString()).toString()).toBe(parse(text).toString())
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidAddressError)
          }
        }
      }),
      { numRuns: 2000 }
    )
  })

  test('IPv4 comes before IPv6, and values in order', () => {
    const texts = ['::', '10.0.0.2', '2001:db8::', '9.255.0.0']
    expect(texts.map(parseIpAddress).toSorted(compareIpAddresses).map(String)).toEqual([
      '9.255.0.0',
      '10.0.0.2',
      '::',
      '2001:db8::'
    ])
  })

  test.each([
    ['fe80::1', 'isLinkLocal'],
    ['febf::1', 'isLinkLocal'],
    ['169.254.1.1', 'isLinkLocal'],
    ['ff02::1', 'isMulticast'],
    ['224.0.0.1', 'isMulticast'],
    ['127.9.9.9', 'isLoopback'],
    ['::1', 'isLoopback'],
    ['0.0.0.0', 'isUnspecified'],
    ['::', 'isUnspecified']
  ] as const)('%s %s', (text, property) => {
    expect(parseIpAddress(text)[property]).toBe(true)
    expect(parseIpAddress('192.0.2.1')[property]).toBe(false)
    expect(parseIpAddress('fec0::1')[property]).toBe(false)
  })

  test('the solicited-node group keeps the low 24 bits (RFC 4291 §2.7.1)', () => {
    expect(Ipv6Address.parse('4037::01:800:200e:8c6c').solicitedNodeGroup().toString()).toBe(
      'ff02::1:ff0e:8c6c'
    )
  })
})

describe('prefixes', () => {
  test.each([
    ['10.0.0.0', 'prefix'],
    ['10.0.0.0/', 'prefix'],
    ['10.0.0.0/33', 'prefix'],
    ['10.0.0.0/+24', 'prefix'],
    ['10.0.0.0/255.255.255.0', 'prefix'],
    ['10.0.0.0 /24', 'prefix'],
    [' 10.0.0.0/24', 'prefix'],
    ['10/8', 'prefix'],
    ['2001:db8::/129', 'prefix'],
    ['fe80::%eth0/64', 'prefix'],
    ['10.0.0.1/24', 'host-bits'],
    ['2001:db8::1/64', 'host-bits']
  ])('%j is refused: %s', (text, reason) => {
    expect(() => IpPrefix.parse(text)).toThrow(expect.objectContaining({ reason, input: text }))
  })

  test.each([
    ['10.0.0.7/024', '10.0.0.0/24', 256n],
    ['10.0.0.7/00', '0.0.0.0/0', 1n << 32n],
    ['2001:db8::7/64', '2001:db8::/64', 1n << 64n],
    ['::/0', '::/0', 1n << 128n],
    ['::ffff:10.0.0.7/120', '10.0.0.0/24', 256n],
    ['192.0.2.1/32', '192.0.2.1/32', 1n]
  ])('%s with host bits masked is %s', (text, canonical, size) => {
    const prefix = IpPrefix.parse(text, { hostBits: 'mask' })
    expect([prefix.toString(), prefix.size]).toEqual([canonical, size])
  })

  test('a prefix holds its first and last address and not their neighbours', () => {
    fc.assert(
      fc.property(ipv6, fc.integer({ min: 1, max: 128 }), (a, length) => {
        const prefix = IpPrefix.of(a, length, { hostBits: 'mask' })
        expect(prefix.contains(a) && prefix.contains(prefix.first) && prefix.contains(prefix.last)).toBe(true)
        const next = IpRange.fromPrefix(prefix)
        expect(next.size).toBe(prefix.size)
        if (prefix.last.family === 6 && prefix.last.toBigInt() < (1n << 128n) - 1n) {
          expect(prefix.contains(Ipv6Address.fromBigInt(prefix.last.toBigInt() + 1n))).toBe(false)
        }
      })
    )
  })
})

describe('ranges', () => {
  test.each([
    ['10.0.0.9-10.0.0.1', 'reversed'],
    ['10.0.0.1-2001:db8::1', 'family'],
    ['10.0.0.1', 'prefix'],
    ['10.0.0.1-', 'range'],
    ['-10.0.0.1', 'range'],
    ['10.0.0.1-10.0.0.2-10.0.0.3', 'range'],
    ['10.0.0.0/24-10.0.1.0/24', 'range']
  ])('%j is refused: %s', (text, reason) => {
    expect(() => IpRange.parse(text)).toThrow(expect.objectContaining({ reason }))
  })

  test('IPv4-mapped ends mean IPv4', () => {
    expect(IpRange.parse('::ffff:10.0.0.1-::ffff:10.0.0.2').family).toBe(4)
  })

  test('a range of 2^96 and more addresses costs nothing', () => {
    expect(
      IpRange.parse('2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff').toPrefixes().map(String)
    ).toEqual(['2001:db8::/32'])
    expect(IpRange.parse('::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff').toPrefixes()).toHaveLength(128)
  })

  test('the prefixes of a range cover it exactly, in order', () => {
    fc.assert(
      fc.property(address, fc.nat({ max: 5000 }), (first, length) => {
        const end =
          first.family === 4
            ? Ipv4Address.fromNumber(Math.min(first.toNumber() + length, 0xffff_ffff))
            : Ipv6Address.fromBigInt((first.toBigInt() >> 1n) + BigInt(length))
        const range = IpRange.of(
          first.family === 4 ? first : Ipv6Address.fromBigInt(first.toBigInt() >> 1n),
          end
        )
        const prefixes = range.toPrefixes()
        expect(prefixes[0]?.first.equals(range.first)).toBe(true)
        expect(prefixes.at(-1)?.last.equals(range.last)).toBe(true)
        expect(prefixes.reduce((sum, prefix) => sum + prefix.size, 0n)).toBe(range.size)
      })
    )
  })

  test('overlap is symmetric and means a shared end', () => {
    const range = fc
      .tuple(fc.nat(1000), fc.nat(1000))
      .map(([a, b]) =>
        IpRange.of(Ipv4Address.fromNumber(Math.min(a, b)), Ipv4Address.fromNumber(Math.max(a, b)))
      )
    fc.assert(
      fc.property(range, range, (a, b) => {
        const shared = compareIpAddresses(a.first, b.last) <= 0 && compareIpAddresses(b.first, a.last) <= 0
        expect([a.overlaps(b), b.overlaps(a)]).toEqual([shared, shared])
      })
    )
  })
})

describe('MAC addresses', () => {
  test('text round-trips in lower case', () => {
    expect(MacAddress.parse('DE:ad:be:ef:00:01').toString()).toBe('de:ad:be:ef:00:01')
  })

  test.each(['', 'de:ad', 'zz:ad:be:ef:00:01', 'de-ad-be-ef-00-01'])('%j is refused', (text) => {
    expect(() => MacAddress.parse(text)).toThrow(expect.objectContaining({ reason: 'mac' }))
  })

  test('the group bit marks broadcast and multicast', () => {
    expect(MacAddress.BROADCAST.isMulticast).toBe(true)
    expect(MacAddress.parse('02:00:00:00:00:01').isMulticast).toBe(false)
  })
})
