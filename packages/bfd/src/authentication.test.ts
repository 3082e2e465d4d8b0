import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Authenticator,
  type BfdAuthentication,
  isMeticulous,
  isSequenceAcceptable
} from './authentication.ts'
import type { BfdAuthenticationType } from './authentication-section.ts'
import { type BfdControlPacket, decodeControlPacket } from './packet.ts'

const PACKET: BfdControlPacket = {
  diagnostic: 0,
  state: 'down',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 5,
  myDiscriminator: 1,
  yourDiscriminator: 0,
  desiredMinTxUs: 1_000_000,
  requiredMinRxUs: 1_000_000,
  requiredMinEchoRxUs: 0
}

// Computed with Python's hashlib over the layout of RFC 5880 §4.1 – §4.4: key "secret", key ID 7, sequence number 6.
const GOLDEN: readonly { type: BfdAuthenticationType; hex: string }[] = [
  {
    type: 'simple-password',
    hex: '204405210000000100000000000f4240000f424000000000010907736563726574'
  },
  {
    type: 'keyed-md5',
    hex: '204405300000000100000000000f4240000f4240000000000218070000000006403b15f09c4b5cb140b85e9acd6caef9'
  },
  {
    type: 'meticulous-keyed-md5',
    hex: '204405300000000100000000000f4240000f42400000000003180700000000065cb4e4ef10235c75a1bb7a45c9953949'
  },
  {
    type: 'keyed-sha1',
    hex: '204405340000000100000000000f4240000f424000000000041c0700000000060b241e9e5ed4bd392d6d3f149b0bce03949ad305'
  },
  {
    type: 'meticulous-keyed-sha1',
    hex: '204405340000000100000000000f4240000f424000000000051c070000000006d3670c5e8de1a675c0b211e90591c3cd16952e11'
  }
]

describe.each(GOLDEN)('$type', ({ type, hex }) => {
  test('a packet is signed as the RFC says, and verified', () => {
    const bytes = new Authenticator(secret(type), 5).encode(PACKET)
    expect(Buffer.from(bytes).toString('hex')).toBe(hex)
    const received = Buffer.from(hex, 'hex')
    expect(verify(new Authenticator(secret(type), 0), received)).toBeUndefined()
    expect(received.toString('hex')).toBe(hex)
  })

  test('another key, key ID or type is refused, and so is none', () => {
    const bytes = new Authenticator(secret(type), 5).encode(PACKET)
    const other = type === 'keyed-sha1' ? 'keyed-md5' : 'keyed-sha1'
    expect(verify(new Authenticator({ ...secret(type), key: Buffer.from('secreT') }, 0), bytes)).toBe(
      'mismatch'
    )
    expect(verify(new Authenticator({ ...secret(type), keyId: 8 }, 0), bytes)).toBe('key-id')
    expect(verify(new Authenticator(secret(other), 0), bytes)).toBe('type')
    expect(new Authenticator(secret(type), 0).verify(PACKET, bytes)).toBe('missing')
  })
})

describe.each(GOLDEN.filter(({ type }) => type !== 'simple-password'))('$type', ({ type }) => {
  test('any octet that changes on the way is noticed', () => {
    const bytes = new Authenticator(secret(type), 5).encode(PACKET)
    for (const offset of [0, 4, 8, 12, 16, 20, 27, 31, bytes.length - 1]) {
      const changed = bytes.slice()
      changed[offset] = (changed[offset] ?? 0) ^ 1
      expect(verify(new Authenticator(secret(type), 0), changed), `octet ${offset}`).toBe('mismatch')
    }
  })

  test('what was sent before is not taken again, if numbers are meticulous', () => {
    const sender = new Authenticator(secret(type), 0xffff_fffe)
    const receiver = new Authenticator(secret(type), 0)
    const packets = [sender.encode(PACKET), sender.encode(PACKET), sender.encode(PACKET)]
    expect(packets.map((bytes) => verify(receiver, bytes))).toEqual([undefined, undefined, undefined])
    const [first = new Uint8Array(), , last = new Uint8Array()] = packets
    expect(verify(receiver, last)).toBe(isMeticulous(type) ? 'sequence' : undefined)
    expect(verify(receiver, first)).toBe('sequence')
    receiver.forget()
    expect(verify(receiver, first)).toBeUndefined()
  })

  test('a forged number does not move the window', () => {
    const sender = new Authenticator(secret(type), 100)
    const receiver = new Authenticator(secret(type), 0)
    verify(receiver, sender.encode(PACKET))
    const forged = new Authenticator({ ...secret(type), key: Buffer.from('guess') }, 110).encode(PACKET)
    expect(verify(receiver, forged)).toBe('mismatch')
    expect(verify(receiver, sender.encode(PACKET))).toBeUndefined()
  })
})

test('a sequence number is taken up to three times Detect Mult ahead, around the circle of 32 bits', () => {
  const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
  fc.assert(
    fc.property(
      uint32,
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: -3, max: 1000 }),
      (last, mult, ahead) => {
        const received = (last + ahead) >>> 0
        const isWithin = ahead <= 3 * mult
        expect(isSequenceAcceptable('keyed-sha1', last, received, mult)).toBe(isWithin && ahead >= 0)
        expect(isSequenceAcceptable('meticulous-keyed-md5', last, received, mult)).toBe(
          isWithin && ahead >= 1
        )
      }
    )
  )
})

function secret(type: BfdAuthenticationType): BfdAuthentication {
  return { type, keyId: 7, key: Buffer.from('secret') }
}

function verify(authenticator: Authenticator, bytes: Uint8Array): string | undefined {
  return authenticator.verify(decodeControlPacket(bytes), bytes)
}
