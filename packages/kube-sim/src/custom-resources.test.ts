import { expect, test } from 'vitest'
import { type Client } from '../test/client.ts'
import { CRDS, crd, GATES, gate, message, version } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import {
  arrayAt,
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  stringsAt,
  valueAt
} from './json.ts'

const OPEN: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const CRD = `${CRDS}/gates.example.test`
const TABLE = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

function condition(body: Json, type: string): string | undefined {
  const found = arrayAt(body, 'status', 'conditions').find((it) => stringAt(it, 'type') === type)
  return stringAt(found, 'status')
}

async function resourceNames(client: Client, path: string): Promise<readonly (string | undefined)[]> {
  return arrayAt((await client.get(path)).body, 'resources').map((it) => stringAt(it, 'name'))
}

test('a definition is established at once, with its names accepted and its storage version noted', async () => {
  const { client } = await startSim()
  const { status, body } = await client.post(CRDS, crd(OPEN))
  expect(status).toBe(201)
  expect([condition(body, 'Established'), condition(body, 'NamesAccepted')]).toEqual(['True', 'True'])
  expect(objectAt(body, 'status')).toMatchObject({
    acceptedNames: {
      plural: 'gates',
      singular: 'gate',
      kind: 'Gate',
      listKind: 'GateList',
      shortNames: ['gt']
    },
    storedVersions: ['v1']
  })
  expect(objectAt(body, 'spec', 'conversion')).toEqual({ strategy: 'None' })
})

test('what a definition defines is served, listed and discovered', async () => {
  const { client } = await startSim()
  expect((await client.get(GATES)).status).toBe(404)
  await client.post(CRDS, crd(OPEN))
  expect((await client.post(GATES, gate('g', { any: 1 }))).status).toBe(201)
  expect((await client.get(GATES)).body).toMatchObject({
    kind: 'GateList',
    apiVersion: 'example.test/v1',
    items: [{ spec: { any: 1 } }]
  })
  expect((await client.get('/apis/example.test/v1')).body).toMatchObject({
    resources: [{ name: 'gates', singularName: 'gate', namespaced: true, kind: 'Gate', shortNames: ['gt'] }]
  })
  const groups = arrayAt((await client.get('/apis')).body, 'groups').map((group) => stringAt(group, 'name'))
  expect(groups).toContain('example.test')
})

test('a cluster-wide kind has no namespaces', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN, { scope: 'Cluster' }))
  expect((await client.post('/apis/example.test/v1/gates', gate('g'))).status).toBe(201)
  expect((await client.get(GATES)).status).toBe(404)
})

test('OpenAPI follows the definition', async () => {
  const { client } = await startSim()
  const link = async (): Promise<string | undefined> =>
    stringAt((await client.get('/openapi/v3')).body, 'paths', 'apis/example.test/v1', 'serverRelativeURL')
  expect(await link()).toBeUndefined()
  await client.post(
    CRDS,
    crd({ type: 'object', properties: { width: { type: 'integer', description: 'In metres.' } } })
  )
  const first = await link()
  const schemas = objectAt((await client.get(first ?? '')).body, 'components', 'schemas')
  expect(
    valueAt(schemas, 'test.example.v1.Gate', 'properties', 'spec', 'properties', 'width', 'description')
  ).toBe('In metres.')
  await client.patch(CRD, 'merge', { spec: { versions: [version('v1', OPEN, { storage: true })] } })
  expect(await link()).not.toBe(first)
})

