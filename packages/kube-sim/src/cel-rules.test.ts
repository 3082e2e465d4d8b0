import { expect, test } from 'vitest'
import { CRDS, crd, GATES, gate, message } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { evaluateRules } from './cel-rules.ts'
import { arrayAt, type Json, type JsonObject } from './json.ts'

function ruled(schema: JsonObject, ...rules: readonly JsonObject[]): JsonObject {
  return { ...schema, 'x-kubernetes-validations': rules }
}

function messages(value: Json, schema: JsonObject, old?: Json): readonly string[] {
  return evaluateRules(value, { path: 'spec', schema, old }).map(
    (problem) => `${problem.field}: ${problem.message}`
  )
}

const INTEGER: JsonObject = { type: 'integer' }
const STRING: JsonObject = { type: 'string' }
const NUMBERS: JsonObject = { type: 'array', items: INTEGER }
const STRINGS: JsonObject = { type: 'array', items: STRING }
const PAIR: JsonObject = { type: 'object', properties: { low: INTEGER, high: INTEGER, name: STRING } }
const MAP: JsonObject = { type: 'object', additionalProperties: INTEGER }

test.each<[string, JsonObject, Json, Json]>([
  ['self > 3', INTEGER, 4, 3],
  ['self % 2 == 0', INTEGER, 4, 3],
  ['self == 1.5 || self == 2.0', { type: 'number' }, 2, 1],
  ['self.startsWith("a") && size(self) <= 3', STRING, 'abc', 'bcd'],
  ['self.matches("^[a-z]+$")', STRING, 'a', 'A'],
  ['self.find("[0-9]+") == "12"', STRING, 'a12b', 'a1b'],
  ['self.split(",").all(part, size(part) > 0)', STRING, 'a,b', 'a,'],
  ['self.lowerAscii() == self', STRING, 'a', 'A'],
  ['duration(self) >= duration("1s")', STRING, '1500ms', '500ms'],
  ['duration(self).getSeconds() <= 10', STRING, '10s', '1m'],
  [
    'timestamp(self) > timestamp("2020-01-01T00:00:00Z")',
    STRING,
    '2021-01-01T00:00:00Z',
    '2019-01-01T00:00:00Z'
  ],
  [
    'self > timestamp("2020-01-01T00:00:00Z")',
    { type: 'string', format: 'date-time' },
    '2021-01-01T00:00:00Z',
    '2019-01-01T00:00:00Z'
  ],
  ['self.low <= self.high', PAIR, { low: 1, high: 2 }, { low: 2, high: 1 }],
  ['!has(self.name) || self.name != ""', PAIR, {}, { name: '' }],
  ['self.?name.orValue("none") == "none"', PAIR, {}, { name: 'a' }],
  ['self.all(item, item > 0)', NUMBERS, [1, 2], [1, 0]],
  ['self.exists_one(item, item == 1)', NUMBERS, [1, 2], [1, 1]],
  ['self.sum() == 3', NUMBERS, [1, 2], [1, 1]],
  ['self.isSorted()', NUMBERS, [1, 2, 2], [2, 1]],
  ['self.max() - self.min() < 5', NUMBERS, [1, 5], [1, 6]],
  ['"a" in self', STRINGS, ['a'], ['b']],
  ['self.indexOf("b") == 1', STRINGS, ['a', 'b'], ['b']],
  ['self.all(key, self[key] > 0)', MAP, { a: 1 }, { a: 0 }],
  ['isIP(self)', STRING, '2001:db8::1', '10.0.0'],
  ['ip(self).family() == 4', STRING, '10.0.0.1', '::1'],
  ['isCIDR(self)', STRING, '10.0.0.0/8', '10.0.0.0'],
  ['cidr("10.0.0.0/8").containsIP(self)', STRING, '10.1.2.3', '11.0.0.1'],
  ['cidr(self).prefixLength() >= 24', STRING, '10.0.0.0/24', '10.0.0.0/23'],
  ['isURL(self)', STRING, 'https://example.test/', 'not a url'],
  ['type(self) == string ? self == "all" : self <= 100', { 'x-kubernetes-int-or-string': true }, 'all', 200]
])('%s', (rule, schema, good, bad) => {
  const shape = ruled(schema, { rule, message: 'no' })
  expect(messages(good, shape)).toEqual([])
  expect(messages(bad, shape)).toEqual([expect.stringMatching(/^spec: Invalid value: ".*": no$/)])
})

test('without a message the rule itself is shown', () => {
  expect(messages(1, ruled(INTEGER, { rule: 'self > 3' }))).toEqual([
    'spec: Invalid value: "integer": failed rule: self > 3'
  ])
})

test('a message can be computed', () => {
  const rule = {
    rule: 'self.low <= self.high',
    message: 'plain',
    messageExpression: '"low is " + string(self.low)'
  }
  expect(messages({ low: 3, high: 1 }, ruled(PAIR, rule))).toEqual([
    'spec: Invalid value: "object": low is 3'
  ])
})

