import { expect, test } from 'vitest'
import { type Client } from '../test/client.ts'
import { CRDS, crd, GATES, gate, message } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type JsonObject, valueAt } from './json.ts'

/** A server with the kind Gate, whose spec has one field `x`. */
async function serve(x: JsonObject, more: JsonObject = {}): Promise<Client> {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object', properties: { x }, ...more }))
  return client
}

test('defaults are filled in, also inside of lists and of other defaults', async () => {
  const item = {
    type: 'object',
    properties: { protocol: { type: 'string', default: 'TCP' }, port: { type: 'integer' } }
  }
  const nested = { type: 'object', default: {}, properties: { deep: { type: 'integer', default: 5 } } }
  const client = await serve(
    { type: 'array', items: item },
    { properties: { x: { type: 'array', items: item }, nested, plain: { type: 'boolean', default: false } } }
  )
  const { body } = await client.post(GATES, gate('g', { x: [{ port: 1 }, { port: 2, protocol: 'UDP' }] }))
  expect(valueAt(body, 'spec')).toEqual({
    x: [
      { port: 1, protocol: 'TCP' },
      { port: 2, protocol: 'UDP' }
    ],
    nested: { deep: 5 },
    plain: false
  })
})

test('a null where none may be is the default, or nothing', async () => {
  const properties = {
    withDefault: { type: 'string', default: 'd' },
    without: { type: 'string' },
    nullable: { type: 'string', nullable: true }
  }
  const client = await serve({ type: 'string' }, { properties })
  const { body } = await client.post(GATES, gate('g', { withDefault: null, without: null, nullable: null }))
  expect(valueAt(body, 'spec')).toEqual({ withDefault: 'd', nullable: null })
})

test('unknown fields are removed, with a warning for each', async () => {
  const client = await serve({ type: 'object', properties: { known: { type: 'integer' } } })
  const answer = await client.post(GATES, gate('g', { x: { known: 1, other: 2 }, extra: { a: 1 } }))
  expect(valueAt(answer.body, 'spec')).toEqual({ x: { known: 1 } })
  expect(answer.headers['warning']).toBe(
    '299 - "unknown field \\"spec.x.other\\"", 299 - "unknown field \\"spec.extra\\""'
  )
})

test('fieldValidation=Strict refuses unknown fields, Ignore says nothing', async () => {
  const client = await serve({ type: 'integer' })
  const strict = await client.post(`${GATES}?fieldValidation=Strict`, gate('g', { y: 1 }))
  expect([strict.status, message(strict.body)]).toEqual([
    400,
    'Gate in version "v1" cannot be handled as a Gate: strict decoding error: unknown field "spec.y"'
  ])
  const ignored = await client.post(`${GATES}?fieldValidation=Ignore`, gate('g', { y: 1 }))
  expect([ignored.status, ignored.headers['warning'], valueAt(ignored.body, 'spec')]).toEqual([
    201,
    undefined,
    {}
  ])
})
