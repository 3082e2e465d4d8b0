import { expect, test } from 'vitest'
import { keysOf } from './liveness-keys.ts'

const encoded = (octet: number, length = 32): string => Buffer.alloc(length, octet).toString('base64')
const brief = (data: Record<string, string> | undefined): readonly (number | undefined)[] =>
  keysOf(data === undefined ? {} : { data }).map(([first]) => first)

test.each([
  [
    'current seals; all are accepted',
    { previous: encoded(3), next: encoded(2), current: encoded(1) },
    [1, 2, 3]
  ],
  ['only current', { current: encoded(1) }, [1]],
  ['what is too short to be a key is none', { current: encoded(1), next: encoded(2, 15) }, [1]],
  ['without current there is nothing to seal with', { next: encoded(2) }, []],
  ['a current that is too short', { current: encoded(1, 8), next: encoded(2) }, []],
  ['not text of base64', { current: '!!' }, []],
  ['empty, as the manifests make it', undefined, []]
])('%s', (_what, data, expected) => {
  expect(brief(data)).toEqual(expected)
})
