import { SERVICES } from '@clarion-lb/k8s-watch'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { TestCluster } from '../test/test-cluster.ts'
import { registerAccessMetrics } from './access-metrics.ts'

const NAME = 'clarion_k8s_client_right_missing_bool'
const KEY = { namespace: 'default', name: 'web' }
const SERVICE = { metadata: KEY, spec: { ports: [{ port: 80 }] } }

test('a right that is missing is told with its resource and verb, and that it is there again', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const client = await cluster.client()
  const registry = new Registry()
  registerAccessMetrics(registry, client)
  const series = async (): Promise<unknown> =>
    (await registry.getMetricsAsJSON()).flatMap(({ values }) =>
      values.map(({ labels, value }) => ({ ...labels, value }))
    )
  const service = await client.create(SERVICES, SERVICE)
  expect(await series()).toEqual([])
  const match = { verbs: ['update'], resource: 'services', subresource: 'status' } as const
  cluster.sim.faults.add({ match, action: { type: 'status', code: 403 }, times: 1 })
  await expect(client.updateStatus(SERVICES, service)).rejects.toMatchObject({ status: 403 })
  await client.get(SERVICES, KEY)
  expect(await series()).toEqual([{ resource: 'services/status', verb: 'update', value: 1 }])
  await client.updateStatus(SERVICES, service)
  expect(await series()).toEqual([{ resource: 'services/status', verb: 'update', value: 0 }])
  expect(await registry.metrics()).toContain(`${NAME}{resource="services/status",verb="update"} 0`)
})
