import { expect, test } from 'vitest'
import { type Client } from '../test/client.ts'
import { CONFIG_MAPS, configMap, namespace, PODS, pod, SERVICES, service } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type Json, type JsonObject, stringAt } from './json.ts'

async function ownedBy(client: Client, owner: Json, name: string, more: JsonObject = {}): Promise<void> {
  const reference = {
    apiVersion: stringAt(owner, 'apiVersion'),
    kind: stringAt(owner, 'kind'),
    name: stringAt(owner, 'metadata', 'name'),
    uid: stringAt(owner, 'metadata', 'uid')
  }
  await client.post(PODS, pod(name, { ownerReferences: [reference], ...more }))
}

test('an object with finalizers stays until the last one is removed', async () => {
  const { client } = await startSim()
  await client.post(SERVICES, service('a', {}, { finalizers: ['example.test/x', 'example.test/y'] }))
  const watch = await client.watch(`${SERVICES}?watch=true`)
  const deleted = await client.delete(`${SERVICES}/a`)
  expect(deleted).toMatchObject({
    status: 200,
    body: { kind: 'Service' }
  })
  expect(stringAt(deleted.body, 'metadata', 'deletionTimestamp')).toMatch(/Z$/)
  await client.patch(`${SERVICES}/a`, 'merge', { metadata: { finalizers: ['example.test/y'] } })
  expect((await client.get(`${SERVICES}/a`)).status).toBe(200)
  await client.patch(`${SERVICES}/a`, 'merge', { metadata: { finalizers: null } })
  expect((await client.get(`${SERVICES}/a`)).status).toBe(404)
  expect(await watch.take(4)).toEqual(['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a'])
})

test('no finalizer can be added to an object that is being deleted', async () => {
  const { client } = await startSim()
  await client.post(SERVICES, service('a', {}, { finalizers: ['example.test/x'] }))
  await client.delete(`${SERVICES}/a`)
  const refused = await client.patch(`${SERVICES}/a`, 'merge', {
    metadata: { finalizers: ['example.test/x', 'example.test/z'] }
  })
  expect(refused).toMatchObject({
    status: 422,
    body: { details: { causes: [{ field: 'metadata.finalizers' }] } }
  })
})

test('what belongs to a deleted object is deleted with it, and what belongs to that', async () => {
  const { client } = await startSim()
  const owner = (await client.post(CONFIG_MAPS, configMap('owner'))).body
  await ownedBy(client, owner, 'child')
  await ownedBy(client, (await client.get(`${PODS}/child`)).body, 'grandchild')
  await client.delete(`${CONFIG_MAPS}/owner`)
  expect((await client.get(`${PODS}/child`)).status).toBe(404)
  expect((await client.get(`${PODS}/grandchild`)).status).toBe(404)
})

test('an object with two owners loses only the reference when one goes', async () => {
  const { client } = await startSim()
  const one = (await client.post(CONFIG_MAPS, configMap('one'))).body
  const two = (await client.post(CONFIG_MAPS, configMap('two'))).body
  const reference = (owner: Json): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: stringAt(owner, 'metadata', 'name'),
    uid: stringAt(owner, 'metadata', 'uid')
  })
  await client.post(PODS, pod('child', { ownerReferences: [reference(one), reference(two)] }))
  await client.delete(`${CONFIG_MAPS}/one`)
  expect((await client.get(`${PODS}/child`)).body).toMatchObject({
    metadata: { ownerReferences: [{ name: 'two' }] }
  })
  await client.delete(`${CONFIG_MAPS}/two`)
  expect((await client.get(`${PODS}/child`)).status).toBe(404)
})

test('Orphan leaves the dependents behind', async () => {
  const { client } = await startSim()
  const owner = (await client.post(CONFIG_MAPS, configMap('owner'))).body
  await ownedBy(client, owner, 'child')
  await client.delete(`${CONFIG_MAPS}/owner?propagationPolicy=Orphan`)
  const child = await client.get(`${PODS}/child`)
  expect(child.status).toBe(200)
  expect(stringAt(child.body, 'metadata', 'ownerReferences', 0, 'name')).toBeUndefined()
})

test('a namespace takes its content along', async () => {
  const { client } = await startSim()
  await client.post('/api/v1/namespaces', namespace('other'))
  await client.post('/api/v1/namespaces/other/configmaps', configMap('a'))
  await client.delete('/api/v1/namespaces/other')
  expect((await client.get('/api/v1/namespaces/other/configmaps/a')).status).toBe(404)
  expect((await client.get('/api/v1/namespaces/other')).status).toBe(404)
})

test('a namespace waits for finalizers in it, and takes nothing new meanwhile', async () => {
  const { client } = await startSim()
  const maps = '/api/v1/namespaces/other/configmaps'
  await client.post('/api/v1/namespaces', namespace('other'))
  await client.post(maps, configMap('a', {}, { finalizers: ['example.test/x'] }))
  await client.delete('/api/v1/namespaces/other')
  expect((await client.get('/api/v1/namespaces/other')).body).toMatchObject({
    status: { phase: 'Terminating' }
  })
  expect(await client.post(maps, configMap('b'))).toMatchObject({
    status: 403,
    body: { details: { causes: [{ reason: 'NamespaceTerminating' }] } }
  })
  await client.patch(`${maps}/a`, 'merge', { metadata: { finalizers: null } })
  expect((await client.get('/api/v1/namespaces/other')).status).toBe(404)
})

test('the namespaces of the cluster itself cannot be deleted', async () => {
  const { client } = await startSim()
  expect(await client.delete('/api/v1/namespaces/default')).toMatchObject({
    status: 403,
    body: { reason: 'Forbidden' }
  })
})
