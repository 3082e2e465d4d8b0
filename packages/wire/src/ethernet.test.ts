import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from './errors.ts'
import { decodeEthernet, ETHER_TYPE, encodeEthernet, etherTypeOf, padFrame } from './ethernet.ts'

const TO = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
const FROM = Uint8Array.of(2, 0, 0, 0, 0, 9)

test('a header is read back as it was written', () => {
  const frame = new Uint8Array(14)
  expect(encodeEthernet(frame, TO, FROM, ETHER_TYPE.IPV6)).toBe(14)
  const header = decodeEthernet(frame)
  expect(header).toMatchObject({ etherType: 0x86dd, payloadOffset: 14 })
  expect(header.vlan).toBeUndefined()
  expect(header.source.toString()).toBe('02:00:00:00:00:09')
  expect(etherTypeOf(frame)).toBe(0x86dd)
})

// IEEE 802.1Q-2022 §9.6: TPID 8100, priority 5, VLAN 42, then ARP.
test('a tag is recognised, and its frame is not taken for an untagged one', () => {
  const frame = Uint8Array.of(...TO, ...FROM, 0x81, 0x00, 0xa0, 0x2a, 0x08, 0x06, 1, 2)
  expect(etherTypeOf(frame)).toBe(ETHER_TYPE.VLAN)
  expect(decodeEthernet(frame)).toMatchObject({
    etherType: ETHER_TYPE.ARP,
    vlan: { vlanId: 42, priority: 5 },
    payloadOffset: 18
  })
})

test('of two tags the outer one is told', () => {
  const frame = Uint8Array.of(...TO, ...FROM, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x08, 0x06)
  expect(decodeEthernet(frame)).toMatchObject({ vlan: { vlanId: 7 }, etherType: 0x0806, payloadOffset: 22 })
})

test('padding is zero, and only for what is short', () => {
  const target = new Uint8Array(128).fill(0xee)
  expect(padFrame(target, 42)).toBe(60)
  expect(target.subarray(42, 60)).toEqual(new Uint8Array(18))
  expect(target[60]).toBe(0xee)
  expect(padFrame(target, 86)).toBe(86)
  expect(() => padFrame(new Uint8Array(59), 42)).toThrow(WireError)
})

test('any bytes give a header within them, or WireError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
      try {
        expect(decodeEthernet(bytes).payloadOffset).toBeLessThanOrEqual(bytes.length)
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        expect(error.reason).toBe('truncated')
      }
    })
  )
})

test('addresses of the wrong length, and types that do not fit, are refused', () => {
  expect(() => encodeEthernet(new Uint8Array(14), FROM.subarray(1), FROM, 0)).toThrow(WireError)
  expect(() => encodeEthernet(new Uint8Array(14), TO, FROM, 0x1_0000)).toThrow(WireError)
  expect(() => encodeEthernet(new Uint8Array(13), TO, FROM, 0)).toThrow(WireError)
})
