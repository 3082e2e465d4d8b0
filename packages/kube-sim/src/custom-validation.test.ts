import { expect, test } from 'vitest'
import { type Client } from '../test/client.ts'
import { CRDS, crd, GATES, gate, message } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { arrayAt, type Json, type JsonObject, stringAt, valueAt } from './json.ts'

/** A server with the kind Gate, whose spec has one field `x`. */
async function serve(x: JsonObject, more: JsonObject = {}): Promise<Client> {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object', properties: { x }, ...more }))
  return client
}

const KEYED: JsonObject = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: { type: 'object', properties: { name: { type: 'string' } } }
}

test.each<[JsonObject, Json, string, string]>([
  [
    { type: 'integer' },
    'a',
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'
  ],
  [
    { type: 'integer' },
    1.5,
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"'
  ],
  [
    { type: 'string' },
    1,
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "integer": spec.x in body must be of type string: "integer"'
  ],
  [
    { type: 'boolean' },
    'true',
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "string": spec.x in body must be of type boolean: "string"'
  ],
  [
    { type: 'array', items: { type: 'string' } },
    {},
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "object": spec.x in body must be of type array: "object"'
  ],
  [
    { type: 'array', items: { type: 'string' } },
    ['a', 2],
    'FieldValueTypeInvalid',
    'spec.x[1]: Invalid value: "integer": spec.x[1] in body must be of type string: "integer"'
  ],
  [
    { type: 'array', items: { type: 'string' } },
    [null],
    'FieldValueTypeInvalid',
    'spec.x[0]: Invalid value: "null": spec.x[0] in body must be of type string: "null"'
  ],
  [
    { type: 'object', required: ['y'], properties: { y: { type: 'string' } } },
    {},
    'FieldValueRequired',
    'spec.x.y: Required value'
  ],
  [
    { type: 'string', enum: ['a', 'b'] },
    'c',
    'FieldValueNotSupported',
    'spec.x: Unsupported value: "c": supported values: "a", "b"'
  ],
  [
    { type: 'integer', minimum: 3 },
    2,
    'FieldValueInvalid',
    'spec.x: Invalid value: 2: spec.x in body should be greater than or equal to 3'
  ],
  [
    { type: 'integer', minimum: 3, exclusiveMinimum: true },
    3,
    'FieldValueInvalid',
    'spec.x: Invalid value: 3: spec.x in body should be greater than 3'
  ],
  [
    { type: 'integer', maximum: 3 },
    4,
    'FieldValueInvalid',
    'spec.x: Invalid value: 4: spec.x in body should be less than or equal to 3'
  ],
  [
    { type: 'integer', maximum: 3, exclusiveMaximum: true },
    3,
    'FieldValueInvalid',
    'spec.x: Invalid value: 3: spec.x in body should be less than 3'
  ],
  [
    { type: 'integer', multipleOf: 4 },
    6,
    'FieldValueInvalid',
    'spec.x: Invalid value: 6: spec.x in body should be a multiple of 4'
  ],
  [
    { type: 'integer', format: 'int32' },
    2_147_483_648,
    'FieldValueInvalid',
    'spec.x: Invalid value: 2147483648: spec.x in body must be of type int32: 2147483648'
  ],
  [
    { type: 'string', minLength: 2 },
    'a',
    'FieldValueInvalid',
    'spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long'
  ],
  [
    { type: 'string', maxLength: 2 },
    'abc',
    'FieldValueTooLong',
    'spec.x: Too long: may not be more than 2 bytes'
  ],
  [
    { type: 'string', pattern: '^[a-z]+$' },
    'A',
    'FieldValueInvalid',
    'spec.x: Invalid value: "A": spec.x in body should match \'^[a-z]+$\''
  ],
  [
    { type: 'string', format: 'ipv4' },
    '::1',
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "::1": spec.x in body must be of type ipv4: "::1"'
  ],
  [
    { type: 'string', format: 'date-time' },
    'today',
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "today": spec.x in body must be of type date-time: "today"'
  ],
  [
    { type: 'array', minItems: 1, items: { type: 'string' } },
    [],
    'FieldValueInvalid',
    'spec.x: Invalid value: 0: spec.x in body should have at least 1 items'
  ],
  [
    { type: 'array', maxItems: 1, items: { type: 'string' } },
    ['a', 'b'],
    'FieldValueTooMany',
    'spec.x: Too many: 2: must have at most 1 items'
  ],
  [
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ['a', 'a'],
    'FieldValueDuplicate',
    'spec.x[1]: Duplicate value: "a"'
  ],
  [KEYED, [{ name: 'a' }, { name: 'a' }], 'FieldValueDuplicate', 'spec.x[1]: Duplicate value: {"name":"a"}'],
  [
    { type: 'object', additionalProperties: { type: 'integer' } },
    { a: 'b' },
    'FieldValueTypeInvalid',
    'spec.x[a]: Invalid value: "string": spec.x[a] in body must be of type integer: "string"'
  ],
  [
    { type: 'object', maxProperties: 1, additionalProperties: { type: 'integer' } },
    { a: 1, b: 2 },
    'FieldValueTooMany',
    'spec.x: Too many: 2: must have at most 1 items'
  ],
  [
    { 'x-kubernetes-int-or-string': true },
    true,
    'FieldValueTypeInvalid',
    'spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'
  ],
  [
    { type: 'string', not: { enum: ['a'] } },
    'a',
    'FieldValueInvalid',
    'spec.x: Invalid value: "a": spec.x in body must not validate the schema (not)'
  ],
  [
    { type: 'string', oneOf: [{ pattern: '^a' }, { pattern: 'b$' }] },
    'ab',
    'FieldValueInvalid',
    'spec.x: Invalid value: "ab": spec.x in body must validate one and only one schema (oneOf)'
  ],
  [
    { type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] },
    'c',
    'FieldValueInvalid',
    'spec.x: Invalid value: "c": spec.x in body must validate at least one schema (anyOf)'
  ]
])('%j refuses %j', async (schema, value, reason, text) => {
  const client = await serve(schema)
  const { status, body } = await client.post(GATES, gate('g', { x: value }))
  const field = text.slice(0, text.indexOf(': '))
  expect(status).toBe(422)
  expect(message(body)).toMatch(/^Gate\.example\.test "g" is invalid: /)
  expect(message(body)).toContain(text)
  expect(body).toMatchObject({
    reason: 'Invalid',
    details: { name: 'g', group: 'example.test', kind: 'Gate' }
  })
  expect(arrayAt(body, 'details', 'causes')[0]).toEqual({
    reason,
    field,
    message: text.slice(field.length + 2)
  })
})

