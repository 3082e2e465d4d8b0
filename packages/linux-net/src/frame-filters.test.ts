import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BPF_MAX_INSTRUCTIONS, encodeBpf } from './bpf.ts'
import { interpretBpf } from './fixtures/interpret-bpf.ts'
import { arpFilter, neighborFilter } from './frame-filters.ts'

const FACTS = { packetType: 1, interfaceIndex: 7, isTagged: false }
const WANTED = 0xc000_0201
const OTHER = 0xc000_0263

/** RFC 826 over Ethernet, padded to 60 bytes. */
function arp(sender: number, target: number, length = 60): Uint8Array {
  const frame = new Uint8Array(60)
  const view = new DataView(frame.buffer)
  frame.fill(0xff, 0, 6)
  view.setUint16(12, 0x0806)
  view.setUint32(14, 0x0001_0800)
  view.setUint32(18, 0x0604_0001)
  view.setUint32(28, sender)
  view.setUint32(38, target)
  return frame.subarray(0, length)
}

/** RFC 4861 §4.3 without options. */
function neighbor(type: number, target: Ipv6Address): Uint8Array {
  const frame = new Uint8Array(78)
  const view = new DataView(frame.buffer)
  view.setUint16(12, 0x86dd)
  view.setUint8(14, 0x60)
  view.setUint16(18, 24)
  view.setUint16(20, 58 * 256 + 255)
  view.setUint8(54, type)
  frame.set(target.toBytes(), 62)
  return frame
}

function changed(frame: Uint8Array, offset: number, byte: number): Uint8Array {
  const copy = frame.slice()
  copy[offset] = byte
  return copy
}

const V4 = arpFilter([Ipv4Address.fromNumber(WANTED)], { interfaces: [7, 9] }).program

test.each([
  ['who has a wanted address', arp(OTHER, WANTED), FACTS, true],
  ['a unicast one', arp(OTHER, WANTED), { ...FACTS, packetType: 0 }, true],
  ['a probe (RFC 5227 §1.1)', arp(0, WANTED), FACTS, true],
  ['a conflict: a wanted address as sender', arp(WANTED, OTHER), FACTS, true],
  ['another target', arp(OTHER, OTHER), FACTS, false],
  ['a frame for another host', arp(OTHER, WANTED), { ...FACTS, packetType: 3 }, false],
  ['our own frame', arp(OTHER, WANTED), { ...FACTS, packetType: 4 }, false],
  ['another interface', arp(OTHER, WANTED), { ...FACTS, interfaceIndex: 8 }, false],
  ['a tagged frame', arp(OTHER, WANTED), { ...FACTS, isTagged: true }, false],
  ['hardware that is not Ethernet', changed(arp(OTHER, WANTED), 15, 6), FACTS, false],
  ['another protocol', changed(arp(OTHER, WANTED), 16, 0x86), FACTS, false],
  ['another address length', changed(arp(OTHER, WANTED), 18, 8), FACTS, false],
  ['a frame that ends in its target address', arp(OTHER, WANTED, 41), FACTS, false],
  ['an empty frame', new Uint8Array(0), FACTS, false]
])('ARP, %s', (_, frame, facts, passes) => {
  expect(interpretBpf(V4, frame, facts) > 0).toBe(passes)
})

const VIP = Ipv6Address.parse('2001:db8::1')
const V6 = neighborFilter([VIP, Ipv6Address.parse('fd00::9')], { interfaces: [7] }).program

test.each([
  ['a solicitation', neighbor(135, VIP), FACTS, true],
  ['a solicitation of the second prefix', neighbor(135, Ipv6Address.parse('fd00::9')), FACTS, true],
  ['an advertisement by somebody else', neighbor(136, VIP), FACTS, true],
  ['a router advertisement', neighbor(134, VIP), FACTS, false],
  ['a redirect', neighbor(137, VIP), FACTS, false],
  ['another code', changed(neighbor(135, VIP), 55, 1), FACTS, false],
  ['TCP', changed(neighbor(135, VIP), 20, 6), FACTS, false],
  ['an address of one prefix in the other', neighbor(135, Ipv6Address.parse('2001:db8::9')), FACTS, false],
  ['another interface', neighbor(135, VIP), { ...FACTS, interfaceIndex: 1 }, false],
  ['a tagged frame', neighbor(135, VIP), { ...FACTS, isTagged: true }, false],
  ['a frame for another host', neighbor(135, VIP), { ...FACTS, packetType: 3 }, false],
  ['a short frame', neighbor(135, VIP).subarray(0, 77), FACTS, false]
])('ND, %s', (_, frame, facts, passes) => {
  expect(interpretBpf(V6, frame, facts) > 0).toBe(passes)
})

test('nothing wanted lets nothing through', () => {
  const none = arpFilter([], { interfaces: [7] })
  const nowhere = neighborFilter([VIP], { interfaces: [] })
  expect(interpretBpf(none.program, arp(0, 0), FACTS)).toBe(0)
  expect(interpretBpf(nowhere.program, neighbor(135, VIP), FACTS)).toBe(0)
})

test('for any set of addresses the program passes exactly these', () => {
  const number = fc.oneof(fc.nat(40), fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }))
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 300 }), fc.array(number), (wanted, others) => {
      const addresses = wanted.map((value) => Ipv4Address.fromNumber(value))
      const { program, isExact } = arpFilter(addresses, { interfaces: [7] })
      expect(isExact).toBe(true)
      const set = new Set(wanted)
      const [one = 1] = others.filter((value) => !set.has(value))
      for (const value of [...wanted, ...others]) {
        if (set.has(one)) continue
        expect(interpretBpf(program, arp(one, value), FACTS) > 0).toBe(set.has(value))
        expect(interpretBpf(program, arp(value, one), FACTS) > 0).toBe(set.has(value))
      }
    }),
    { numRuns: 50 }
  )
})

