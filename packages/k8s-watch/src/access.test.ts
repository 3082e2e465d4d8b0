import { describe, expect, test } from 'vitest'
import { SimBench } from '../test/sim-bench.ts'
import { type AccessVerdict, isAllowedBy } from './access.ts'
import { KubeApiError } from './errors.ts'
import { CONFIG_MAPS, LEASES, SERVICES } from './resource.ts'

const KEY = { namespace: 'default', name: 'web' } as const

function refusal(status: number, reason: string, serverMessage: string): KubeApiError {
  return new KubeApiError({ status, reason, serverMessage, subject: 'PUT services default/web status' })
}

describe('what a client tells of its rights', () => {
  test('each answer names verb and resource, whatever else became of the request', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const told: AccessVerdict[] = []
    const end = client.onAccess((verdict) => void told.push(verdict))
    await client.list(LEASES)
    await client.find(CONFIG_MAPS, KEY)
    const action = { type: 'status', code: 403 } as const
    bench.sim.faults.add({ match: { subresource: 'status' }, action, times: 1 })
    const service = await client.create(SERVICES, { metadata: KEY, spec: { ports: [{ port: 80 }] } })
    await expect(client.updateStatus(SERVICES, service)).rejects.toMatchObject({ status: 403 })
    await client.updateStatus(SERVICES, service)
    bench.sim.faults.add({ match: { verbs: ['delete'] }, action: { type: 'status', code: 500 }, times: 1 })
    await expect(client.delete(SERVICES, KEY)).rejects.toMatchObject({ status: 500 })
    end()
    await client.delete(SERVICES, KEY)
    expect(told.map(({ verb, resource, isAllowed }) => `${verb} ${resource} ${isAllowed}`)).toEqual([
      'list leases.coordination.k8s.io true',
      'get configmaps true',
      'create services true',
      'update services/status false',
      'update services/status true'
    ])
  })

  test('a watch tells it when it is accepted, or refused', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const told: AccessVerdict[] = []
    client.onAccess((verdict) => void told.push(verdict))
    const match = { verbs: ['watch' as const] }
    bench.sim.faults.add({ match, action: { type: 'status', code: 403 }, times: 1 })
    await expect(client.watch(CONFIG_MAPS, { onEvent: () => undefined })).rejects.toMatchObject({
      status: 403
    })
    const ending = new AbortController()
    const { signal } = ending
    const watching = client.watch(CONFIG_MAPS, {
      signal,
      onOpen: () => ending.abort(),
      onEvent: () => undefined
    })
    await expect(watching).rejects.toMatchObject({ reason: 'aborted' })
    expect(told).toEqual([
      { verb: 'watch', resource: 'configmaps', isAllowed: false },
      { verb: 'watch', resource: 'configmaps', isAllowed: true }
    ])
  })
})

// Texts of kube-apiserver 1.34.
test.each([
  [
    403,
    'Forbidden',
    'services "web" is forbidden: User "system:serviceaccount:a:b" cannot update resource "services/status" in API group "" in the namespace "default"',
    false
  ],
  [
    403,
    'Forbidden',
    'events "web.1" is forbidden: unable to create new content in namespace gone because it is being terminated',
    true
  ],
  [403, 'Forbidden', 'pods "web" is forbidden: exceeded quota: compute', true],
  [409, 'Conflict', 'the object has been modified', true],
  [401, 'Unauthorized', 'Unauthorized', undefined],
  [429, 'TooManyRequests', 'too many requests', undefined],
  [503, 'ServiceUnavailable', 'apiserver is shutting down', undefined]
])('%i %s: %s', (status, reason, message, isAllowed) => {
  expect(isAllowedBy(refusal(status, reason, message))).toBe(isAllowed)
})
