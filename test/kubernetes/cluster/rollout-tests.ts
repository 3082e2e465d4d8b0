import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'
import { expect, test } from 'vitest'
import type { ClusterFixture } from '../cluster-fixture.ts'
import { until } from '../control-plane-fixture.ts'
import { runningContainers } from './running-container.ts'

/**
 * Connections that are open when the address moves are the old owner's: kube-proxy on the new one knows nothing of them.
 * An address moves at most twice when speakers are replaced: away from its node, and back.
 */
const MOVES = 2

/** What clients notice when our pods are replaced: requests are sent all the time, each over a connection of its own. */
export function testRollouts(fixture: () => ClusterFixture): void {
  const inSystem = async (...args: readonly string[]): Promise<string> =>
    fixture().kubectl.run('-n', CLARION_NAMESPACE, ...args)

  test('a rollout of the controller changes no address, and loses no request', async () => {
    const [address = ''] = await fixture().addressesOf('web')
    const outage = await fixture().underLoad(address, async () => {
      await inSystem('rollout', 'restart', 'deployment/controller')
      await fixture().waitForRollouts()
    })
    expect(outage).toMatchObject({ lostRequests: 0 })
    expect(await fixture().addressesOf('web')).toContain(address)
  })

  test('a rollout of the speakers, node by node, loses no more than what is open when the address moves', async () => {
    const [address = ''] = await fixture().addressesOf('web')
    const outage = await fixture().underLoad(address, async () => {
      await inSystem('rollout', 'restart', 'daemonset/speaker')
      await fixture().waitForRollouts()
    })
    expect(outage.lostRequests).toBeLessThanOrEqual(MOVES * outage.openRequests)
  })

  test('a speaker whose pod is deleted hands over, and its successor is ready soon', async () => {
    const [address = ''] = await fixture().addressesOf('web')
    await fixture().reach(address)
    const node = await fixture().answeringNode(address)
    const before = await runningContainers(fixture(), 'speaker')
    const pod = before.find((one) => one.node === node)?.pod ?? ''
    const outage = await fixture().underLoad(address, async () => {
      await inSystem('delete', 'pod', pod)
      await fixture().waitForRollouts()
    })
    expect(outage.lostRequests).toBeLessThanOrEqual(MOVES * outage.openRequests)
    await until('another pod is in its place', async () => {
      const now = await runningContainers(fixture(), 'speaker')
      return now.some((one) => one.node === node && one.pod !== pod) ? true : undefined
    })
  })
}
