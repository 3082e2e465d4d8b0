import { expect, test } from 'vitest'
import { type Answer, type Client } from '../test/client.ts'
import {
  CONFIG_MAPS,
  CRDS,
  configMap,
  crd,
  GATES,
  gate,
  message,
  SERVICES,
  service
} from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { arrayAt, type Json, objectAt, stringAt, valueAt, without } from './json.ts'

function applyMap(
  client: Client,
  manager: string,
  data: Readonly<Record<string, string>>,
  force = false
): Promise<Answer> {
  return client.apply(
    `${CONFIG_MAPS}/a?fieldManager=${manager}${force ? '&force=true' : ''}`,
    configMap('a', data)
  )
}

function managers(object: Json): readonly Json[] {
  return arrayAt(object, 'metadata', 'managedFields').map((entry) =>
    [stringAt(entry, 'manager') ?? '', stringAt(entry, 'operation') ?? ''].join(' ')
  )
}

test('the first apply creates the object, the second changes it', async () => {
  const { client } = await startSim()
  expect((await applyMap(client, 'one', { x: '1' })).status).toBe(201)
  const second = await applyMap(client, 'one', { x: '2' })
  expect(second).toMatchObject({ status: 200, body: { data: { x: '2' } } })
  expect(managers(second.body)).toEqual(['one Apply'])
})

test('managedFields name each field under its manager', async () => {
  const { client } = await startSim()
  await applyMap(client, 'one', { x: '1' })
  const { body } = await applyMap(client, 'two', { y: '1' })
  const fields = arrayAt(body, 'metadata', 'managedFields').map((entry) => objectAt(entry, 'fieldsV1'))
  expect(fields).toHaveLength(2)
  expect(fields).toContainEqual({ 'f:data': { 'f:x': {} } })
  expect(fields).toContainEqual({ 'f:data': { 'f:y': {} } })
})

test('what a manager no longer applies is removed, what others own stays', async () => {
  const { client } = await startSim()
  await applyMap(client, 'one', { x: '1', shared: 's' })
  await applyMap(client, 'two', { y: '1', shared: 's' })
  const { body } = await applyMap(client, 'one', {})
  expect(objectAt(body, 'data')).toEqual({ y: '1', shared: 's' })
})

test('applying over a field of another manager is a conflict that names both', async () => {
  const { client } = await startSim()
  await applyMap(client, 'one', { x: '1' })
  const refused = await applyMap(client, 'two', { x: '2' })
  expect(refused).toMatchObject({
    status: 409,
    body: { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.x' }] } }
  })
  expect(message(refused.body)).toBe('Apply failed with 1 conflict: conflict with "one": .data.x')
  expect((await client.get(`${CONFIG_MAPS}/a`)).body).toMatchObject({ data: { x: '1' } })
})

test('force takes the field over', async () => {
  const { client } = await startSim()
  await applyMap(client, 'one', { x: '1', y: '1' })
  const forced = await applyMap(client, 'two', { x: '2' }, true)
  expect(forced).toMatchObject({ status: 200, body: { data: { x: '2', y: '1' } } })
  const again = await applyMap(client, 'one', { x: '1', y: '1' })
  expect(message(again.body)).toBe('Apply failed with 1 conflict: conflict with "two": .data.x')
})

test('an update takes fields from those who applied them', async () => {
  const { client } = await startSim()
  await applyMap(client, 'one', { x: '1' })
  await client.send('PUT', `${CONFIG_MAPS}/a?fieldManager=editor`, { body: configMap('a', { x: '5' }) })
  const refused = await applyMap(client, 'one', { x: '1' })
  expect(message(refused.body)).toBe('Apply failed with 1 conflict: conflict with "editor" using v1: .data.x')
})

test('applying the same again changes nothing, not even the resourceVersion', async () => {
  const { client } = await startSim()
  const first = await applyMap(client, 'one', { x: '1' })
  expect((await applyMap(client, 'one', { x: '1' })).body).toEqual(first.body)
})

test('apply needs a field manager and no managedFields', async () => {
  const { client } = await startSim()
  expect((await client.apply(`${CONFIG_MAPS}/a`, configMap('a'))).status).toBe(422)
  const given = configMap('a', {}, { managedFields: [{ manager: 'x' }] })
  expect((await client.apply(`${CONFIG_MAPS}/a?fieldManager=one`, given)).status).toBe(400)
})

test('two managers own items of one keyed list', async () => {
  const { client } = await startSim()
  const path = `${SERVICES}/s?fieldManager=`
  await client.apply(`${path}one`, service('s', { ports: [{ name: 'http', port: 80 }] }))
  const both = await client.apply(`${path}two`, service('s', { ports: [{ name: 'https', port: 443 }] }))
  expect(arrayAt(both.body, 'spec', 'ports').map((port) => valueAt(port, 'port'))).toEqual([80, 443])
  const one = await client.apply(`${path}one`, service('s', { ports: [] }))
  expect(arrayAt(one.body, 'spec', 'ports').map((port) => valueAt(port, 'port'))).toEqual([443])
})

test('the keys of a list of a custom resource decide how it merges', async () => {
  const { client } = await startSim()
  const rules = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, cost: { type: 'integer' } }
    }
  }
  const tags = { type: 'array', items: { type: 'string' } }
  await client.post(CRDS, crd({ type: 'object', properties: { rules, tags } }))
  const apply = (manager: string, spec: Json): Promise<Answer> =>
    client.apply(`${GATES}/g?fieldManager=${manager}&force=true`, gate('g', spec))
  await apply('one', { rules: [{ name: 'a', cost: 1 }], tags: ['x'] })
  const { body } = await apply('two', { rules: [{ name: 'b', cost: 2 }], tags: ['y'] })
  expect(objectAt(body, 'spec')).toEqual({
    rules: [
      { name: 'a', cost: 1 },
      { name: 'b', cost: 2 }
    ],
    tags: ['y']
  })
})

test('a field that the schema does not know cannot be applied', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object', properties: { width: { type: 'integer' } } }))
  const refused = await client.apply(`${GATES}/g?fieldManager=one`, gate('g', { width: 1, colour: 'red' }))
  expect(refused.status).toBe(500)
  expect(message(refused.body)).toContain('.spec.colour: field not declared in schema')
})

test('the status is applied through its sub-resource only', async () => {
  const { client } = await startSim()
  await client.post(SERVICES, service('s', { type: 'LoadBalancer' }))
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
  const body = { ...without(service('s'), 'spec'), status }
  const applied = await client.apply(`${SERVICES}/s/status?fieldManager=one`, body)
  expect(applied).toMatchObject({
    status: 200,
    body: {
      spec: { type: 'LoadBalancer' },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } }
    }
  })
  expect(
    arrayAt(applied.body, 'metadata', 'managedFields').map((entry) => stringAt(entry, 'subresource'))
  ).toContain('status')
})
