import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decideL2, MAX_CANDIDATES, summarizeEndpoints, WantedAddresses } from './index.ts'
import { ABC, announcerOf, READY, snapshotOf } from './test-election.ts'
import { serviceOf } from './test-objects.ts'

/** The order of election: who announces once those before are gone. */
function orderOf(nodes: readonly string[], address: string): string {
  const order: string[] = []
  for (let left = nodes; left.length > 0; left = left.filter((name) => name !== order.at(-1)))
    order.push(announcerOf({ nodes, members: left }, address) ?? '?')
  return order.join()
}

const KIND = ['kind-worker', 'kind-worker2', 'kind-control-plane']
const WORKERS = ['worker1', 'worker2', 'worker3', 'worker4', 'worker5']

describe('the election', () => {
  // Computed with MetalLB's formula: ascending sha256(node + "#" + first address).
  test.each([
    [ABC, '10.20.30.1', 'node-b,node-c,node-a'],
    [ABC, '10.20.30.2', 'node-c,node-a,node-b'],
    [ABC, '192.168.1.240', 'node-a,node-c,node-b'],
    [ABC, '192.168.1.241', 'node-c,node-a,node-b'],
    [ABC, '10.0.0.1', 'node-b,node-a,node-c'],
    [ABC, '10.0.0.2', 'node-b,node-c,node-a'],
    [ABC, '2001:db8::1', 'node-b,node-a,node-c'],
    [ABC, '2001:0DB8:0::1', 'node-b,node-a,node-c'],
    [ABC, 'fc00:f853:ccd:e799::1', 'node-b,node-a,node-c'],
    [['iris1', 'iris2'], '10.20.30.1', 'iris2,iris1'],
    [['iris1', 'iris2'], '10.20.30.2', 'iris1,iris2'],
    [KIND, '192.168.1.240', 'kind-control-plane,kind-worker2,kind-worker'],
    [KIND, '192.168.1.241', 'kind-worker2,kind-worker,kind-control-plane'],
    [WORKERS, '192.168.1.240', 'worker2,worker1,worker4,worker3,worker5']
  ])('%s for %s: %s', (nodes, address, order) => {
    expect(orderOf(nodes, address)).toBe(order)
  })

  test('hashes node, number sign, address', () => {
    expect(hash('sha256', 'node-a#192.168.1.240').slice(0, 12)).toBe('0905ce28e61d')
  })

  test('puts the preference before the hash', () => {
    const preferredNodeSelectors = ['edge-a', 'edge-b'].map((name) => ({
      weight: 100,
      preference: { matchLabels: { name } }
    }))
    const nodes = ['edge-a', 'edge-b', 'worker-a']
    expect(announcerOf({ nodes, advertisements: [{ preferredNodeSelectors }] }, '10.20.30.1')).toBe('edge-b')
  })

  test.each([
    ['network unavailable', { unavailable: ['node-a'] }, 'node-c'],
    ['excluded by label', { excluded: ['node-a'] }, 'node-c'],
    ['excluded by label, which is ignored', { excluded: ['node-a'], ignoreExcludeLabel: true }, 'node-a'],
    ['in maintenance', { yielded: { 'node-a': 1 } }, 'node-c'],
    ['in maintenance, as all are', { yielded: { 'node-a': 1, 'node-b': 1, 'node-c': 1 } }, 'node-a'],
    ['not alive', { members: ['node-b', 'node-c'] }, 'node-c'],
    [
      'not selected',
      { advertisements: [{ nodeSelectors: [{ matchLabels: { name: 'node-b' } }] }] },
      'node-b'
    ],
    ['nobody alive', { members: [] }, undefined]
  ])('of candidates: %s', (_what, world, announcer) => {
    expect(announcerOf({ nodes: ABC, ...world }, '192.168.1.240')).toBe(announcer)
  })

  test('with policy Local only nodes with a usable endpoint', () => {
    const spec = { externalTrafficPolicy: 'Local' }
    expect(announcerOf({ nodes: ABC }, '10.0.0.2', { spec })).toBe('node-a')
  })

  test('the first address decides for all', () => {
    const service = serviceOf('a', { ingress: ['192.168.1.240', '2001:db8::1'] })
    const decision = decideL2('node-a', service, READY, snapshotOf({ nodes: ABC }))
    expect(decision).toMatchObject({ outcome: 'announce', announcer: 'node-a' })
    expect(decision.outcome === 'announce' && decision.addresses.map(String)).toEqual([
      '192.168.1.240',
      '2001:db8::1'
    ])
  })
})