test('for any set of IPv6 addresses all pass, and others do not if the program is exact', () => {
  const address = fc
    .tuple(fc.nat(20), fc.oneof(fc.nat(50), fc.nat(0xffff_ffff)))
    .map(([group, low]) =>
      Ipv6Address.fromBigInt((0x2001_0db8n << 96n) | (BigInt(group) << 32n) | BigInt(low))
    )
  fc.assert(
    fc.property(fc.array(address, { maxLength: 200 }), fc.array(address), (wanted, others) => {
      const { program, isExact } = neighborFilter(wanted, { interfaces: [7] })
      const set = new Set(wanted.map(String))
      for (const one of wanted) expect(interpretBpf(program, neighbor(135, one), FACTS)).toBeGreaterThan(0)
      for (const one of others.filter((other) => isExact && !set.has(other.toString())))
        expect(interpretBpf(program, neighbor(136, one), FACTS)).toBe(0)
      expect(isExact || new Set(wanted.map((one) => one.toBigInt() >> 32n)).size > 16).toBe(true)
    }),
    { numRuns: 50 }
  )
})

test('a filter admits what its program lets through, also where it is coarse or in blocks', () => {
  const number = fc.oneof(fc.nat(300), fc.nat(0xffff_ffff))
  const options = fc.record({ maxRanges: fc.integer({ min: 1, max: 40 }), blockBits: fc.nat(6) })
  fc.assert(
    fc.property(fc.array(number, { maxLength: 100 }), fc.array(number), options, (wanted, others, finer) => {
      const v4 = arpFilter(
        wanted.map((value) => Ipv4Address.fromNumber(value)),
        { interfaces: [7], ...finer }
      )
      const v6Of = (value: number): Ipv6Address =>
        Ipv6Address.fromBigInt((BigInt(value % 3) << 40n) | BigInt(value))
      const v6 = neighborFilter(wanted.map(v6Of), { interfaces: [7], ...finer })
      for (const value of wanted) expect(v4.admits(Ipv4Address.fromNumber(value))).toBe(true)
      for (const value of [...wanted, ...others]) {
        const address = Ipv4Address.fromNumber(value)
        expect(v4.admits(address)).toBe(interpretBpf(v4.program, arp(value, value), FACTS) > 0)
        expect(v6.admits(v6Of(value))).toBe(interpretBpf(v6.program, neighbor(135, v6Of(value)), FACTS) > 0)
      }
    }),
    { numRuns: 50 }
  )
})

test('10,000 scattered addresses on 300 interfaces still fit, pass, and drop what is far from them', () => {
  const wanted = Array.from({ length: 10_000 }, (_, i) =>
    Ipv4Address.fromNumber(0x0a00_0000 + i * 2 + (i % 100 === 0 ? 1 : 0))
  )
  const interfaces = Array.from({ length: 300 }, (_, i) => 7 + 3 * i)
  const { program, isExact } = arpFilter(wanted, { interfaces })
  expect(isExact).toBe(false)
  expect(program.length).toBeLessThanOrEqual(BPF_MAX_INSTRUCTIONS)
  for (const address of wanted)
    expect(interpretBpf(program, arp(0, address.toNumber()), FACTS)).toBeGreaterThan(0)
  expect(interpretBpf(program, arp(0, 0x0b00_0000), FACTS)).toBe(0)
})

test('10,000 neighbouring addresses are one range, and few instructions', () => {
  const wanted = Array.from({ length: 10_000 }, (_, i) => Ipv4Address.fromNumber(0x0a00_0000 + i))
  const { program, isExact } = arpFilter(wanted, { interfaces: [7] })
  expect(isExact).toBe(true)
  expect(program.length).toBeLessThan(24)
})

test('the longest program for IPv6 fits, too', () => {
  const wanted = Array.from({ length: 4800 }, (_, i) =>
    Ipv6Address.fromBigInt((BigInt(i % 16) << 32n) | BigInt((i >>> 4) * 4 + ((i >>> 4) % 2)))
  )
  const interfaces = Array.from({ length: 300 }, (_, i) => 7 + 3 * i)
  const { program } = neighborFilter(wanted, { interfaces })
  expect(program.length).toBeLessThanOrEqual(BPF_MAX_INSTRUCTIONS)
  for (const address of wanted)
    expect(interpretBpf(program, neighbor(135, address), FACTS)).toBeGreaterThan(0)
})

test('any frame of any bytes is judged without running out of the program', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (frame) => {
      expect([0, 0xffff_ffff]).toContain(interpretBpf(V4, frame, FACTS))
      expect([0, 0xffff_ffff]).toContain(interpretBpf(V6, frame, FACTS))
    })
  )
})

// Linux filter.h, struct sock_filter: __u16 code; __u8 jt; __u8 jf; __u32 k.
test('instructions are laid out as the kernel reads them, in the byte order of the host', () => {
  const program = [{ code: 0x15, jt: 1, jf: 2, k: 0x0001_0800 }]
  expect(encodeBpf(program, true)).toEqual(Uint8Array.of(0x15, 0, 1, 2, 0, 8, 1, 0))
  expect(encodeBpf(program, false)).toEqual(Uint8Array.of(0, 0x15, 1, 2, 0, 1, 8, 0))
})
