import { expect, test } from 'vitest'
import type { ClusterFixture } from '../cluster-fixture.ts'
import { until } from '../control-plane-fixture.ts'

const CLIENT_ADDRESSES = ['192.168.100.100', 'fd00:c1a:100::100'] as const
const HTTP_PORT = 8080
const UDP_PORT = 53
const CONNECTIONS = 8

type ServiceSpec = Readonly<Record<string, unknown>>

/** What everybody expects of a Service of type LoadBalancer. The pods of `app=web` are there, and two Services for them. */
export function testServices(fixture: () => ClusterFixture): void {
  const create = async (name: string, spec: ServiceSpec, annotations = {}): Promise<void> => {
    const metadata = { name, namespace: 'default', annotations }
    const common = { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack', selector: { app: 'web' } }
    await fixture().apply([{ apiVersion: 'v1', kind: 'Service', metadata, spec: { ...common, ...spec } }])
  }

  /**
   * What is seen while one node answers for an address, and which: after a fault it goes back to its node once that has
   * settled.
   */
  const onOneNode = async <T>(
    address: string,
    see: () => Promise<T>
  ): Promise<{ readonly seen: T; readonly answeringNode: string | undefined }> =>
    until(`${address} is seen while it stays on a node`, async () => {
      await fixture().reach(address)
      const answeringNode = await fixture().answeringNode(address)
      const seen = await see()
      return (await fixture().answeringNode(address)) === answeringNode ? { seen, answeringNode } : undefined
    })

  test('a host on the segment reaches real pods through each address of a Service', async () => {
    const addresses = await fixture().addressesOf('web')
    expect(addresses.map((address) => address.includes(':'))).toEqual([false, true])
    for (const address of addresses) expect((await fixture().reach(address)).pod).toMatch(/^web-/)
  })

  test('every pod of a Service with policy Cluster is reached, through each address', async () => {
    for (const address of await fixture().addressesOf('web')) {
      const first = await fixture().reach(address)
      const second = await fixture().reach(address, ({ pod }) => pod !== first.pod)
      expect(second.node).not.toBe(first.node)
    }
  })

  test('with policy Local a node that has a pod answers, and the pod sees the client', async () => {
    const addresses = await fixture().addressesOf('web-local')
    for (const [family, address] of addresses.entries()) {
      const { seen, answeringNode } = await onOneNode(address, async () => fixture().reach(address))
      expect(seen.client).toContain(CLIENT_ADDRESSES[family])
      expect(answeringNode).toBe(seen.node)
    }
  })

  test('with session affinity all connections of a client come to one pod, in each family', async () => {
    await create('sticky', { sessionAffinity: 'ClientIP', ports: [{ port: 80, targetPort: HTTP_PORT }] })
    for (const address of await fixture().addressesOf('sticky')) {
      const { seen: pods } = await onOneNode(address, async () => {
        const asked = new Set<string>()
        for (let i = 0; i < CONNECTIONS; i += 1) asked.add((await fixture().reach(address)).pod)
        return asked
      })
      expect([...pods]).toEqual([expect.stringMatching(/^web-/)])
    }
  })

  test('a TCP and a UDP Service share an address, and pods are reached through both', async () => {
    const shared = { 'metallb.io/allow-shared-ip': 'one' }
    await create('shared-tcp', { ports: [{ port: 80, targetPort: HTTP_PORT }] }, shared)
    const addresses = await fixture().addressesOf('shared-tcp')
    const [ipv4 = '', ipv6 = ''] = addresses
    const ports = [{ port: UDP_PORT, targetPort: HTTP_PORT, protocol: 'UDP' }]
    const wanted = { ...shared, 'metallb.io/loadBalancerIPs': `${ipv4},${ipv6}` }
    await create('shared-udp', { ports }, wanted)
    expect(await fixture().addressesOf('shared-udp')).toEqual(addresses)
    for (const address of addresses) {
      expect((await fixture().reach(address)).pod).toMatch(/^web-/)
      expect((await fixture().reachByDatagram(address, UDP_PORT)).pod).toMatch(/^web-/)
    }
  })

  test('with policy Local the source address of datagrams is kept', async () => {
    const ports = [{ port: UDP_PORT, targetPort: HTTP_PORT, protocol: 'UDP' }]
    await create('udp-local', { externalTrafficPolicy: 'Local', ports })
    for (const [family, address] of (await fixture().addressesOf('udp-local')).entries()) {
      const { client } = await fixture().reachByDatagram(address, UDP_PORT)
      expect(client).toContain(CLIENT_ADDRESSES[family])
    }
  })

  test('kubectl describe shows which address was given, and which node announces it', async () => {
    const said = await until('the events are written', async () => {
      const text = await fixture().kubectl.run('describe', 'service', 'web')
      return text.includes('nodeAssigned') ? text : undefined
    })
    const [ipv4 = '', ipv6 = ''] = await fixture().addressesOf('web')
    expect(said).toMatch(new RegExp(`LoadBalancer Ingress: +${ipv4} \\(VIP\\), ${ipv6} \\(VIP\\)`))
    expect(said).toMatch(
      new RegExp(`IPAllocated .*Assigned IP \\["${ipv4}","${ipv6}"\\]|IPAllocated .*${ipv4}`)
    )
    expect(said).toMatch(/nodeAssigned .*announcing from node "node-\d"/)
  })
}
