import { PODS } from '@clarion-lb/k8s-watch'
import { expect, test } from 'vitest'
import { TestCluster } from '../test/test-cluster.ts'
import { findOwnPod, ownedBy } from './own-pod.ts'

const KEY = { namespace: 'default', name: 'speaker-x' } as const
const POD = { metadata: { ...KEY, uid: 'u-1' }, spec: { containers: [] } }

function problems(): { readonly seen: unknown[]; readonly onProblem: (error: unknown) => void } {
  const seen: unknown[] = []
  return { seen, onProblem: (error) => void seen.push(error) }
}

test('an API server that does not know our rights yet is asked again', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const client = await cluster.client()
  await client.create(PODS, POD)
  cluster.sim.faults.add({ action: { type: 'status', code: 403 }, times: 2 })
  const { seen, onProblem } = problems()
  const pod = await findOwnPod(client, { ...KEY, onProblem, retryMs: 5 })
  expect(pod).toMatchObject({ metadata: KEY })
  expect(seen).toMatchObject([{ status: 403 }, { status: 403 }])
})

test('one that is not there is asked until patience ends', async () => {
  const error = new Error('refused')
  const get = (): Promise<never> => Promise.reject(error)
  const { seen, onProblem } = problems()
  await expect(findOwnPod({ get }, { ...KEY, onProblem, patienceMs: 50, retryMs: 5 })).rejects.toBe(error)
  expect(seen.length).toBeGreaterThan(0)
})

test('a pod that does not exist is no matter of patience', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const { seen, onProblem } = problems()
  await expect(findOwnPod(await cluster.client(), { ...KEY, onProblem })).rejects.toMatchObject({
    status: 404
  })
  expect(seen).toEqual([])
})

test('an object goes with the pod; outside of pods nothing is asked and nothing owned', async () => {
  const get = (): Promise<never> => Promise.reject(new Error('nobody may ask'))
  expect(await findOwnPod({ get }, { namespace: 'default', name: '' })).toBeUndefined()
  expect(ownedBy(undefined)).toEqual({})
  expect(ownedBy({ metadata: { name: 'speaker-x', uid: 'u-1' } })).toEqual({
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'speaker-x', uid: 'u-1' }]
  })
})