test('a message that cannot be computed falls back to the plain one', () => {
  const rule = { rule: 'has(self.low)', message: 'plain', messageExpression: 'string(self.low)' }
  expect(messages({}, ruled(PAIR, rule))).toEqual(['spec: Invalid value: "object": plain'])
})

test('reason and fieldPath say where and why', () => {
  const required = {
    rule: 'has(self.name)',
    message: 'give it a name',
    reason: 'FieldValueRequired',
    fieldPath: '.name'
  }
  expect(evaluateRules({}, { path: 'spec', schema: ruled(PAIR, required), old: undefined })).toEqual([
    { type: 'FieldValueRequired', field: 'spec.name', message: 'Required value: give it a name' }
  ])
})

test('an expression that fails refuses the value', () => {
  expect(messages({}, ruled(PAIR, { rule: 'self.low > 0', message: 'low' }))[0]).toMatch(
    /^spec: Invalid value: "object": .+ evaluating rule: low$/
  )
})

test('rules are evaluated where they stand: in fields, in items, in values', () => {
  const positive = ruled(INTEGER, { rule: 'self > 0', message: 'no' })
  const schema: JsonObject = {
    type: 'object',
    properties: {
      field: positive,
      items: { type: 'array', items: positive },
      map: { type: 'object', additionalProperties: positive }
    }
  }
  expect(messages({ field: 0, items: [1, 0], map: { a: 0 } }, schema)).toEqual([
    'spec.field: Invalid value: "integer": no',
    'spec.items[1]: Invalid value: "integer": no',
    'spec.map[a]: Invalid value: "integer": no'
  ])
})

test('names that CEL cannot write are escaped', () => {
  const schema = { type: 'object', properties: { namespace: STRING, 'a-b': STRING, 'c.d': STRING } }
  const rule = {
    rule: 'self.__namespace__ == "n" && self.a__dash__b == "x" && self.c__dot__d == "y"',
    message: 'no'
  }
  expect(messages({ namespace: 'n', 'a-b': 'x', 'c.d': 'y' }, ruled(schema, rule))).toEqual([])
})

test('a transition rule is silent at creation and speaks on change', () => {
  const schema = ruled(INTEGER, { rule: 'self >= oldSelf', message: 'must not shrink' })
  expect(messages(1, schema)).toEqual([])
  expect(messages(5, schema, 4)).toEqual([])
  expect(messages(3, schema, 4)).toEqual(['spec: Invalid value: "integer": must not shrink'])
})

test('optionalOldSelf is evaluated at creation, too', () => {
  const schema = ruled(INTEGER, {
    rule: 'oldSelf.hasValue() || self == 0',
    message: 'begin with 0',
    optionalOldSelf: true
  })
  expect(messages(0, schema)).toEqual([])
  expect(messages(7, schema)).toEqual(['spec: Invalid value: "integer": begin with 0'])
  expect(messages(7, schema, 0)).toEqual([])
})

test('old items of a keyed list are found by their keys, those of other lists are not', () => {
  const item = {
    type: 'object',
    properties: { name: STRING, size: ruled(INTEGER, { rule: 'self >= oldSelf', message: 'no' }) }
  }
  const keyed: JsonObject = {
    type: 'array',
    items: item,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name']
  }
  const before = [
    { name: 'a', size: 5 },
    { name: 'b', size: 5 }
  ]
  const after = [
    { name: 'b', size: 4 },
    { name: 'c', size: 1 }
  ]
  expect(messages(after, keyed, before)).toEqual(['spec[0].size: Invalid value: "integer": no'])
  expect(messages(after, { type: 'array', items: item }, before)).toEqual([])
})

test('a value that has not changed is not judged again', () => {
  const schema = ruled(INTEGER, { rule: 'self > 3', message: 'no' })
  expect(messages(1, schema, 1)).toEqual([])
  expect(messages(2, schema, 1)).toHaveLength(1)
})

test('a server enforces rules, and what may not change once set', async () => {
  const { client } = await startSim()
  const fixed = ruled(STRING, { rule: 'self == oldSelf', message: 'fixed' })
  const spec = ruled(
    { type: 'object', properties: { low: INTEGER, high: INTEGER, fixed } },
    { rule: 'self.low <= self.high', message: 'low must not exceed high' }
  )
  await client.post(CRDS, crd(spec))
  const refused = await client.post(GATES, gate('g', { low: 3, high: 2 }))
  expect(refused.status).toBe(422)
  expect(message(refused.body)).toBe(
    'Gate.example.test "g" is invalid: spec: Invalid value: "object": low must not exceed high'
  )
  expect((await client.post(GATES, gate('g', { low: 1, high: 2, fixed: 'a' }))).status).toBe(201)
  const changed = await client.patch(`${GATES}/g`, 'merge', { spec: { fixed: 'b' } })
  expect(arrayAt(changed.body, 'details', 'causes')).toEqual([
    { reason: 'FieldValueInvalid', field: 'spec.fixed', message: 'Invalid value: "string": fixed' }
  ])
})
