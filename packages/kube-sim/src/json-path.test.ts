import { expect, test } from 'vitest'
import { type Json } from './json.ts'
import { compileJsonPath } from './json-path.ts'

const OBJECT: Json = {
  spec: {
    list: ['a', 'b'],
    'x.y': 1,
    nested: [
      { name: 'one', size: 1 },
      { name: 'two', size: 2 }
    ]
  },
  metadata: { annotations: { 'example.test/a': 'yes' } }
}

test.each<[string, readonly Json[]]>([
  ['.spec.list', [['a', 'b']]],
  ['{.spec.list[0]}', ['a']],
  ['$.spec.list[-1]', ['b']],
  ['.spec.list[7]', []],
  ['.spec.list[*]', ['a', 'b']],
  ['.spec.nested[*].name', ['one', 'two']],
  [".spec['x.y']", [1]],
  ['.spec.x\\.y', [1]],
  ['.metadata.annotations.example\\.test/a', ['yes']],
  ['.spec.nested[?(@.name=="two")].size', [2]],
  ['.spec.nested[?(@.size==1)].name', ['one']],
  ['.spec.nested[?(@.name!="two")].name', ['one']],
  ['.spec.nothing.there', []]
])('%s', (path, expected) => {
  expect(compileJsonPath(path)?.(OBJECT)).toEqual(expected)
})

test.each(['..spec', '.spec[', '.spec[?(@.a>1)]', 'spec'])('%s cannot be read', (path) => {
  expect(compileJsonPath(path)).toBeUndefined()
})
