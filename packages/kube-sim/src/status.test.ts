import { expect, test } from 'vitest'
import {
  CONFIG_MAPS,
  CRDS,
  configMap,
  crd,
  GATES,
  gate,
  SERVICES,
  service,
  version,
  versionOf
} from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type JsonObject, numberAt, objectAt, valueAt } from './json.ts'

const WITH_STATUS: JsonObject = {
  versions: [
    version(
      'v1',
      { type: 'object', properties: { width: { type: 'integer' } } },
      { storage: true, subresources: { status: {} } }
    )
  ]
}

test('a write of the status changes the status only', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object' }, WITH_STATUS))
  await client.post(GATES, gate('g', { width: 1 }))
  const { body } = await client.patch(`${GATES}/g/status`, 'merge', {
    spec: { width: 9 },
    status: { open: true }
  })
  expect(body).toMatchObject({ spec: { width: 1 }, status: { open: true } })
})

test('a write of the object leaves the status alone, also at creation', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object' }, WITH_STATUS))
  const created = await client.post(GATES, { ...gate('g', { width: 1 }), status: { open: true } })
  expect(valueAt(created.body, 'status')).toBeUndefined()
  await client.patch(`${GATES}/g/status`, 'merge', { status: { open: true } })
  const { body } = await client.patch(`${GATES}/g`, 'merge', { spec: { width: 2 }, status: { open: false } })
  expect(body).toMatchObject({ spec: { width: 2 }, status: { open: true } })
})

test('the generation counts changes of what is wanted, not of the status or of labels', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object' }, WITH_STATUS))
  const generation = async (path: string, patch: JsonObject): Promise<number | undefined> =>
    numberAt((await client.patch(path, 'merge', patch)).body, 'metadata', 'generation')
  expect(numberAt((await client.post(GATES, gate('g', { width: 1 }))).body, 'metadata', 'generation')).toBe(1)
  expect(await generation(`${GATES}/g/status`, { status: { open: true } })).toBe(1)
  expect(await generation(`${GATES}/g`, { metadata: { labels: { a: 'b' } } })).toBe(1)
  expect(await generation(`${GATES}/g`, { spec: { width: 2 } })).toBe(2)
})

test('the status of a custom resource is written without its labels, that of a Service with its annotations', async () => {
  const { client } = await startSim()
  await client.post(CRDS, crd({ type: 'object' }, WITH_STATUS))
  await client.post(GATES, gate('g'))
  const metadata = { annotations: { 'example.test/by': 'me' } }
  const custom = await client.patch(`${GATES}/g/status`, 'merge', { metadata, status: { open: true } })
  expect(objectAt(custom.body, 'metadata', 'annotations')).toBeUndefined()
  await client.post(SERVICES, service('s', { type: 'LoadBalancer' }))
  const built = await client.patch(`${SERVICES}/s/status`, 'merge', {
    metadata,
    spec: { type: 'ClusterIP' },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
  })
  expect(built.body).toMatchObject({
    metadata,
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } }
  })
})

test('a status with an old resourceVersion is refused', async () => {
  const { client } = await startSim()
  const { body } = await client.post(SERVICES, service('s', { type: 'LoadBalancer' }))
  await client.patch(`${SERVICES}/s`, 'merge', { metadata: { labels: { a: 'b' } } })
  const late = await client.put(
    `${SERVICES}/s/status`,
    service('s', { type: 'LoadBalancer' }, { resourceVersion: versionOf(body) })
  )
  expect(late.status).toBe(409)
})

test('a kind without a status sub-resource has none', async () => {
  const { client } = await startSim()
  await client.post(CONFIG_MAPS, configMap('a'))
  expect((await client.patch(`${CONFIG_MAPS}/a/status`, 'merge', { status: {} })).status).toBe(404)
})
