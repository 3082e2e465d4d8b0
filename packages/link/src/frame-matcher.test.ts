import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameMatcher } from './frame-matcher.ts'

const VIP = Ipv4Address.parse('192.0.2.1')
const VIP6 = Ipv6Address.parse('2001:db8::1')
const matcher = new FrameMatcher({ interfaces: [7], arpAddresses: [VIP], ndpAddresses: [VIP6] })

/** RFC 826 over Ethernet. */
function arp(sender: string, target: string): Uint8Array {
  const head = `ffffffffffff020000000009080600010800060400010200${'00000009'}`
  const hex = (text: string): string => Buffer.from(Ipv4Address.parse(text).toBytes()).toString('hex')
  return Uint8Array.from(Buffer.from(`${head}${hex(sender)}000000000000${hex(target)}`, 'hex'))
}

/** RFC 4861 §4.3 without options. */
function solicitation(target: string): Uint8Array {
  const frame = new Uint8Array(78)
  frame.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255], 12)
  frame[54] = 135
  frame.set(Ipv6Address.parse(target).toBytes(), 62)
  return frame
}

function changed(frame: Uint8Array, offset: number, byte: number): Uint8Array {
  const copy = frame.slice()
  copy[offset] = byte
  return copy
}

test.each([
  ['a request', arp('192.0.2.9', '192.0.2.1'), true],
  ['a conflict', arp('192.0.2.1', '192.0.2.9'), true],
  ['another address', arp('192.0.2.9', '192.0.2.8'), false],
  ['hardware that is not Ethernet', changed(arp('192.0.2.9', '192.0.2.1'), 15, 6), false],
  ['a frame that is cut', arp('192.0.2.9', '192.0.2.1').subarray(0, 41), false],
  ['a tagged frame', changed(changed(arp('192.0.2.9', '192.0.2.1'), 12, 0x81), 13, 0), false],
  ['a solicitation', solicitation('2001:db8::1'), true],
  ['an advertisement', changed(solicitation('2001:db8::1'), 54, 136), true],
  ['one of another prefix with the same end', solicitation('2001:db9::1'), false],
  ['another ICMPv6 type', changed(solicitation('2001:db8::1'), 54, 134), false],
  ['one that is cut', solicitation('2001:db8::1').subarray(0, 77), false]
])('%s', (_, frame, isWanted) => {
  expect(matcher.matches(frame, 7)).toBe(isWanted)
  expect(matcher.matches(frame, 8)).toBe(false)
})

test('addresses that are added and removed in any order are matched as if they had been there from the start', () => {
  const address = fc.oneof(
    fc.nat(3).map((low) => Ipv4Address.fromNumber(0xc000_0200 + low)),
    fc
      .tuple(fc.nat(1), fc.nat(2))
      .map(([high, low]) => Ipv6Address.fromBigInt((BigInt(high) << 64n) | BigInt(low)))
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(address, fc.boolean())), (steps) => {
      const changing = new FrameMatcher({ interfaces: [7], arpAddresses: [], ndpAddresses: [] })
      const wanted = new Set<string>()
      for (const [one, isAdded] of steps) {
        if (isAdded) changing.add(one)
        else changing.remove(one)
        if (isAdded) wanted.add(one.toString())
        else wanted.delete(one.toString())
      }
      for (const [one] of steps) {
        const text = one.toString()
        const frame = one.family === 4 ? arp('198.51.100.1', text) : solicitation(text)
        expect(changing.matches(frame, 7)).toBe(wanted.has(text))
      }
      expect([...changing.arpAddresses(), ...changing.ndpAddresses()].map(String).toSorted()).toEqual(
        [...wanted].toSorted()
      )
    })
  )
})

test('any bytes are judged', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(typeof matcher.matches(bytes, 7)).toBe('boolean')
    })
  )
})