test('every served version shows every object, under its own apiVersion', async () => {
  const { client } = await startSim()
  const versions = [
    version('v1beta1', OPEN, { deprecated: true, deprecationWarning: 'use v1' }),
    version('v1', OPEN, { storage: true }),
    version('v0', OPEN, { served: false })
  ]
  await client.post(
    CRDS,
    crd(OPEN, {
      versions,
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'] } }
    })
  )
  await client.post(GATES, gate('g', { a: 1 }))
  const old = await client.get('/apis/example.test/v1beta1/namespaces/default/gates/g')
  expect(old).toMatchObject({
    body: { apiVersion: 'example.test/v1beta1', spec: { a: 1 } },
    headers: { warning: '299 - "use v1"' }
  })
  expect((await client.get('/apis/example.test/v0/namespaces/default/gates')).status).toBe(404)
  expect((await client.get('/apis/example.test')).body).toMatchObject({ preferredVersion: { version: 'v1' } })
  const watch = await client.watch('/apis/example.test/v1beta1/gates?watch=true')
  expect((await watch.next())?.object).toMatchObject({ apiVersion: 'example.test/v1beta1' })
})

test('an update of a definition adds and removes versions, and keeps the objects', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  await client.post(GATES, gate('g', { a: 1 }))
  const versions = [version('v1', OPEN, { served: false }), version('v2', OPEN, { storage: true })]
  const { body } = await client.patch(CRD, 'merge', { spec: { versions } })
  expect(stringsAt(body, 'status', 'storedVersions')).toEqual(['v1', 'v2'])
  expect((await client.get(GATES)).status).toBe(404)
  expect((await client.get('/apis/example.test/v2/namespaces/default/gates/g')).body).toMatchObject({
    apiVersion: 'example.test/v2',
    spec: { a: 1 }
  })
})

test('a deleted definition takes its objects along and ends their watches', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  await client.post(GATES, gate('a'))
  await client.post(GATES, gate('b'))
  const watch = await client.watch(`${GATES}?watch=true`)
  expect(await watch.take(2)).toEqual(['ADDED a', 'ADDED b'])
  await client.delete(CRD)
  expect(await watch.rest()).toEqual(['DELETED a', 'DELETED b'])
  expect(watch.isCut).toBe(false)
  expect((await client.get(GATES)).status).toBe(404)
  expect(await resourceNames(client, '/apis/example.test/v1')).toEqual([])
})

test('a definition waits for the finalizers of its objects, and takes no new ones meanwhile', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  await client.post(GATES, gate('a', {}, { finalizers: ['example.test/x'] }))
  await client.delete(CRD)
  const waiting = (await client.get(CRD)).body
  expect(condition(waiting, 'Terminating')).toBe('True')
  expect(stringsAt(waiting, 'metadata', 'finalizers')).toEqual(['customresourcecleanup.apiextensions.k8s.io'])
  expect(await client.post(GATES, gate('b'))).toMatchObject({
    status: 405,
    body: { reason: 'MethodNotAllowed' }
  })
  await client.patch(`${GATES}/a`, 'merge', { metadata: { finalizers: null } })
  expect((await client.get(CRD)).status).toBe(404)
})

test('a definition that comes again begins without objects, and old watches cannot resume', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  const first = stringAt((await client.post(GATES, gate('a'))).body, 'metadata', 'resourceVersion')
  await client.delete(CRD)
  await client.post(CRDS, crd(OPEN))
  expect(arrayAt((await client.get(GATES)).body, 'items')).toEqual([])
  expect((await client.get(`${GATES}?watch=true&resourceVersion=${first}`)).body).toMatchObject({
    type: 'ERROR',
    object: { code: 410, reason: 'Expired' }
  })
})

test('names that another kind of the group has are not accepted, and nothing is served', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  const other = crd(OPEN, { names: { plural: 'doors', kind: 'Gate' } })
  const { body } = await client.post(CRDS, { ...other, metadata: { name: 'doors.example.test' } })
  expect([condition(body, 'NamesAccepted'), condition(body, 'Established')]).toEqual(['False', 'False'])
  expect((await client.get('/apis/example.test/v1/namespaces/default/doors')).status).toBe(404)
})

