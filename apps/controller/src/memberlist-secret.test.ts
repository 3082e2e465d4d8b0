import type { KubeObject } from '@clarion-lb/kube-sim'
import { NAMESPACE, pool, TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ControllerBench } from '../test/controller-bench.ts'
import { ensureMemberlistSecret } from './memberlist-secret.ts'

const SECRET: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'memberlist', namespace: NAMESPACE }
}
const DEPLOYMENT: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'controller', namespace: NAMESPACE },
  spec: { selector: { matchLabels: { a: 'b' } }, template: {} }
}

async function ensure(cluster: TestCluster, deployment = ''): Promise<boolean> {
  return ensureMemberlistSecret({
    client: await cluster.client(),
    namespace: NAMESPACE,
    name: 'memberlist',
    deployment,
    signal: new AbortController().signal
  })
}

/** The key as a speaker of MetalLB reads it. */
function keyIn(cluster: TestCluster): string {
  const encoded = /"secretkey":"([^"]+)"/.exec(JSON.stringify(cluster.get(SECRET)['data']))?.[1] ?? ''
  return Buffer.from(encoded, 'base64').toString()
}

describe('ensureMemberlistSecret', () => {
  test('makes a key of 16 random bytes, base64 without padding, and another one each time', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    expect(await ensure(cluster)).toBe(true)
    const key = keyIn(cluster)
    expect(key).toMatch(/^[A-Za-z0-9+/]{22}$/)
    expect(cluster.get(SECRET)).toMatchObject({ type: 'Opaque' })
    cluster.remove(SECRET)
    expect(await ensure(cluster)).toBe(true)
    expect(keyIn(cluster)).not.toBe(key)
  })

  test('leaves one alone that is there', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    cluster.put({ ...SECRET, data: { secretkey: 'AAAA' } })
    expect(await ensure(cluster, 'absent')).toBe(false)
    expect(cluster.writes('secrets')).toEqual([])
  })

  test('it belongs to the Deployment', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    cluster.put(DEPLOYMENT)
    expect(await ensure(cluster, 'controller')).toBe(true)
    const { uid } = cluster.get(DEPLOYMENT).metadata
    expect(cluster.get(SECRET).metadata.ownerReferences).toMatchObject([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'controller', uid }
    ])
  })

  test('without that Deployment it fails, and nothing is made', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    await expect(ensure(cluster, 'absent')).rejects.toMatchObject({ status: 404 })
    expect(cluster.find(SECRET)).toBeUndefined()
  })

  test('another controller that was faster is no failure', async () => {
    const cluster = await TestCluster.start({ crds: [] })
    cluster.sim.faults.add({
      match: { resource: 'secrets', verbs: ['create'] },
      action: { type: 'status', code: 409 }
    })
    expect(await ensure(cluster)).toBe(false)
  })
})

test('the leader makes it, if its name is given', async () => {
  const cluster = await TestCluster.start()
  cluster.put(pool('main', ['192.0.2.0/28']))
  const controller = await ControllerBench.lead(cluster)
  expect(cluster.find(SECRET)).toBeUndefined()
  await controller.stop()
  await ControllerBench.lead(cluster, { argv: ['--ml-secret-name=memberlist'] })
  expect(keyIn(cluster)).toHaveLength(22)
})