test.each<[JsonObject, Json]>([
  [{ type: 'number' }, 1],
  [{ type: 'number' }, 1.5],
  [{ type: 'integer', format: 'int32' }, -2_147_483_648],
  [{ type: 'integer', format: 'int64' }, 9_007_199_254_740_991],
  [{ 'x-kubernetes-int-or-string': true }, 80],
  [{ 'x-kubernetes-int-or-string': true }, 'http'],
  [{ type: 'string', nullable: true }, null],
  [{ type: 'string', maxLength: 2 }, 'äö'],
  [{ type: 'string', format: 'cidr' }, '10.0.0.1/8'],
  [{ type: 'string', format: 'unheard-of' }, 'x'],
  [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { any: [{ thing: 1 }] }],
  [{ type: 'object', additionalProperties: { type: 'string' } }, { a: 'b' }],
  [{ type: 'array', items: { type: 'string' } }, ['a', 'a']]
])('%j takes %j as it is', async (schema, value) => {
  const client = await serve(schema)
  const { status, body } = await client.post(GATES, gate('g', { x: value }))
  expect([status, valueAt(body, 'spec', 'x')]).toEqual([201, value])
})

test('all problems are named at once, and rules wait until the shape is right', async () => {
  const rule = { 'x-kubernetes-validations': [{ rule: 'self.x > 100', message: 'too small' }] }
  const client = await serve({ type: 'integer' }, { required: ['y'], ...rule })
  const { body } = await client.post(GATES, gate('g', { x: 'a' }))
  const causes = arrayAt(body, 'details', 'causes').map((cause) => [
    stringAt(cause, 'field'),
    stringAt(cause, 'reason')
  ])
  expect(causes).toEqual([
    ['spec.y', 'FieldValueRequired'],
    ['spec.x', 'FieldValueTypeInvalid'],
    ['<nil>', 'FieldValueInvalid']
  ])
  expect(message(body)).not.toContain('too small')
})

test('an update is judged by what it changes: what was stored before may stay', async () => {
  const { client } = await startSim()
  const properties = { x: { type: 'integer' }, y: { type: 'integer' } }
  await client.post(CRDS, crd({ type: 'object', properties }))
  await client.post(GATES, gate('g', { x: 1, y: 1 }))
  const definition = crd({
    type: 'object',
    properties: { ...properties, x: { type: 'integer', minimum: 10 } }
  })
  await client.patch(`${CRDS}/gates.example.test`, 'merge', { spec: definition['spec'] })
  expect((await client.patch(`${GATES}/g`, 'merge', { spec: { y: 2 } })).status).toBe(200)
  const changed = await client.patch(`${GATES}/g`, 'merge', { spec: { x: 2 } })
  expect(message(changed.body)).toContain('spec.x: Invalid value: 2')
})

test('a patch and a status are validated as a whole object is', async () => {
  const client = await serve({ type: 'integer', maximum: 5 })
  await client.post(GATES, gate('g', { x: 1 }))
  expect(
    (await client.patch(`${GATES}/g`, 'json', [{ op: 'replace', path: '/spec/x', value: 9 }])).status
  ).toBe(422)
  expect((await client.apply(`${GATES}/g?fieldManager=m&force=true`, gate('g', { x: 9 }))).status).toBe(422)
  expect((await client.put(`${GATES}/g`, gate('g', { x: 2 }))).body).toMatchObject({
    reason: 'Invalid',
    details: { causes: [{ field: 'metadata.resourceVersion' }] }
  })
})
