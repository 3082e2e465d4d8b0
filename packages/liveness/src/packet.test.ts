import { WireError } from '@clarion-lb/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LivenessDecodeError } from './errors.ts'
import { messages } from './fixtures/arbitraries.ts'
import type { Message } from './message.ts'
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES, messageBytes, rumorBytes } from './packet.ts'

const ACK: Message = {
  type: 'ack',
  incarnation: 0x1_0000_0002,
  patienceMs: 258,
  echo: { boot: 0x1122334455667788n, sequence: 5 },
  rumors: [
    { kind: 'dead', member: 0xaan, incarnation: 3, accusers: [0xbbn, 0xccn], reason: 'refused' },
    { kind: 'alive', member: 0xddn, incarnation: 4, accusers: [], reason: 'silent' }
  ]
}
// By hand from the figure in packet.ts: header, echo, then kind 2, reason 1, two accusers; kind 0.
const GOLDEN =
  '0202010200000001000000021122334455667788000000000000000526' +
  '00000000000000aa000000000000000300000000000000bb00000000000000cc' +
  '0000000000000000dd0000000000000004'

test('a message is laid out as the figure says', () => {
  expect(Buffer.from(encodeMessage(ACK)).toString('hex')).toBe(GOLDEN)
  expect(decodeMessage(Buffer.from(GOLDEN, 'hex'))).toEqual(ACK)
})

test('what is encoded is decoded the same, and is as long as was computed', () => {
  fc.assert(
    fc.property(messages([]), (message) => {
      const bytes = encodeMessage(message)
      const length = message.rumors.reduce(
        (sum, rumor) => sum + rumorBytes(rumor),
        messageBytes(message.type)
      )
      expect(bytes).toHaveLength(length)
      expect(decodeMessage(bytes)).toEqual(message)
    })
  )
})

test('a message that no link has to carry is not encoded', () => {
  const [dead] = ACK.rumors
  const rumors = Array.from({ length: 40 }, () => dead ?? expect.fail())
  expect(() => encodeMessage({ ...ACK, rumors })).toThrow(WireError)
})

test('hostile bytes throw only LivenessDecodeError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: MAX_MESSAGE_BYTES + 20 }), fc.nat(60), (bytes, start) => {
      const mutated = Buffer.concat([Buffer.from(GOLDEN, 'hex').subarray(0, start), bytes])
      for (const each of [bytes, mutated]) expect(['same', 'refused']).toContain(outcome(each))
    }),
    { numRuns: 500 }
  )
})

function outcome(bytes: Uint8Array): string {
  try {
    return Buffer.from(encodeMessage(decodeMessage(bytes))).equals(bytes) ? 'same' : 'different'
  } catch (error) {
    if (error instanceof LivenessDecodeError) return 'refused'
    throw error
  }
}

describe('a message is refused', () => {
  test.each([
    ['truncated', ''],
    ['truncated', GOLDEN.slice(0, -2)],
    ['trailing', `${GOLDEN}00`],
    ['message-type', `00${GOLDEN.slice(2)}`],
    ['message-type', `06${GOLDEN.slice(2)}`],
    ['incarnation', '01000000' + '0000000000000000'],
    ['incarnation', '01000000' + '0020000000000000'],
    ['rumor-kind', `${GOLDEN.slice(0, 56)}46${GOLDEN.slice(58)}`],
    ['rumor-kind', `${GOLDEN.slice(0, 56)}2e${GOLDEN.slice(58)}`],
    ['accusers', `${GOLDEN.slice(0, 56)}27${GOLDEN.slice(58)}`],
    ['accusers', `${GOLDEN.slice(0, 56)}01${GOLDEN.slice(58)}`],
    ['incarnation', `${GOLDEN.slice(0, -2)}00`],
    ['too-long', '00'.repeat(MAX_MESSAGE_BYTES + 1)]
  ] as const)('for %s (%#)', (reason, hex) => {
    expect(() => decodeMessage(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'ERR_LIVENESS_DECODE', reason })
    )
  })
})
