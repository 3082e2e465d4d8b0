import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'
import { expect, test } from 'vitest'
import type { ClusterFixture } from '../cluster-fixture.ts'
import { runningContainers } from './running-container.ts'

const NOTHING = '0000000000000000'
/** CAP_NET_RAW is bit 13 (capabilities(7)). */
const NET_RAW = '0000000000002000'

/** How our pods are, and what those who ask them learn. */
export function testPods(fixture: () => ClusterFixture): void {
  const inSystem = async (...args: readonly string[]): Promise<string> =>
    fixture().kubectl.run('-n', CLARION_NAMESPACE, ...args)

  test.each([
    ['controller', 2, '65534', NOTHING],
    ['speaker', 3, '0', NET_RAW]
  ] as const)(
    'every %s has the user, the capabilities and the root that it declares, and no restart behind it',
    async (name, count, user, capabilities) => {
      const containers = await runningContainers(fixture(), name)
      expect(containers).toHaveLength(count)
      for (const container of containers)
        expect(container).toMatchObject({
          restarts: 0,
          users: [user, user, user, user].join('\t'),
          capabilities: [capabilities, capabilities],
          noNewPrivileges: '1',
          seccompMode: '2',
          isRootReadOnly: true
        })
    }
  )

  test.each(['deployment/controller', 'daemonset/speaker'])(
    'kubectl logs of %s is a JSON object a line',
    async (workload) => {
      const lines = (await inSystem('logs', workload)).trim().split('\n')
      expect(lines.length).toBeGreaterThan(1)
      for (const line of lines)
        expect(Object.keys(parseObject(line))).toEqual(expect.arrayContaining(['level', 'msg']))
    }
  )

  test('nothing that a pod asked for was forbidden by the rights that the manifest gives', async () => {
    for (const component of ['controller', 'speaker'])
      expect(await inSystem('logs', '--prefix', '-l', `component=${component}`, '--tail=-1')).not.toMatch(
        /forbidden/i
      )
  })

  test('a pool that overlaps another one is refused by the webhook, with the reason', async () => {
    const pool = {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name: 'overlapping', namespace: CLARION_NAMESPACE },
      spec: { addresses: ['192.168.100.210-192.168.100.230'] }
    }
    await expect(fixture().apply([pool])).rejects.toThrow(
      /admission webhook "ipaddresspoolvalidationwebhook\.metallb\.io" denied the request: .*overlaps/
    )
  })

  test('a peer of the first version is converted to the second, and back', async () => {
    const peer = {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'BGPPeer',
      metadata: { name: 'old', namespace: CLARION_NAMESPACE },
      spec: {
        myASN: 64500,
        peerASN: 64501,
        peerAddress: '192.168.100.77',
        nodeSelectors: [{ matchLabels: { no: 'node' } }]
      }
    }
    await fixture().apply([peer])
    const read = async (version: string): Promise<unknown> =>
      JSON.parse(await inSystem('get', `bgppeers.${version}.metallb.io`, 'old', '-o', 'json'))
    const inSecond = await read('v1beta2')
    expect(inSecond).toMatchObject({
      apiVersion: 'metallb.io/v1beta2',
      spec: { peerAddress: '192.168.100.77' }
    })
    expect(await read('v1beta1')).toMatchObject({ apiVersion: peer.apiVersion, spec: peer.spec })
    await inSystem('delete', 'bgppeer', 'old')
  })
}

function parseObject(line: string): object {
  const parsed: unknown = JSON.parse(line)
  return typeof parsed === 'object' && parsed !== null ? parsed : {}
}
