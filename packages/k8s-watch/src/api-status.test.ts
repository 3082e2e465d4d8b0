import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiErrorOf, apiErrorOfWatch, parseRetryAfter } from './api-status.ts'

describe('parseRetryAfter', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 0) }))
  afterEach(() => void vi.useRealTimers())

  test.each([
    [undefined, undefined],
    ['3', 3000],
    ['0', 0],
    ['86400', 120_000],
    ['Thu, 01 Jan 2026 12:00:05 GMT', 5000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['soon', undefined]
  ])('%s means %s ms: seconds or a date, never negative, never longer than two minutes', (header, ms) => {
    expect(parseRetryAfter(header)).toBe(ms)
  })
})

describe('errors of the API server', () => {
  test('a Status object says what is wrong', () => {
    const status = {
      kind: 'Status',
      reason: 'TooManyRequests',
      message: 'slow down',
      details: { retryAfterSeconds: 2 }
    }
    const error = apiErrorOf({ status: 429, headers: {}, text: JSON.stringify(status) }, 'GET x')
    expect(error).toMatchObject({ status: 429, reason: 'TooManyRequests', retryAfterMs: 2000 })
    expect(error.message).toBe('GET x: 429 TooManyRequests: slow down')
  })

  test('what a proxy sends instead is kept in short, and its status names the reason', () => {
    const text = `<html>${'x'.repeat(1000)}`
    const error = apiErrorOf({ status: 502, headers: {}, text }, 'GET x')
    expect([error.reason, error.serverMessage.length]).toEqual(['BadGateway', 200])
  })

  test.each([
    [
      { code: 410, reason: 'Expired', message: 'too old' },
      { status: 410, reason: 'Expired' }
    ],
    ['nonsense', { status: 500, reason: 'InternalServerError' }]
  ])('an ERROR event %o ends a watch as %o', (object, facts) => {
    expect(apiErrorOfWatch(object, 'WATCH x')).toMatchObject(facts)
  })
})
