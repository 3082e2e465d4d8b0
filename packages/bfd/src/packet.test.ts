import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BfdDecodeError } from './errors.ts'
import { type BfdControlPacket, BfdDiagnostic, decodeControlPacket, encodeControlPacket } from './packet.ts'

const PLAIN: BfdControlPacket = {
  diagnostic: BfdDiagnostic.controlDetectionTimeExpired,
  state: 'up',
  poll: true,
  final: false,
  controlPlaneIndependent: true,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0xdeadbeef,
  yourDiscriminator: 2,
  desiredMinTxUs: 50_000,
  requiredMinRxUs: 300_000,
  requiredMinEchoRxUs: 0,
  authentication: undefined
}
// RFC 5880 §4.1, by hand: version 1 and diagnostic 1; Up, P and C; multiplier; length; then five words.
const GOLDEN = Buffer.from('21e80318deadbeef000000020000c350000493e000000000', 'hex')
// What tcpdump's test "bfd-raw-auth-sha1" prints of its first packet, put back into the layout of §4.1 and §4.4.
const SHA1 =
  '204405340000000100000000000f4240000f424000000000' +
  '051c020000000005010203040506070809101112131415161718191a'

test('a packet is laid out as the RFC draws it', () => {
  expect(Buffer.from(encodeControlPacket(PLAIN)).toString('hex')).toBe(GOLDEN.toString('hex'))
  expect(decodeControlPacket(GOLDEN)).toEqual(PLAIN)
})

test('a packet with meticulous keyed SHA1 is read, and written the same', () => {
  const packet = decodeControlPacket(Buffer.from(SHA1, 'hex'))
  expect(packet).toMatchObject({
    state: 'down',
    detectMultiplier: 5,
    myDiscriminator: 1,
    desiredMinTxUs: 1_000_000,
    authentication: { type: 'meticulous-keyed-sha1', keyId: 2, sequenceNumber: 5 }
  })
  expect(Buffer.from(encodeControlPacket(packet)).toString('hex')).toBe(SHA1)
})

test('a decoded packet keeps nothing of the bytes, even of a Buffer', () => {
  const bytes = Buffer.from(SHA1, 'hex')
  const packet = decodeControlPacket(bytes)
  bytes.fill(0)
  expect(Buffer.from(encodeControlPacket(packet)).toString('hex')).toBe(SHA1)
})

test('octets after Length are ignored', () => {
  expect(decodeControlPacket(Buffer.concat([GOLDEN, Buffer.alloc(9, 0xff)]))).toEqual(PLAIN)
})

describe('a packet is discarded', () => {
  const signed = Buffer.from(SHA1, 'hex')
  test.each([
    ['too-short', GOLDEN.subarray(0, 23)],
    ['too-short', Buffer.alloc(0)],
    ['version', withByte(GOLDEN, 0, 0x01)],
    ['version', withByte(GOLDEN, 0, 0x41)],
    ['length', withByte(GOLDEN, 3, 23)],
    ['length', withByte(GOLDEN, 3, 25)],
    ['length', withByte(signed, 3, 25)],
    ['length', signed.subarray(0, 51)],
    ['detect-multiplier', withByte(GOLDEN, 2, 0)],
    ['multipoint', withByte(GOLDEN, 1, 0xe9)],
    ['my-discriminator', GOLDEN.toString('hex').replace('deadbeef', '00000000')],
    ['your-discriminator', withByte(GOLDEN, 11, 0)],
    ['your-discriminator', withByte(withByte(GOLDEN, 11, 0), 1, 0x80)],
    ['authentication-type', withByte(signed, 24, 0)],
    ['authentication-type', withByte(signed, 24, 6)],
    ['authentication-length', withByte(signed, 25, 27)],
    ['authentication-length', withByte(signed, 24, 3)],
    ['authentication-length', withByte(signed, 24, 1)],
    ['authentication-length', withByte(withByte(signed, 3, 26), 25, 2)]
  ] as const)('for %s', (reason, bytes) => {
    const packet = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes
    expect(() => decodeControlPacket(packet)).toThrow(
      expect.objectContaining({ code: 'ERR_BFD_DECODE', reason })
    )
  })

  test.each([0x00, 0x40])('but not for an unknown discriminator in state bits %i', (state) => {
    expect(decodeControlPacket(withByte(withByte(GOLDEN, 11, 0), 1, state)).yourDiscriminator).toBe(0)
  })

  test('with no error but BfdDecodeError, whatever the bytes are', () => {
    const nearly = fc
      .tuple(fc.uint8Array({ minLength: 22, maxLength: 40 }), fc.boolean())
      .map(([bytes, isSigned]) => {
        bytes[0] = 0x20 | ((bytes[0] ?? 0) & 0x1f)
        bytes[1] = ((bytes[1] ?? 0) & 0xfa) | (isSigned ? 4 : 0)
        bytes[3] = bytes.length
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), nearly), (bytes) => {
        try {
          decodeControlPacket(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BfdDecodeError)
        }
      })
    )
  })
})

test('what was encoded is decoded to the same', () => {
  const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
  const keyId = fc.integer({ min: 0, max: 255 })
  const digestOf = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length })
  const packets = fc.record({
    diagnostic: fc.integer({ min: 0, max: 31 }),
    state: fc.constantFrom('adminDown', 'down', 'init', 'up'),
    poll: fc.boolean(),
    final: fc.boolean(),
    controlPlaneIndependent: fc.boolean(),
    demand: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
    yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
    desiredMinTxUs: uint32,
    requiredMinRxUs: uint32,
    requiredMinEchoRxUs: uint32,
    authentication: fc.option(
      fc.oneof(
        fc.record({
          type: fc.constant('simple-password'),
          keyId,
          password: fc.uint8Array({ minLength: 1, maxLength: 16 })
        }),
        fc.record({
          type: fc.constantFrom('keyed-md5', 'meticulous-keyed-md5'),
          keyId,
          sequenceNumber: uint32,
          digest: digestOf(16)
        }),
        fc.record({
          type: fc.constantFrom('keyed-sha1', 'meticulous-keyed-sha1'),
          keyId,
          sequenceNumber: uint32,
          digest: digestOf(20)
        })
      ),
      { nil: undefined }
    )
  } satisfies Record<keyof BfdControlPacket, fc.Arbitrary<unknown>>)
  fc.assert(
    fc.property(packets, (packet) => {
      expect(decodeControlPacket(encodeControlPacket(packet))).toEqual(packet)
    })
  )
})

function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[offset] = value
  return copy
}
