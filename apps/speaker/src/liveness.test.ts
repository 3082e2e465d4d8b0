import type { KubeObject } from '@clarion-lb/kube-sim'
import { NAMESPACE, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressWonBy, putService, SpeakerBench, startCluster, WITH_LEASES } from '../test/speaker-bench.ts'

function leaseOf(node: string, holderIdentity = node): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: `clarion-speaker-${node}`,
      namespace: NAMESPACE,
      labels: { 'clarion.io/component': 'speaker' }
    },
    spec: {
      holderIdentity,
      leaseDurationSeconds: 4,
      renewTime: new Date().toISOString().replace('Z', '000Z')
    }
  }
}

/** Nodes n1 and n2, and Service `web`, whose address n2 wins. */
async function startTwo(): Promise<{ readonly cluster: TestCluster; readonly address: string }> {
  const cluster = await startCluster('n1', 'n2')
  const address = addressWonBy('n2', 'n1')
  putService(cluster, 'web', { address, nodes: ['n1'] })
  return { cluster, address }
}

describe('liveness by Leases', () => {
  test('a node without a speaker is no candidate; one whose speaker comes is', async () => {
    const { cluster, address } = await startTwo()
    const one = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    expect(one.plane.wanted).toEqual([address])
    const two = await SpeakerBench.start(cluster, 'n2', WITH_LEASES)
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], [address]]))
  })

  test('a speaker that ends is replaced before it stops answering', async () => {
    const { cluster, address } = await startTwo()
    const one = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    const two = await SpeakerBench.start(cluster, 'n2', WITH_LEASES)
    await cluster.eventually(() => expect([one.plane.wanted, two.plane.wanted]).toEqual([[], [address]]))
    await two.stop()
    await cluster.eventually(() => expect(one.plane.wanted).toEqual([address]))
    expect(cluster.get(leaseOf('n2'))['spec']).toMatchObject({ holderIdentity: '' })
  })

  test('a speaker that dies is replaced when its Lease runs out', async () => {
    const { cluster, address } = await startTwo()
    cluster.put(leaseOf('n2'))
    const { plane } = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    expect(plane.wanted).toEqual([])
    await cluster.eventually(() => expect(plane.wanted).toEqual([address]))
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 1']))
  })

  test('a Lease that is released or deleted is over at once', async () => {
    const { cluster, address } = await startTwo()
    cluster.put(leaseOf('n2'))
    const { plane } = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    expect(plane.wanted).toEqual([])
    cluster.put(leaseOf('n2', ''))
    await cluster.eventually(() => expect(plane.wanted).toEqual([address]))
    cluster.put(leaseOf('n2'))
    await cluster.eventually(() => expect(plane.wanted).toEqual([]))
    cluster.remove(leaseOf('n2'))
    await cluster.eventually(() => expect(plane.wanted).toEqual([address]))
  })

  test('a Lease of something else is nobody who is alive', async () => {
    const { cluster, address } = await startTwo()
    const stray = leaseOf('n2')
    cluster.put({ ...stray, metadata: { name: 'n2', namespace: NAMESPACE } })
    const { plane } = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    expect(plane.wanted).toEqual([address])
  })
})

describe('without the flags of memberlist', () => {
  test.each([[[]], [['--ml-bindaddr=192.0.2.1']], [['--ml-labels=app=metallb']]])(
    '%j: every node counts as alive, no Lease is written, and a warning says so',
    async (argv) => {
      const { cluster } = await startTwo()
      const { plane } = await SpeakerBench.start(cluster, 'n1', argv)
      expect(plane.wanted).toEqual([])
      expect(cluster.writes('leases')).toEqual([])
      const warnings = cluster.logged.filter(({ level }) => level === 40)
      expect(warnings.map(({ msg }) => msg)).toEqual([
        '--ml-bindaddr and --ml-labels are not both given: every node counts as alive, also one that is not'
      ])
    }
  )
})
