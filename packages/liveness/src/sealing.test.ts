import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LivenessDecodeError } from './errors.ts'
import { MAX_MESSAGE_BYTES } from './packet.ts'
import { decodeEnvelope, MAX_DATAGRAM_BYTES, SEAL_BYTES, Sealer } from './sealing.ts'

const [ALICE, BOB, EVE] = [1n, 2n, 3n]
const OLD = new Uint8Array(32).fill(1)
const NEW = new Uint8Array(32).fill(2)
const TEXT = new TextEncoder().encode('who is alive?')

function open(sealer: Sealer, datagram: Uint8Array): Uint8Array {
  return sealer.open(datagram, decodeEnvelope(datagram))
}

test('the receiver opens what was sealed for it, and sees who sent it', () => {
  const datagram = new Sealer(ALICE, 77n, [OLD]).seal(TEXT, BOB, 2 ** 40 + 5)
  expect(decodeEnvelope(datagram)).toEqual({ sender: ALICE, boot: 77n, sequence: 2 ** 40 + 5 })
  const bob = new Sealer(BOB, 88n, [OLD])
  expect(Buffer.from(open(bob, datagram)).toString()).toBe('who is alive?')
  expect(datagram).toHaveLength(TEXT.length + SEAL_BYTES)
  expect(Buffer.from(datagram).includes('alive')).toBe(false)
})

test('the longest datagram fits into the least MTU of IPv6, headers included', () => {
  const datagram = new Sealer(ALICE, 1n, [OLD]).seal(new Uint8Array(MAX_MESSAGE_BYTES), BOB, 1)
  expect(datagram).toHaveLength(MAX_DATAGRAM_BYTES)
  expect(datagram.length + 8 + 40).toBe(1280)
})

test('what was sealed for one member is of no use with another', () => {
  const datagram = new Sealer(ALICE, 77n, [OLD]).seal(TEXT, BOB, 1)
  expect(() => open(new Sealer(EVE, 1n, [OLD]), datagram)).toThrow(
    expect.objectContaining({ reason: 'unauthenticated' })
  )
})

test('a key changes without a gap: accepted everywhere, then used everywhere, then the old one dropped', () => {
  const alice = new Sealer(ALICE, 1n, [OLD])
  const bob = new Sealer(BOB, 2n, [OLD, NEW])
  expect(open(bob, alice.seal(TEXT, BOB, 1))).toEqual(Buffer.from(TEXT))
  alice.setKeys([NEW, OLD])
  expect(open(bob, alice.seal(TEXT, BOB, 2))).toEqual(Buffer.from(TEXT))
  expect(open(alice, bob.seal(TEXT, ALICE, 1))).toEqual(Buffer.from(TEXT))
  bob.setKeys([NEW])
  expect(open(bob, alice.seal(TEXT, BOB, 3))).toEqual(Buffer.from(TEXT))
  alice.setKeys([OLD])
  expect(() => open(bob, alice.seal(TEXT, BOB, 4))).toThrow(LivenessDecodeError)
})

test('two processes of one member never use the same key stream', () => {
  const first = new Sealer(ALICE, 1n, [OLD]).seal(TEXT, BOB, 1)
  const second = new Sealer(ALICE, 2n, [OLD]).seal(TEXT, BOB, 1)
  expect(first.subarray(SEAL_BYTES - 16)).not.toEqual(second.subarray(SEAL_BYTES - 16))
})

test('no octet of a datagram can be changed', () => {
  const datagram = new Sealer(ALICE, 77n, [OLD]).seal(TEXT, BOB, 1)
  const bob = new Sealer(BOB, 1n, [OLD, NEW])
  for (let i = 0; i < datagram.length; i += 1) {
    const changed = datagram.slice()
    changed[i] = (changed[i] ?? 0) ^ 0x10
    expect(() => open(bob, changed), `octet ${i}`).toThrow(LivenessDecodeError)
  }
})

test('hostile bytes throw only LivenessDecodeError', () => {
  const bob = new Sealer(BOB, 1n, [OLD, NEW])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: MAX_DATAGRAM_BYTES + 10 }), fc.boolean(), (bytes, isVersion1) => {
      if (isVersion1 && bytes.length > 0) bytes[0] = 1
      expect(() => open(bob, bytes)).toThrow(LivenessDecodeError)
    })
  )
})

describe('keys are refused', () => {
  test.each([
    ['none', []],
    ['too many', [OLD, OLD, OLD, OLD, OLD]],
    ['too short', [new Uint8Array(15)]]
  ])('%s', (_, keys) => {
    expect(() => new Sealer(ALICE, 1n, keys)).toThrow(
      expect.objectContaining({ code: 'ERR_LIVENESS_OPTIONS' })
    )
  })
})
