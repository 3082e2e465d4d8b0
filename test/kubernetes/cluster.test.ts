import { CLUSTER_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testNodes } from './cluster/node-tests.ts'
import { testPods } from './cluster/pod-tests.ts'
import { testRollouts } from './cluster/rollout-tests.ts'
import { testServices } from './cluster/service-tests.ts'
import { ClusterFixture, SHIPPED } from './cluster-fixture.ts'
import { until } from './control-plane-fixture.ts'
import { commandsOf } from './install-page.ts'
import { skipReason } from './requirements.ts'

/** A kube-proxy that fails to write rules once tries again half a minute later. */
const PROXY_SWITCH_MS = 90_000

const reason = await skipReason(CLUSTER_PROGRAMS)

describe.skipIf(reason !== undefined)('clarion on three real nodes', () => {
  let fixture: ClusterFixture

  beforeAll(async () => {
    fixture = await ClusterFixture.start()
    await fixture.install()
    await fixture.deploy('web', 2)
  })
  afterAll(async () => fixture?.stop())

  testPods(() => fixture)

  describe('with kube-proxy in nftables mode', () => {
    testServices(() => fixture)
  })

  testRollouts(() => fixture)
  testNodes(() => fixture)

  describe('with kube-proxy in iptables mode', () => {
    beforeAll(async () => {
      await fixture.cluster.setProxyMode('iptables')
      for (const name of fixture.cluster.nodeNames) {
        const hasSwitched = async (): Promise<true | undefined> => {
          const node = fixture.cluster.nodes.get(name)
          const rules = (await node?.execute(['iptables-save', '-t', 'nat'])) ?? ''
          const tables = (await node?.execute(['nft', 'list', 'tables'])) ?? ''
          return rules.includes('default/web') && !tables.includes('kube-proxy') ? true : undefined
        }
        const what = `${name} has the rules of the mode, and none of the other`
        await until(what, hasSwitched, PROXY_SWITCH_MS)
      }
    })

    testServices(() => fixture)
  })

  test('kubectl delete takes all away, and who then follows the page about installing reaches a Service', async () => {
    const before = await fixture.addressesOf('web')
    await fixture.kubectl.run('delete', '-k', SHIPPED, '--timeout=120s')
    expect(await fixture.kubectl.run('get', 'namespaces,crds', '-o', 'name')).not.toContain('metallb')
    await fixture.follow(commandsOf('With the manifest'))
    await fixture.follow(commandsOf('A first address'))
    for (const address of await fixture.addressesOf('first')) await fixture.reach(address)
    // What a Service had before is not given to others.
    expect((await fixture.addressesOf('web'))[0]).toBe(before[0])
  })
})
