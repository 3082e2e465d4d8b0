import type { KubeObject } from '@clarion-lb/kube-sim'
import { SERVICE_L2_STATUSES } from '@clarion-lb/runtime'
import {
  afterwards,
  l2Advertisement,
  NAMESPACE,
  node,
  serviceRef,
  type TestCluster
} from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { addressWonBy, putService, SpeakerBench, startCluster } from '../test/speaker-bench.ts'
import { ServiceStatuses } from './service-statuses.ts'

const RESOURCE = 'servicel2statuses'

/** The status objects, as `service@node` with the interfaces. */
function statuses(cluster: TestCluster): readonly string[] {
  return cluster
    .list(`metallb.io/${RESOURCE}`)
    .map(({ status }) => {
      const { node: at, serviceName, interfaces } = fields(status)
      return `${serviceName}@${at}${interfaces === undefined ? '' : ` on ${interfaces}`}`
    })
    .toSorted()
}

function fields(status: unknown): Partial<Record<'node' | 'serviceName' | 'interfaces', string>> {
  const text = JSON.stringify(status ?? {})
  const field = (name: string): string | undefined => new RegExp(`"${name}":"([^"]*)"`).exec(text)?.[1]
  const names = [...text.matchAll(/"name":"([^"]*)"/g)].map((match) => match[1])
  return {
    node: field('node') ?? '',
    serviceName: field('serviceName') ?? '',
    ...(names.length === 0 ? {} : { interfaces: names.join() })
  }
}

function statusObject(name: string, of: string, at: string): KubeObject {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ServiceL2Status',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: {
        'metallb.io/node': at,
        'metallb.io/service-name': of,
        'metallb.io/service-namespace': 'default'
      }
    },
    spec: {}
  }
}

async function startOne(): Promise<TestCluster> {
  const cluster = await startCluster('n1')
  putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
  await SpeakerBench.start(cluster)
  await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
  return cluster
}

