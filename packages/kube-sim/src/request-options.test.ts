import { expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, versionOf } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'

test.each([
  ['limit=x', 400],
  ['resourceVersionMatch=Exact', 422],
  ['resourceVersion=0&resourceVersionMatch=Exact', 422],
  ['resourceVersion=1&resourceVersionMatch=Nearly', 422],
  ['watch=true&sendInitialEvents=true', 422],
  ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 422]
])('a list with %s is refused', async (query, status) => {
  const { client } = await startSim()
  expect((await client.get(`${CONFIG_MAPS}?${query}`)).status).toBe(status)
})

test('items of a built-in kind do not repeat what they are, and a selector leaves their number open', async () => {
  const { client } = await startSim()
  for (const name of ['a', 'b']) await client.post(CONFIG_MAPS, configMap(name, {}, { labels: { x: 'y' } }))
  const { body } = await client.get(`${CONFIG_MAPS}?limit=1&labelSelector=x`)
  expect(body).toMatchObject({ kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }] })
  expect(JSON.stringify(body)).not.toMatch(/"kind":"ConfigMap"|remainingItemCount/)
})

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

test.each([
  [{ leaseDurationSeconds: 0 }, 422],
  [{ leaseTransitions: -1 }, 422],
  [{ renewTime: '2026-01-01T00:00:00Z' }, 400],
  [{ renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 1 }, 201]
])('a Lease of %j is answered with %i', async (spec, status) => {
  const { client } = await startSim()
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec }
  expect((await client.post(LEASES, lease)).status).toBe(status)
})

const EVENTS = '/api/v1/namespaces/default/events'

test.each([
  [{ involvedObject: { kind: 'Node', name: 'n' } }, 201],
  [{ involvedObject: { kind: 'Service', name: 's', namespace: 'default' } }, 201],
  [{ involvedObject: { kind: 'Service', name: 's', namespace: 'elsewhere' } }, 422],
  [{ involvedObject: { kind: 'Node', name: 'n' }, eventTime: '2026-01-01T00:00:00.000000Z' }, 422]
])('an Event of %j is answered with %i', async (more, status) => {
  const { client } = await startSim()
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    reason: 'R',
    type: 'Normal',
    ...more
  }
  expect((await client.post(EVENTS, event)).status).toBe(status)
})

test('a continued list names no version of its own', async () => {
  const { client } = await startSim()
  const version = versionOf((await client.post(CONFIG_MAPS, configMap('a'))).body)
  expect((await client.get(`${CONFIG_MAPS}?continue=x&resourceVersion=${version}`)).status).toBe(400)
})
