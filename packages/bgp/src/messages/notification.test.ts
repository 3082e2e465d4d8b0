import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hex } from '../fixtures/bytes.ts'
import {
  describeNotification,
  hardReset,
  NOTIFICATION,
  notification,
  shutdownData,
  shutdownTextOf,
  unwrapHardReset
} from './notification.ts'

const { CEASE, HOLD_TIMER_EXPIRED, MESSAGE_HEADER_ERROR } = NOTIFICATION

function shutdown(data: Uint8Array): ReturnType<typeof notification> {
  return notification(CEASE.code, CEASE.ADMINISTRATIVE_SHUTDOWN, data)
}

describe('shutdown text', () => {
  test('RFC 9003 §2: a length, and UTF-8', () => {
    expect(shutdownData('moved – back')).toEqual(hex('0e 6d6f766564 20 e28093 20 6261636b'))
  })

  test('is cut to 255 octets between two characters', () => {
    const data = shutdownData(`a${'–'.repeat(100)}`)
    expect(data.length).toBe(1 + 1 + 84 * 3)
    expect(shutdownTextOf(shutdown(data))).toBe(`a${'–'.repeat(84)}`)
  })

  test('any text comes out as it went in, unless it was too long', () => {
    const printable = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(printable, (text) => {
        fc.pre(!/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text))
        fc.pre(Buffer.byteLength(text) <= 255)
        expect(shutdownTextOf(shutdown(shutdownData(text)))).toBe(text)
      })
    )
  })

  test.each([
    ['no data', ''],
    ['a length of 0', '00'],
    ['a length past the end', '05 6869'],
    ['octets behind the text', '02 686921'],
    ['nothing but control characters', '03 0d0a1b']
  ])('is not there with %s', (_, data) => {
    expect(shutdownTextOf(shutdown(hex(data)))).toBeUndefined()
  })

  test('cannot forge a line of a log, and bad UTF-8 is replaced', () => {
    expect(shutdownTextOf(shutdown(hex('08 68690d0a1b5b6d21')))).toBe('hi[m!')
    expect(shutdownTextOf(shutdown(hex('03 61ff62')))).toBe('a\ufffdb')
  })

  test('belongs to administrative shutdown and reset only', () => {
    const data = shutdownData('hi')
    expect(shutdownTextOf(notification(CEASE.code, CEASE.ADMINISTRATIVE_RESET, data))).toBe('hi')
    expect(shutdownTextOf(notification(CEASE.code, CEASE.CONNECTION_REJECTED, data))).toBeUndefined()
    expect(shutdownTextOf(notification(1, 2, data))).toBeUndefined()
    expect(shutdownTextOf(hardReset(shutdown(data)))).toBe('hi')
  })
})

describe('hard reset', () => {
  test('RFC 8538 §3.1: carries code, subcode and data', () => {
    const wrapped = hardReset(shutdown(shutdownData('hi')))
    expect(wrapped).toEqual(notification(6, 9, hex('06 02 02 6869')))
    expect(unwrapHardReset(wrapped)).toEqual(shutdown(shutdownData('hi')))
  })

  test('that carries nothing, or is none, unwraps to nothing', () => {
    expect(unwrapHardReset(notification(6, 9, hex('06')))).toBeUndefined()
    expect(unwrapHardReset(notification(6, 2, hex('0602')))).toBeUndefined()
  })
})

test.each([
  [notification(HOLD_TIMER_EXPIRED.code), 'Hold Timer Expired'],
  [shutdown(shutdownData('rack 4 moves')), 'Cease/Administrative Shutdown: "rack 4 moves"'],
  [hardReset(shutdown(shutdownData('bye'))), 'Cease/Hard Reset (Cease/Administrative Shutdown: "bye")'],
  [hardReset(hardReset(shutdown(hex('')))), 'Cease/Hard Reset (Cease/Hard Reset (data 0602))'],
  [
    notification(MESSAGE_HEADER_ERROR.code, MESSAGE_HEADER_ERROR.BAD_MESSAGE_LENGTH, hex('0012')),
    'Message Header Error/Bad Message Length (data 0012)'
  ],
  [notification(6, 99), 'Cease/subcode 99'],
  [notification(99, 1), 'code 99/subcode 1'],
  [
    notification(3, 9, new Uint8Array(20)),
    `UPDATE Message Error/Optional Attribute Error (data ${'00'.repeat(16)}…)`
  ]
])('%o is described as %s', (message, text) => {
  expect(describeNotification(message)).toBe(text)
})
