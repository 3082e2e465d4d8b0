import { LEASES, NODES, type V1Node } from '@clarion-lb/k8s-watch'
import { expect, onTestFinished, test } from 'vitest'
import type { ClusterFixture } from '../cluster-fixture.ts'
import { until } from '../control-plane-fixture.ts'

/** What becomes of addresses when something befalls a node. */
export function testNodes(fixture: () => ClusterFixture): void {
  test('every node is Ready, with an address of each family on the segment', async () => {
    const { items } = await (await fixture().api.client()).list(NODES)
    const addresses = items.map(({ status }) =>
      (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
    )
    const { cluster } = fixture()
    expect(addresses).toEqual(cluster.nodeNames.map((name) => cluster.addressesOf(name)))
  })

  test('when the node that answers loses its power, another one takes over, and pods are still reached', async () => {
    const { cluster } = fixture()
    const [address = ''] = await fixture().addressesOf('web')
    await fixture().reach(address)
    const before = (await fixture().answeringNode(address)) ?? ''
    await cluster.crashNode(before)
    await until('another node answers', async () => {
      await fixture().reach(address)
      const now = await fixture().answeringNode(address)
      return now !== undefined && now !== before ? true : undefined
    })
    await cluster.startNode(before)
    expect(await cluster.waitForPods('default', 'app=web', 2)).toHaveLength(2)
    await fixture().waitForRollouts()
  })

  test('a node whose cable is out has its link to the API server still', async () => {
    const { cluster } = fixture()
    const [name = ''] = cluster.nodeNames
    await cluster.pullCable(name)
    onTestFinished(async () => cluster.plugCable(name))
    const client = await fixture().api.client()
    const renewed = async (): Promise<string> => {
      const lease = await client.get(LEASES, { namespace: 'kube-node-lease', name })
      return String(lease.spec?.renewTime)
    }
    const before = await renewed()
    await until('its kubelet tells the API server that it lives', async () =>
      (await renewed()) === before ? undefined : true
    )
    expect(isReady(await client.get(NODES, { namespace: '', name }))).toBe(true)
  })
}

function isReady({ status }: V1Node): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
}