describe('ServiceL2Status', () => {
  test('is made once, with labels and status, by the node that announces', async () => {
    const cluster = await startOne()
    putService(cluster, 'b', { address: '192.0.2.2', nodes: ['n1'] })
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['b@n1', 'web@n1']))
    expect(cluster.writes(RESOURCE).map((write) => write.split(' ').slice(0, 2).join(' '))).toEqual([
      'create',
      'update status',
      'create',
      'update status'
    ])
    expect(cluster.list(`metallb.io/${RESOURCE}`)[0]?.metadata.labels).toMatchObject({
      'metallb.io/node': 'n1',
      'metallb.io/service-namespace': 'default'
    })
  })

  test('tells the interfaces, and follows them', async () => {
    const cluster = await startOne()
    cluster.put(l2Advertisement('all', { interfaces: ['eth0', 'eth1'] }))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1 on eth0,eth1']))
    cluster.put(l2Advertisement('all'))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
    expect(cluster.writes(RESOURCE)).toHaveLength(4)
  })

  test('goes when its Service does', async () => {
    const cluster = await startOne()
    cluster.remove(serviceRef('web'))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual([]))
  })

  test('goes while its interfaces are missing', async () => {
    const cluster = await startCluster('n1')
    cluster.put(l2Advertisement('all', { interfaces: ['eth0'] }))
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    const speaker = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1 on eth0']))
    speaker.tell({ type: 'interfaces', interfaces: [] })
    await cluster.eventually(() => expect(statuses(cluster)).toEqual([]))
    speaker.tell({
      type: 'interfaces',
      interfaces: [{ name: 'eth0', unfitBecause: undefined, hasCarrier: true }]
    })
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1 on eth0']))
  })

  test('passes from node to node with the announcement', async () => {
    const cluster = await startCluster('n1', 'n2')
    putService(cluster, 'web', { address: addressWonBy('n1', 'n2'), nodes: ['n1'] })
    await SpeakerBench.start(cluster, 'n1')
    await SpeakerBench.start(cluster, 'n2')
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
    cluster.put(node('n1', { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' }))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n2']))
    cluster.put(node('n1'))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
    expect(cluster.logs('layer 2 status not written')).toEqual([])
  })

  test('of a node that is gone is deleted by the one that announces now', async () => {
    const cluster = await startCluster('n1')
    cluster.put(statusObject('l2-old', 'web', 'n0'))
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
  })

  test('of a life before is taken over; what is not true any more is deleted', async () => {
    const cluster = await startCluster('n1')
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    const status = { node: 'n1', serviceName: 'web', serviceNamespace: 'default' }
    const mine = statusObject('l2-mine', 'web', 'n1')
    cluster.put(mine)
    cluster.change(mine, (current) => ({ ...current, status }), 'status')
    cluster.put(statusObject('l2-double', 'web', 'n1'))
    cluster.put(statusObject('l2-past', 'gone', 'n1'))
    cluster.put(statusObject('l2-theirs', 'gone', 'n2'))
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.writes(RESOURCE)).toHaveLength(2))
    await cluster.eventually(() =>
      expect(cluster.list(`metallb.io/${RESOURCE}`).map(({ metadata }) => metadata.name)).toHaveLength(2)
    )
    expect(cluster.find(statusObject('l2-theirs', 'gone', 'n2'))).toBeDefined()
    expect(statuses(cluster)).toContain('web@n1')
  })

  test('that somebody deletes or changes is restored', async () => {
    const cluster = await startOne()
    for (let round = 0; round < 2; round += 1) {
      const [object] = cluster.list(`metallb.io/${RESOURCE}`)
      if (object !== undefined) cluster.remove(object)
      await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
    }
    const [object] = cluster.list(`metallb.io/${RESOURCE}`)
    const interfaces = [{ name: 'wrong' }]
    const status = { node: 'n1', serviceName: 'web', serviceNamespace: 'default', interfaces }
    if (object !== undefined) cluster.change(object, (current) => ({ ...current, status }), 'status')
    expect(statuses(cluster)).toEqual(['web@n1 on wrong'])
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
  })

  test('that is deleted in the moment that it was made is made again', async () => {
    const cluster = await startCluster('n1')
    let deletions = 0
    cluster.sim.store.observe(({ resource, current }) => {
      const isWritten = resource === `metallb.io/${RESOURCE}` && current?.object['status'] !== undefined
      if (!isWritten || deletions > 0) return
      deletions += 1
      const { object } = current
      // Both changes are on their way before the speaker reads the first of them.
      queueMicrotask(() => cluster.remove(object))
    })
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(deletions).toBe(1))
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
  })

  test('is not written without its CustomResourceDefinition, and that is no problem', async () => {
    const cluster = await startCluster('n1')
    cluster.removeCrd(`${RESOURCE}.metallb.io`)
    putService(cluster, 'web', { address: '192.0.2.1', nodes: ['n1'] })
    const { plane } = await SpeakerBench.start(cluster)
    await cluster.eventually(() => expect(cluster.events('web')).toEqual(['nodeAssigned 1']))
    expect(plane.wanted).toEqual(['192.0.2.1'])
    expect(cluster.logs('layer 2 status not written')).toEqual([])
  })

  test('is written once there is its CustomResourceDefinition', async () => {
    const cluster = await startCluster('n1')
    cluster.removeCrd(`${RESOURCE}.metallb.io`)
    const statusesOfOne = new ServiceStatuses({
      name: 'layer 2 status',
      client: await cluster.client(),
      resource: SERVICE_L2_STATUSES,
      prefix: 'l2-',
      isOnePerService: true,
      namespace: NAMESPACE,
      node: 'n1',
      pod: undefined,
      wantedOf: (key) => (key === 'default/web' ? {} : undefined),
      onProblem: (_key, error) => expect.unreachable(String(error)),
      absentRetryMs: 50
    })
    afterwards(() => statusesOfOne.stop())
    statusesOfOne.start(new AbortController().signal)
    statusesOfOne.touch('default/web')
    const lists = (): number => cluster.requests.filter(({ resource }) => resource === RESOURCE).length
    await cluster.eventually(() => expect(lists()).toBeGreaterThan(2))
    cluster.putCrd(`${RESOURCE}.metallb.io`)
    await cluster.eventually(() => expect(statuses(cluster)).toEqual(['web@n1']))
  })
})
