import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from './errors.ts'
import { decodeIpv6, encodeIpv6 } from './ipv6.ts'

test('a header is read back as it was written', () => {
  const address = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.nat(255),
      fc.nat(255),
      address,
      address,
      (payloadLength, nextHeader, hopLimit, a, b) => {
        const packet = new Uint8Array(43 + payloadLength).fill(0xff)
        expect(
          encodeIpv6(packet, 3, { payloadLength, nextHeader, hopLimit, source: a, destination: b })
        ).toBe(43)
        const header = decodeIpv6(packet.subarray(3))
        expect(header).toMatchObject({ payloadLength, nextHeader, hopLimit, trafficClass: 0, flowLabel: 0 })
        expect(header?.source.toBytes()).toEqual(a)
        expect(header?.destination.toBytes()).toEqual(b)
      }
    )
  )
})

// RFC 8200 §3: version 6, traffic class b8, flow label 12345.
test('traffic class and flow label lie across the first four bytes', () => {
  const packet = new Uint8Array(40)
  packet.set([0x6b, 0x81, 0x23, 0x45])
  expect(decodeIpv6(packet)).toMatchObject({ trafficClass: 0xb8, flowLabel: 0x1_2345 })
})

test('another version is not an error, just not IPv6', () => {
  expect(decodeIpv6(new Uint8Array(40).fill(0x45))).toBeUndefined()
})

test.each([
  ['39 bytes', new Uint8Array(39)],
  [
    'a payload length beyond the packet',
    Uint8Array.from({ length: 47 }, (_, i) => (i === 0 ? 0x60 : i === 5 ? 8 : 0))
  ]
])('%s is refused', (_, packet) => {
  expect(() => decodeIpv6(packet)).toThrow(WireError)
})

test('fields that do not fit are refused', () => {
  const fields = {
    payloadLength: 0,
    nextHeader: 0,
    hopLimit: 0,
    source: new Uint8Array(16),
    destination: new Uint8Array(16)
  }
  expect(() => encodeIpv6(new Uint8Array(40), 1, fields)).toThrow(WireError)
  expect(() => encodeIpv6(new Uint8Array(40), 0, { ...fields, hopLimit: 256 })).toThrow(WireError)
  expect(() => encodeIpv6(new Uint8Array(40), 0, { ...fields, source: new Uint8Array(4) })).toThrow(WireError)
})
