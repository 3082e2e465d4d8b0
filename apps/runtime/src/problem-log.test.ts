import type { Problem } from '@clarion-lb/config'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createProblemLog } from './problem-log.ts'

function problem(name: string, severity: Problem['severity'] = 'error'): Problem {
  return {
    severity,
    kind: 'BGPPeer',
    namespace: 'n',
    name,
    field: 'spec',
    value: undefined,
    message: 'no',
    remedy: 'yes'
  }
}

test('a problem is logged when it comes up, and again when it comes back', () => {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line) => void lines.push(line) })
  const report = createProblemLog(log)
  const told = (): readonly string[] =>
    lines.splice(0).map((line) => `${/"level":(\d+)/.exec(line)?.[1]} ${/"name":"(\w+)"/.exec(line)?.[1]}`)
  report([problem('a'), problem('b', 'warning')])
  expect(told()).toEqual(['50 a', '40 b'])
  report([problem('a'), problem('b', 'warning'), problem('c')])
  expect(told()).toEqual(['50 c'])
  report([])
  report([problem('a')])
  expect(told()).toEqual(['50 a'])
})
