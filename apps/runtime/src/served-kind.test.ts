import { expect, test } from 'vitest'
import { TestCluster } from '../test/test-cluster.ts'
import { IP_ADDRESS_POOLS } from './metallb-resources.ts'
import { isCreatable } from './served-kind.ts'

test('a kind is creatable while it is defined', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const client = await cluster.client()
  expect(await isCreatable(client, IP_ADDRESS_POOLS)).toBe(false)
  cluster.putCrd('ipaddresspools.metallb.io')
  expect(await isCreatable(client, IP_ADDRESS_POOLS)).toBe(true)
  cluster.removeCrd('ipaddresspools.metallb.io')
  cluster.putCrd('l2advertisements.metallb.io')
  expect(await isCreatable(client, IP_ADDRESS_POOLS)).toBe(false)
})

test('while its definition is being deleted it is not', async () => {
  // What discovery of Kubernetes says of a kind whose definition has the condition Terminating.
  const verbs = ['delete', 'deletecollection', 'get', 'list', 'watch']
  const getPath = (path: string): Promise<unknown> =>
    Promise.resolve(
      path === '/apis/metallb.io/v1beta1' ? { resources: [{ name: 'ipaddresspools', verbs }] } : {}
    )
  expect(await isCreatable({ getPath }, IP_ADDRESS_POOLS)).toBe(false)
  verbs.push('create')
  expect(await isCreatable({ getPath }, IP_ADDRESS_POOLS)).toBe(true)
})

test('a server that does not tell is an error', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const client = await cluster.client()
  cluster.sim.faults.add({ action: { type: 'status', code: 403 } })
  await expect(isCreatable(client, IP_ADDRESS_POOLS)).rejects.toMatchObject({ status: 403 })
})
