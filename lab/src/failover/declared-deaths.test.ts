import { expect, test } from 'vitest'
import { countFalse, deathsIn } from './declared-deaths.ts'

const LINE = '{"level":"warn","node":"node-2","accusers":["node-1","node-3"],"msg":"node declared dead"}'

test('verdicts are read from the log, whatever else is in it', () => {
  expect(deathsIn('node-1', `{"msg":"announcing"}\nnonsense\n${LINE}\n`)).toEqual([
    { by: 'node-1', node: 'node-2' }
  ])
})

test.each([
  ['nobody', 3],
  ['victim', 1],
  ['everybody', 0]
] as const)('where %s may die, so many are false: %d', (mayDie, wrong) => {
  const deaths = [
    { by: 'node-1', node: 'node-2' },
    { by: 'node-2', node: 'node-1' },
    { by: 'node-1', node: 'node-3' }
  ]
  expect(countFalse(deaths, { mayDie }, 'node-2')).toBe(wrong)
})
