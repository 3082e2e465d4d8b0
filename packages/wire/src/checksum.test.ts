import fc from 'fast-check'
import { expect, test } from 'vitest'
import { internetChecksum, ipv6Checksum } from './checksum.ts'
import { WireError } from './errors.ts'
import { encodeIpv6 } from './ipv6.ts'

test('RFC 1071 §3: the sum of its example is ddf2', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  expect(internetChecksum(bytes)).toBe(~0xddf2 & 0xffff)
})

test('an odd last byte counts as the high one of a word', () => {
  expect(internetChecksum(Uint8Array.of(0x12, 0x34, 0x56))).toBe(
    internetChecksum(Uint8Array.of(0x12, 0x34, 0x56, 0))
  )
})

test('a message with its checksum in it sums to zero, and any changed bit shows', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 1500 }), fc.nat(), (message, bit) => {
      message.fill(0, 2, 4)
      const sum = internetChecksum(message)
      message[2] = sum >>> 8
      message[3] = sum & 0xff
      expect(internetChecksum(message)).toBe(0)
      const at = (bit >>> 3) % message.length
      message[at] = (message[at] ?? 0) ^ (1 << (bit & 7))
      expect(internetChecksum(message)).not.toBe(0)
    })
  )
})

// RFC 4861 §4.3: NS from fe80::1 to ff02::1:ff00:2 for fe80::2 without options; the sum is written out below.
test('the ICMPv6 checksum covers the pseudo-header of RFC 8200 §8.1', () => {
  const packet = new Uint8Array(64)
  const source = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
  const destination = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 2)
  encodeIpv6(packet, 0, { payloadLength: 24, nextHeader: 58, hopLimit: 255, source, destination })
  packet[40] = 135
  packet.set(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), 48)

  const words = 0xfe80 + 1 + 0xff02 + 1 + 0xff00 + 2 + 24 + 58 + 0x8700 + 0xfe80 + 2
  const expected = ~((words & 0xffff) + (words >>> 16)) & 0xffff
  expect(ipv6Checksum(packet, 24, 58)).toBe(expected)
  packet[42] = expected >>> 8
  packet[43] = expected & 0xff
  expect(ipv6Checksum(packet, 24, 58)).toBe(0)
})

test('a message that is not all there is refused', () => {
  expect(() => ipv6Checksum(new Uint8Array(50), 24, 58)).toThrow(WireError)
  expect(() => ipv6Checksum(new Uint8Array(10), 0, 58)).toThrow(WireError)
})