test('tables have the columns of the definition', async () => {
  const { client } = await startSim({ now: () => Date.parse('2026-01-01T00:00:00Z') })
  const additionalPrinterColumns = [
    { name: 'Tags', type: 'string', jsonPath: '.spec.tags' },
    { name: 'Width', type: 'integer', jsonPath: '.spec.width' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Since', type: 'date', jsonPath: '.spec.since', priority: 1 }
  ]
  await client.post(
    CRDS,
    crd(OPEN, { versions: [version('v1', OPEN, { storage: true, additionalPrinterColumns })] })
  )
  const status = {
    conditions: [
      { type: 'Other', status: 'False' },
      { type: 'Ready', status: 'True' }
    ]
  }
  await client.post(GATES, {
    ...gate('g', { tags: ['x', 'y'], width: 3, since: '2025-12-31T23:59:00Z' }),
    status
  })
  const { body } = await client.get(GATES, TABLE)
  expect(
    arrayAt(body, 'columnDefinitions').map((it) => [
      stringAt(it, 'name'),
      stringAt(it, 'type'),
      valueAt(it, 'priority')
    ])
  ).toEqual([
    ['Name', 'string', 0],
    ['Tags', 'string', 0],
    ['Width', 'integer', 0],
    ['Ready', 'string', 0],
    ['Since', 'date', 1]
  ])
  expect(valueAt(body, 'rows', 0, 'cells')).toEqual(['g', '["x","y"]', 3, 'True', '60s'])
})

test('selectable fields can be selected by', async () => {
  const { client } = await startSim()
  const schema = { type: 'object', properties: { colour: { type: 'string' } } }
  await client.post(
    CRDS,
    crd(schema, {
      versions: [version('v1', schema, { storage: true, selectableFields: [{ jsonPath: '.spec.colour' }] })]
    })
  )
  await client.post(GATES, gate('a', { colour: 'red' }))
  await client.post(GATES, gate('b', { colour: 'blue' }))
  const { body } = await client.get(`${GATES}?fieldSelector=spec.colour%3Dblue`)
  expect(arrayAt(body, 'items').map((it) => valueAt(it, 'metadata', 'name'))).toEqual(['b'])
})

test.each<[string, JsonObject, string]>([
  [
    'another name',
    { metadata: { name: 'x.example.test' } },
    'metadata.name: Invalid value: "x.example.test": must be spec.names.plural+"."+spec.group'
  ],
  ['no scope', { spec: { scope: undefined } }, 'spec.scope: Required value'],
  [
    'a wrong scope',
    { spec: { scope: 'World' } },
    'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"'
  ],
  [
    'no versions',
    { spec: { versions: [] } },
    'spec.versions: Required value: must have at least one version'
  ],
  [
    'no schema',
    { spec: { versions: [{ name: 'v1', served: true, storage: true }] } },
    'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'
  ],
  [
    'a field without a type',
    { spec: { versions: [version('v1', { description: 'no type' }, { storage: true })] } },
    'spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields'
  ],
  [
    'a rule that cannot be read',
    {
      spec: {
        versions: [
          version(
            'v1',
            { type: 'object', 'x-kubernetes-validations': [{ rule: 'self ===' }] },
            { storage: true }
          )
        ]
      }
    },
    'spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value'
  ]
])('a definition with %s is refused', async (_what, change, expected) => {
  const { client } = await startSim()
  const base = crd(OPEN)
  const spec = { ...objectAt(base, 'spec'), ...(isObject(change['spec']) ? change['spec'] : {}) }
  const answer = await client.post(CRDS, { ...base, ...change, spec })
  expect(answer.status).toBe(422)
  expect(message(answer.body)).toContain(expected)
})

test('group, scope and names of a definition cannot change, stored versions cannot go', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd(OPEN))
  const scope = await client.patch(CRD, 'merge', { spec: { scope: 'Cluster' } })
  expect(message(scope.body)).toContain('spec.scope: Invalid value: "Cluster": field is immutable')
  const gone = await client.patch(CRD, 'merge', {
    spec: { versions: [version('v2', OPEN, { storage: true })] }
  })
  expect(message(gone.body)).toContain(
    'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version'
  )
})
