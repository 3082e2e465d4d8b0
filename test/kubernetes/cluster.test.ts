import { LEASES, NODES, type V1Node } from '@clarion-lb/k8s-watch'
import { CLUSTER_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClusterFixture } from './cluster-fixture.ts'
import { until } from './control-plane-fixture.ts'
import { skipReason } from './requirements.ts'

const CLIENT_ADDRESS = '192.168.100.100'
const reason = await skipReason(CLUSTER_PROGRAMS)

describe.skipIf(reason !== undefined)('clarion on three real nodes', () => {
  let fixture: ClusterFixture

  beforeAll(async () => {
    fixture = await ClusterFixture.start('nftables')
    await fixture.install()
    await fixture.deploy('web', 2)
  })
  afterAll(async () => fixture?.stop())

  test('every node is Ready, with an address of each family', async () => {
    const { items } = await (await fixture.api.client()).list(NODES)
    const addresses = items.map(({ status }) =>
      (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
    )
    expect(addresses).toEqual(fixture.cluster.nodeNames.map((name) => fixture.cluster.addressesOf(name)))
  })

  test('a host on the segment reaches real pods through each address of a Service', async () => {
    const addresses = await fixture.addressesOf('web')
    expect(addresses).toHaveLength(2)
    for (const address of addresses) expect((await fixture.reach(address)).pod).toMatch(/^web-/)
  })

  test('every pod of a Service with policy Cluster is reached', async () => {
    const [address = ''] = await fixture.addressesOf('web')
    const first = await fixture.reach(address)
    const second = await fixture.reach(address, ({ pod }) => pod !== first.pod)
    expect(second.node).not.toBe(first.node)
  })

  test('with policy Local a node that has a pod answers, and the pod sees the client', async () => {
    const [address = ''] = await fixture.addressesOf('web-local')
    const { node, client } = await fixture.reach(address)
    expect(client).toContain(CLIENT_ADDRESS)
    expect(await fixture.answeringNode(address)).toBe(node)
  })

  test('when the node that answers loses its power, another one takes over, and pods are still reached', async () => {
    const [address = ''] = await fixture.addressesOf('web')
    await fixture.reach(address)
    const before = (await fixture.answeringNode(address)) ?? ''
    await fixture.cluster.crashNode(before)
    await until('another node answers', async () => {
      await fixture.reach(address)
      const now = await fixture.answeringNode(address)
      return now !== undefined && now !== before ? true : undefined
    })
    await fixture.cluster.startNode(before)
    expect(await fixture.cluster.waitForPods('default', 'app=web', 2)).toHaveLength(2)
  })

  test('a node whose cable is out has its link to the API server still', async () => {
    const [name = ''] = fixture.cluster.nodeNames
    await fixture.cluster.pullCable(name)
    const client = await fixture.api.client()
    const renewed = async (): Promise<string> => {
      const lease = await client.get(LEASES, { namespace: 'kube-node-lease', name })
      return String(lease.spec?.renewTime)
    }
    const before = await renewed()
    await until('its kubelet tells the API server that it lives', async () =>
      (await renewed()) === before ? undefined : true
    )
    expect(isReady(await client.get(NODES, { namespace: '', name }))).toBe(true)
    await fixture.cluster.plugCable(name)
  })
})

function isReady({ status }: V1Node): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
}
