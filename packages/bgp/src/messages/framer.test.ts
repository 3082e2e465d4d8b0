import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BgpDecodeError } from '../errors.ts'
import { hex, messageOf } from '../fixtures/bytes.ts'
import { createCorpus } from '../fixtures/corpus.ts'
import { MessageFramer } from './framer.ts'

const CORPUS = createCorpus()
const KEEPALIVE = messageOf(4, '')

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function failureOf(bytes: Uint8Array, maxMessageLength = 4096): BgpDecodeError {
  try {
    new MessageFramer({ maxMessageLength }).push(bytes)
  } catch (error) {
    if (error instanceof BgpDecodeError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('MessageFramer', () => {
  test('gives the same messages however the stream is cut', () => {
    const stream = fc.array(fc.constantFrom(...CORPUS), { maxLength: 12 })
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 300 })), (messages, sizes) => {
        const bytes = concat(messages)
        const framer = new MessageFramer()
        const received: Uint8Array[] = []
        let offset = 0
        for (const size of [...sizes, bytes.length]) {
          received.push(...framer.push(bytes.subarray(offset, offset + size)))
          offset += size
        }
        expect(received.map((message) => Buffer.from(message).toString('hex'))).toEqual(
          messages.map((message) => Buffer.from(message).toString('hex'))
        )
      })
    )
  })

  test('a stream of single octets makes the same messages, and each in a buffer of its own length', () => {
    const framer = new MessageFramer()
    const received = Array.from(concat(CORPUS), (octet) => framer.push(Uint8Array.of(octet))).flat()
    expect(received).toEqual(CORPUS)
    for (const message of received) expect(message.buffer.byteLength).toBe(message.length)
  })

  test('a message that is whole in a chunk is not copied', () => {
    const chunk = concat([KEEPALIVE, KEEPALIVE])
    for (const message of new MessageFramer().push(chunk)) expect(message.buffer).toBe(chunk.buffer)
  })

  // RFC 4271 §6.1: what is wrong, subcode, data.
  test.each([
    ['a marker that is not all ones', messageOf(4, '').with(15, 0xfe), 'marker', 1, ''],
    ['a length below that of a header', KEEPALIVE.with(17, 18), 'length', 2, '0012'],
    ['a length above 4096', messageOf(2, '00000000').with(16, 0x10).with(17, 1), 'length', 2, '1001'],
    ['an OPEN of 28 octets', messageOf(1, '00'.repeat(9)), 'length', 2, '001c'],
    ['an UPDATE of 22 octets', messageOf(2, '000000'), 'length', 2, '0016'],
    ['a NOTIFICATION of 20 octets', messageOf(3, '06'), 'length', 2, '0014'],
    ['a KEEPALIVE of 20 octets', messageOf(4, '00'), 'length', 2, '0014'],
    ['type 0', messageOf(0, ''), 'message-type', 3, '00'],
    ['type 6', messageOf(6, ''), 'message-type', 3, '06']
  ])('refuses %s', (_, bytes, reason, subcode, data) => {
    const { notification, reason: actual } = failureOf(bytes)
    expect(actual).toBe(reason)
    expect(notification).toMatchObject({ type: 'notification', code: 1, subcode })
    expect(notification.data).toEqual(hex(data))
  })

  test('RFC 8654: longer messages when agreed on, yet no longer OPEN', () => {
    const framer = new MessageFramer()
    const long = messageOf(2, '00'.repeat(60_000))
    framer.maxMessageLength = 65_535
    expect(framer.push(long)).toEqual([long])
    expect(failureOf(messageOf(1, '00'.repeat(4078)), 65_535).notification).toMatchObject({
      code: 1,
      subcode: 2
    })
  })

  test('a limit that is raised counts for the next header', () => {
    const framer = new MessageFramer()
    const long = messageOf(2, '00'.repeat(5000))
    expect(framer.push(long.subarray(0, 10))).toEqual([])
    framer.maxMessageLength = 65_535
    expect(framer.push(long.subarray(10))).toEqual([long])
  })

  test('messages in front of a bad one are given out, and the failure is there at once', () => {
    const framer = new MessageFramer()
    expect(framer.push(concat([KEEPALIVE, messageOf(9, '')]))).toEqual([KEEPALIVE])
    expect(framer.failure).toMatchObject({ code: 'ERR_BGP_DECODE', reason: 'message-type' })
    expect(() => framer.push(KEEPALIVE)).toThrow(BgpDecodeError)
    expect(() => framer.push(new Uint8Array())).toThrow(BgpDecodeError)
  })

  test('a header that is bad is refused before its message is there', () => {
    expect(() => new MessageFramer().push(hex(`${'ff'.repeat(16)}ffff02`))).toThrow(BgpDecodeError)
  })

  test('any bytes in any chunks give messages or BgpDecodeError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (chunks) => {
        const framer = new MessageFramer()
        const caught: unknown[] = []
        for (const chunk of chunks) {
          try {
            framer.push(chunk)
          } catch (error) {
            caught.push(error)
          }
        }
        expect(caught.every((error) => error instanceof BgpDecodeError)).toBe(true)
      })
    )
  })
})