describe('why not', () => {
  const none = summarizeEndpoints([])
  const selective = { serviceSelectors: [{ matchLabels: { tier: 'gold' } }] }
  const onlyB = { nodeSelectors: [{ matchLabels: { name: 'node-b' } }] }
  const shared = { annotations: { 'metallb.universe.tf/allow-shared-ip': '' }, labels: { tier: 'gold' } }
  const LAN = '192.168.1.240'
  test.each([
    ['another type', { spec: { type: 'NodePort' }, ingress: [LAN] }, READY, {}, 'notLoadBalancer'],
    ['no address', {}, READY, {}, 'noIPAllocated'],
    ['no address in the status', { ingress: ['lb.example'] }, READY, {}, 'invalidIP'],
    ['an address of nobody', { ingress: ['203.0.113.1'] }, READY, {}, 'ipNotAllowed'],
    ['no endpoint', { ingress: [LAN] }, none, {}, 'notOwner'],
    [
      'no endpoint, before the sharing rule',
      { ingress: [LAN], ...shared },
      none,
      { advertisements: [selective] },
      'notOwner'
    ],
    [
      'sharing under an advertisement with selectors',
      { ingress: [LAN], ...shared },
      READY,
      { advertisements: [selective] },
      'sharedIPWithServiceSelector'
    ],
    ['no advertisement', { ingress: [LAN] }, READY, { advertisements: [] }, 'noMatchingAdvertisement'],
    [
      'an advertisement for other Services',
      { ingress: [LAN] },
      READY,
      { advertisements: [selective] },
      'noMatchingAdvertisement'
    ],
    [
      'an advertisement for other nodes',
      { ingress: [LAN] },
      READY,
      { advertisements: [onlyB] },
      'noMatchingAdvertisement'
    ],
    [
      'a node that is left out',
      { ingress: ['10.0.0.1'] },
      READY,
      { nodes: [...ABC, 'node-d'], excluded: ['node-a'] },
      'notOwner'
    ]
  ])('%s: %s', (_what, options, endpoints, world, reason) => {
    const decision = decideL2(
      'node-a',
      serviceOf('a', options),
      endpoints,
      snapshotOf({ nodes: ABC, ...world })
    )
    expect(decision).toMatchObject({ outcome: 'withhold', reason })
    expect(decision.because).not.toBe('')
  })
})

test('a node that is not the first of the candidates stands by, and knows who is before it', () => {
  const address = '10.0.0.1'
  const decision = decideL2(
    'node-a',
    serviceOf('a', { ingress: [address] }),
    READY,
    snapshotOf({ nodes: ABC })
  )
  expect(decision.outcome).toBe('standby')
  expect(decision.candidates.join()).toBe(orderOf(ABC, address))
})

test('candidates are bounded, and a node that is not among them does not stand by', () => {
  const nodes = Array.from({ length: 20 }, (_, i) => `node-${i}`)
  const address = '10.0.0.1'
  const order = orderOf(nodes, address).split(',')
  const decide = (node: string) =>
    decideL2(node, serviceOf('a', { ingress: [address] }), READY, snapshotOf({ nodes }))
  const last = order[MAX_CANDIDATES - 1] ?? ''
  const after = order[MAX_CANDIDATES] ?? ''
  expect(decide(last)).toMatchObject({ outcome: 'standby', candidates: order.slice(0, MAX_CANDIDATES) })
  expect(decide(after)).toMatchObject({ outcome: 'withhold', reason: 'notOwner', announcer: order[0] })
})

test('of many nodes one comes first for an address that Services with other first addresses share', () => {
  const nodes = Array.from({ length: 20 }, (_, i) => `node-${i}`)
  const snapshot = snapshotOf({ nodes })
  const annotations = { 'metallb.io/allow-shared-ip': 'web' }
  for (let i = 1; i < 20; i += 1) {
    const services = [['10.0.0.1'], [`10.0.1.${i}`, '10.0.0.1']].map((ingress, j) =>
      serviceOf(`${j}`, { ingress, annotations })
    )
    const holders = nodes.filter((node) => {
      const changes = services.map((service, j) => {
        const after = decideL2(node, service, READY, snapshot)
        return { key: `default/${j}`, before: undefined, after }
      })
      const { set } = new WantedAddresses().apply(changes)
      return set.find(({ address }) => address === '10.0.0.1')?.candidates[0] === node
    })
    expect(holders).toHaveLength(1)
  }
})

test('interfaces are the union of those of the advertisements for this node; one without means all', () => {
  const ads = [{ interfaces: ['eth1'] }, { interfaces: ['eth0', 'eth1'] }]
  const decide = (advertisements: Record<string, unknown>[]) => {
    const snapshot = snapshotOf({ nodes: ['node-a'], advertisements })
    const decision = decideL2('node-a', serviceOf('a', { ingress: ['10.0.0.1'] }), READY, snapshot)
    return decision.outcome === 'announce' ? decision.interfaces : decision
  }
  expect(decide(ads)).toEqual(['eth0', 'eth1'])
  expect(decide([...ads, {}])).toBeUndefined()
})

describe('an endpoint is usable', () => {
  test.each([
    [{ ready: true }, true],
    [{}, true],
    [undefined, true],
    [{ ready: false }, false],
    [{ ready: false, serving: false }, false],
    [{ ready: false, serving: true }, true],
    [{ ready: true, serving: false }, true]
  ])('%o: %s', (conditions, hasUsable) => {
    expect(summarizeEndpoints([{ endpoints: [{ nodeName: 'a', conditions }] }]).hasUsable).toBe(hasUsable)
  })
})
