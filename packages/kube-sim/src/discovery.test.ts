import { expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, SERVICES, service } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { compareVersions } from './discovery.ts'
import { arrayAt, type Json, objectAt, stringAt, valueAt } from './json.ts'

const NODES = '/api/v1/nodes'

function nameOf(value: Json): string | undefined {
  return stringAt(value, 'name') ?? stringAt(value, 'metadata', 'name')
}

test('discovery names the groups, versions and resources', async () => {
  const { client } = await startSim()
  expect((await client.get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
  expect(arrayAt((await client.get('/apis')).body, 'groups').map(nameOf)).toEqual(
    expect.arrayContaining(['apps', 'discovery.k8s.io', 'coordination.k8s.io', 'apiextensions.k8s.io'])
  )
  const core = await client.get('/api/v1')
  expect(arrayAt(core.body, 'resources').map(nameOf)).toEqual(
    expect.arrayContaining(['services', 'services/status', 'nodes', 'namespaces', 'events'])
  )
  expect((await client.get('/apis/nothing.test')).status).toBe(404)
})

test('aggregated discovery is what newer clients ask for', async () => {
  const { client } = await startSim()
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const answer = await client.get('/apis', { Accept: accept })
  expect(answer.headers['content-type']).toBe(
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  )
  expect(arrayAt(answer.body, 'items').map(nameOf)).toContain('apps')
})

test('versions are preferred as Kubernetes does', () => {
  const versions = ['v1beta1', 'v10', 'foo', 'v2', 'v1alpha1', 'v1', 'v2beta3', 'v11alpha2']
  expect(versions.toSorted(compareVersions)).toEqual([
    'v10',
    'v2',
    'v1',
    'v2beta3',
    'v1beta1',
    'v11alpha2',
    'v1alpha1',
    'foo'
  ])
})

test('health, version and paths that do not exist', async () => {
  const { client } = await startSim()
  for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping'])
    expect((await client.get(path)).body).toBe('ok')
  expect((await client.get('/version')).body).toMatchObject({ major: '1' })
  expect((await client.get('/nowhere')).body).toMatchObject({ kind: 'Status', code: 404 })
  expect((await client.get('/api/v1/unicorns')).body).toMatchObject({
    kind: 'Status',
    code: 404,
    message: 'the server could not find the requested resource'
  })
})

test('objects and lists come as tables or as metadata when asked', async () => {
  const { client } = await startSim({ now: () => Date.parse('2026-01-01T00:00:00Z') })
  await client.post(SERVICES, service('a', { type: 'LoadBalancer' }))
  await client.patch(`${SERVICES}/a/status`, 'merge', {
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
  })
  const table = await client.get(SERVICES, {
    Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  })
  expect(arrayAt(table.body, 'columnDefinitions').map(nameOf)).toEqual([
    'Name',
    'Type',
    'Cluster-IP',
    'External-IP',
    'Port(s)',
    'Age',
    'Selector'
  ])
  expect(valueAt(table.body, 'rows', 0, 'cells')).toEqual([
    'a',
    'LoadBalancer',
    '10.96.0.2',
    '192.0.2.1',
    '80:30000/TCP',
    '0s',
    '<none>'
  ])
  expect(valueAt(table.body, 'rows', 0, 'object')).toMatchObject({
    kind: 'PartialObjectMetadata',
    metadata: { name: 'a' }
  })
  const partial = await client.get(SERVICES, {
    Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
  })
  expect(partial.body).toMatchObject({
    kind: 'PartialObjectMetadataList',
    items: [{ metadata: { name: 'a' } }]
  })
  expect(objectAt(partial.body, 'items', 0, 'spec')).toBeUndefined()
})

test('a node shows its state and its addresses', async () => {
  const { client } = await startSim()
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [{ type: 'InternalIP', address: '192.0.2.7' }]
  }
  const created = await client.post(NODES, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: { unschedulable: true },
    status
  })
  expect(created.body).toMatchObject({ status })
  const { body } = await client.get(NODES, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  expect(valueAt(body, 'rows', 0, 'cells')).toEqual(
    expect.arrayContaining(['n', 'Ready,SchedulingDisabled', '192.0.2.7'])
  )
})

test('Events are one kind in two groups', async () => {
  const { client } = await startSim()
  const regarding = { kind: 'Service', name: 'a', namespace: 'default' }
  await client.post('/apis/events.k8s.io/v1/namespaces/default/events', {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e' },
    note: 'it happened',
    regarding,
    reportingController: 'test'
  })
  const core = await client.get('/api/v1/namespaces/default/events/e')
  expect(core.body).toMatchObject({
    apiVersion: 'v1',
    message: 'it happened',
    involvedObject: regarding,
    reportingComponent: 'test'
  })
  const selected = await client.get('/api/v1/events?fieldSelector=involvedObject.name%3Da')
  expect(arrayAt(selected.body, 'items').map(nameOf)).toEqual(['e'])
})

test('Secrets keep stringData as data', async () => {
  const { client } = await startSim()
  const { body } = await client.post('/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { password: 'open' },
    data: { other: 'eA==' }
  })
  expect(body).toMatchObject({
    type: 'Opaque',
    data: { password: Buffer.from('open').toString('base64'), other: 'eA==' }
  })
  expect(valueAt(body, 'stringData')).toBeUndefined()
})

test('reviews say who asks and that everything is allowed', async () => {
  const { client, sim } = await startSim()
  const token = sim.createToken('system:serviceaccount:metallb-system:speaker')
  const review = await client.post('/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token }
  })
  expect(review.body).toMatchObject({
    status: { authenticated: true, user: { username: 'system:serviceaccount:metallb-system:speaker' } }
  })
  const unknown = await client.post('/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'x' }
  })
  expect(unknown.body).toMatchObject({ status: { authenticated: false } })
  const access = await client.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } }
  })
  expect(access.body).toMatchObject({ status: { allowed: true } })
})

test('a service account gets a token that lets it in', async () => {
  const { client } = await startSim()
  const { body } = await client.post('/api/v1/namespaces/default/serviceaccounts/robot/token', {
    spec: { expirationSeconds: 600 }
  })
  const answer = await client.get(CONFIG_MAPS, {
    Authorization: `Bearer ${stringAt(body, 'status', 'token')}`
  })
  expect(answer.status).toBe(200)
})

test('YAML bodies are read', async () => {
  const { client } = await startSim()
  // JSON is YAML, so the media type alone decides which reader is used.
  const answer = await client.send('POST', CONFIG_MAPS, {
    body: configMap('a'),
    contentType: 'application/yaml'
  })
  expect(answer.status).toBe(201)
})

test('a body above three megabytes is refused with 413', async () => {
  const { client } = await startSim()
  const answer = await client.post(CONFIG_MAPS, configMap('a', { x: 'x'.repeat(3_200_000) }))
  expect(answer).toMatchObject({ status: 413, body: { reason: 'RequestEntityTooLarge' } })
})
