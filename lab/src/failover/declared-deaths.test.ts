import { expect, test } from 'vitest'
import { deathsIn, falseOf } from './declared-deaths.ts'

const LINE = '{"level":"warn","node":"node-2","accusers":["node-1","node-3"],"msg":"node declared dead"}'

test('verdicts are read from the log, whatever else is in it', () => {
  expect(deathsIn('node-1', `{"msg":"announcing"}\nnonsense\n${LINE}\n`)).toEqual([
    { by: 'node-1', node: 'node-2', line: LINE }
  ])
})

test.each([
  ['nobody', [0, 1, 2]],
  ['victim', [2]],
  ['everybody', []]
] as const)('where %s may die, these are false: %j', (mayDie, wrong) => {
  const deaths = [
    { by: 'node-1', node: 'node-2', line: '' },
    { by: 'node-2', node: 'node-1', line: '' },
    { by: 'node-1', node: 'node-3', line: '' }
  ]
  expect(falseOf(deaths, { mayDie }, 'node-2')).toEqual(wrong.map((i) => deaths[i]))
})
