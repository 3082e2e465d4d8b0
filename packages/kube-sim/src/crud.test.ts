import { expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, message, namespace, versionOf } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { arrayAt, objectAt, stringAt, valueAt } from './json.ts'

test('an object is created, read, replaced and deleted', async () => {
  const { client } = await startSim()
  const created = await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
  expect(created.status).toBe(201)
  expect(objectAt(created.body, 'metadata')).toMatchObject({
    name: 'a',
    namespace: 'default'
  })
  expect(stringAt(created.body, 'metadata', 'uid')).toMatch(/^[0-9a-f-]{36}$/)
  expect(stringAt(created.body, 'metadata', 'creationTimestamp')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(await client.get(`${CONFIG_MAPS}/a`)).toMatchObject({ status: 200, body: created.body })
  const replaced = await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '2' }))
  expect(replaced).toMatchObject({
    status: 200,
    body: { data: { x: '2' }, metadata: { uid: stringAt(created.body, 'metadata', 'uid') } }
  })
  const deleted = await client.delete(`${CONFIG_MAPS}/a`)
  expect(deleted).toMatchObject({
    status: 200,
    body: { kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps' } }
  })
  expect(await client.get(`${CONFIG_MAPS}/a`)).toMatchObject({
    status: 404,
    body: {
      kind: 'Status',
      reason: 'NotFound',
      message: 'configmaps "a" not found',
      code: 404,
      details: { name: 'a', kind: 'configmaps' }
    }
  })
})

test('creating what exists is refused with 409 AlreadyExists', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  expect(await client.post(CONFIG_MAPS, configMap('a'))).toMatchObject({
    status: 409,
    body: { reason: 'AlreadyExists', message: 'configmaps "a" already exists' }
  })
})

test('a write that names an old resourceVersion is refused with 409 Conflict', async () => {
  const { client } = await startSim()
  const first = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '1' }, { resourceVersion: first }))
  const late = await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '2' }, { resourceVersion: first }))
  expect(late).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
  expect(message(late.body)).toBe(
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again'
  )
  expect(await client.get(`${CONFIG_MAPS}/a`)).toMatchObject({ body: { data: { x: '1' } } })
})

test('preconditions of a deletion are kept', async () => {
  const { client } = await startSim()
  const { body } = await client.post(CONFIG_MAPS, configMap('a'))
  const wrong = await client.delete(`${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } })
  expect(wrong).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
  const right = await client.delete(`${CONFIG_MAPS}/a`, {
    preconditions: { uid: stringAt(body, 'metadata', 'uid') ?? '', resourceVersion: versionOf(body) }
  })
  expect(right.status).toBe(200)
})

test('every change has a greater resourceVersion, over all resources', async () => {
  const { client } = await startSim()
  const versions = [
    versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body),
    versionOf((await client.post('/api/v1/namespaces', namespace('other'))).body),
    versionOf((await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '1' }))).body)
  ].map(Number)
  expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right))
  expect(versionOf((await client.get(CONFIG_MAPS)).body)).toBe(String(versions.at(-1)))
})

test('a write that changes nothing keeps the resourceVersion', async () => {
  const { client } = await startSim()
  const { body } = await client.post(CONFIG_MAPS, configMap('a', { x: '1' }))
  expect(versionOf((await client.put(`${CONFIG_MAPS}/a`, configMap('a', { x: '1' }))).body)).toBe(
    versionOf(body)
  )
})

test('generateName gets five characters that no other object has', async () => {
  const { client } = await startSim()
  const given = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'job-' } }
  const names = await Promise.all(
    [1, 2, 3].map(async () => stringAt((await client.post(CONFIG_MAPS, given)).body, 'metadata', 'name'))
  )
  for (const name of names) expect(name).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  expect(new Set(names).size).toBe(3)
})

test('dryRun answers as if, and stores nothing', async () => {
  const { client } = await startSim()
  expect((await client.post(`${CONFIG_MAPS}?dryRun=All`, configMap('a'))).status).toBe(201)
  expect((await client.get(`${CONFIG_MAPS}/a`)).status).toBe(404)
})

test('names are checked as Kubernetes does', async () => {
  const { client } = await startSim()
  const bad = await client.post(CONFIG_MAPS, configMap('Bad_Name'))
  expect(bad).toMatchObject({
    status: 422,
    body: {
      reason: 'Invalid',
      details: { causes: [{ field: 'metadata.name', reason: 'FieldValueInvalid' }] }
    }
  })
  const missing = await client.post(CONFIG_MAPS, configMap(''))
  expect(message(missing.body)).toBe(
    'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
  )
})

test('the body must fit the path', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  expect((await client.put(`${CONFIG_MAPS}/a`, configMap('b'))).status).toBe(400)
  expect((await client.post(CONFIG_MAPS, configMap('a', {}, { namespace: 'kube-system' }))).status).toBe(400)
  expect(
    (await client.post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })).status
  ).toBe(400)
  expect((await client.post('/api/v1/namespaces/nowhere/configmaps', configMap('a'))).status).toBe(404)
})

test('a broken body is refused with 400, one that cannot be read with 415', async () => {
  const { client } = await startSim()
  const broken = await client.send('POST', CONFIG_MAPS, { body: [1, 2] })
  expect(broken).toMatchObject({ status: 400, body: { reason: 'BadRequest' } })
  const contentType = 'application/vnd.kubernetes.protobuf'
  const protobuf = await client.send('POST', CONFIG_MAPS, { body: {}, contentType })
  expect(protobuf).toMatchObject({ status: 415, body: { reason: 'UnsupportedMediaType' } })
})

test('a request without a known token is refused with 401', async () => {
  const { client } = await startSim()
  expect(await client.get(CONFIG_MAPS, { Authorization: 'Bearer wrong' })).toMatchObject({
    status: 401,
    body: { reason: 'Unauthorized' }
  })
})

test('a collection is deleted as far as it is selected', async () => {
  const { client } = await startSim()
  for (const [name, tier] of [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'data']
  ] as const) {
    await client.post(CONFIG_MAPS, configMap(name, {}, { labels: { tier } }))
  }
  const answer = await client.delete(`${CONFIG_MAPS}?labelSelector=tier%3Dweb`)
  expect(answer).toMatchObject({ status: 200, body: { kind: 'ConfigMapList' } })
  const left = arrayAt((await client.get(CONFIG_MAPS)).body, 'items').map((item) =>
    valueAt(item, 'metadata', 'name')
  )
  expect(left).toEqual(['c'])
})
