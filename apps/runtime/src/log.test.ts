import { expect, test } from 'vitest'
import { createLog, describeError } from './log.ts'

test.each([
  ['all', 'trace'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['none', 'silent']
])('level %s of MetalLB is %s', (level, wanted) => {
  expect(createLog(level).level).toBe(wanted)
})

test('an error is told with all that it was caused by', () => {
  const error = new Error('not read', { cause: new Error('refused', { cause: 'EPERM' }) })
  expect(describeError(error)).toBe('not read: refused: EPERM')
  expect(describeError('text')).toBe('text')
})
