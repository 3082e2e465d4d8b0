import type { Community } from '@clarion-lb/config'
import { describe, expect, test } from 'vitest'
import { type BgpDecision, type BgpSnapshot, decideBgp, PoolIndex, summarizeEndpoints } from './index.ts'
import { bgpPeer, configOf, type ServiceOptions, serviceOf } from './test-objects.ts'

interface World {
  readonly nodes?: readonly string[]
  /** By name. */
  readonly advertisements?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined
  readonly unavailable?: readonly string[]
  readonly excluded?: readonly string[]
  /** In maintenance, with routes that may go. */
  readonly withdrawn?: readonly string[]
  readonly ignoreExcludeLabel?: boolean
}

const LEFT = { because: 'annotation clarion.io/maintenance', yieldedShare: 1, isWithdrawn: true }
const POOLS = { lan: ['10.20.30.0/24', '2001:db8::/64'] }

function snapshotOf(world: World): BgpSnapshot {
  const { nodes = ['pandora', 'iris'], advertisements = { ad: {} }, unavailable = [], excluded = [] } = world
  const config = configOf(POOLS, {
    nodes: nodes.map((name) => ({ name, labels: { name } })),
    bgpPeers: [bgpPeer('router')],
    bgpAdvertisements: Object.entries(advertisements).map(([name, spec]) => ({ metadata: { name }, spec }))
  })
  const view = (name: string) => ({
    name,
    isNetworkUnavailable: unavailable.includes(name),
    isExcluded: excluded.includes(name),
    maintenance: world.withdrawn?.includes(name) === true ? LEFT : undefined
  })
  return {
    pools: new PoolIndex(config.pools),
    nodes: new Map(nodes.map((name) => [name, view(name)])),
    alive: new Set(nodes),
    peers: config.peers,
    ignoreExcludeLabel: world.ignoreExcludeLabel ?? false
  }
}

type Endpoints = readonly (readonly [node: string, state: 'ready' | 'not ready' | 'terminating'])[]

function endpointsOf(endpoints: Endpoints) {
  return summarizeEndpoints([
    {
      endpoints: endpoints.map(([nodeName, state]) => ({
        nodeName,
        conditions: { ready: state === 'ready', serving: state === 'terminating' }
      }))
    }
  ])
}

const HERE: Endpoints = [['pandora', 'ready']]
const THERE: Endpoints = [['iris', 'ready']]

function decide(options: ServiceOptions = {}, world: World = {}, endpoints: Endpoints = THERE): BgpDecision {
  const service = serviceOf('a', { ingress: ['10.20.30.1'], ...options })
  return decideBgp('pandora', service, endpointsOf(endpoints), snapshotOf(world))
}

function briefOf(decision: BgpDecision): readonly string[] | string {
  if (decision.outcome === 'withhold') return decision.reason
  return decision.routes.map(({ prefix, localPref, communities, peers, advertisement }) =>
    [advertisement, prefix, localPref, communities.map(textOf).join('+'), peers?.join('+') ?? '*'].join(' ')
  )
}

function textOf(community: Community): string {
  if (community.type === 'standard') return `${community.value >>> 16}:${community.value & 0xffff}`
  return `${community.globalAdministrator}:${community.localData1}:${community.localData2}`
}

const LOCAL = { spec: { externalTrafficPolicy: 'Local' } }
const GOLD = { serviceSelectors: [{ matchLabels: { tier: 'gold' } }] }
const SILVER = { serviceSelectors: [{ matchLabels: { tier: 'silver' } }] }
const onNode = (name: string) => ({ nodeSelectors: [{ matchLabels: { name } }] })

describe('a route', () => {
  const DUAL = { ingress: ['10.20.30.77', '2001:db8::77'] }
  // A pool with one advertisement for hosts and one for aggregates, as in MetalLB's own manual.
  const TWO = {
    local: { aggregationLength: 32, localPref: 100, communities: ['65535:65282'] },
    external: { aggregationLength: 26, aggregationLengthV6: 64, communities: ['65535:0', 'large:1:2:3'] }
  }
  test.each<[string, ServiceOptions, World['advertisements'], readonly string[]]>([
    ['is of the address alone', {}, { ad: {} }, ['ad 10.20.30.1/32 0  *']],
    [
      'is of each family',
      DUAL,
      { ad: { peers: ['r2', 'r1'] } },
      ['ad 10.20.30.77/32 0  r2+r1', 'ad 2001:db8::77/128 0  r2+r1']
    ],
    [
      'is of the aggregate',
      DUAL,
      { ad: { aggregationLength: 26, aggregationLengthV6: 120 } },
      ['ad 10.20.30.64/26 0  *', 'ad 2001:db8::/120 0  *']
    ],
    [
      'is of each advertisement',
      {},
      TWO,
      ['external 10.20.30.0/26 0 65535:0+1:2:3 *', 'local 10.20.30.1/32 100 65535:65282 *']
    ],
    [
      'is one for addresses of one aggregate',
      { ingress: ['10.20.30.1', '10.20.30.2', '10.20.30.200'] },
      { ad: { aggregationLength: 25 } },
      ['ad 10.20.30.0/25 0  *', 'ad 10.20.30.128/25 0  *']
    ],
    [
      'is only of advertisements for this node',
      {},
      { a: { ...onNode('iris'), localPref: 7 }, b: onNode('pandora') },
      ['b 10.20.30.1/32 0  *']
    ],
    [
      'is only of advertisements for this Service',
      { labels: { tier: 'gold' } },
      { a: SILVER, b: { ...GOLD, communities: ['1:2'] }, c: {} },
      ['b 10.20.30.1/32 0 1:2 *', 'c 10.20.30.1/32 0  *']
    ]
  ])('%s', (_what, options, advertisements, routes) => {
    expect(briefOf(decide(options, { advertisements }))).toEqual(routes)
  })

  test('comes with the pool and the addresses that it is for', () => {
    expect(decide(DUAL)).toMatchObject({
      outcome: 'advertise',
      pool: 'lan',
      because: 'it has a usable endpoint'
    })
    const decision = decide(DUAL)
    expect(decision.outcome === 'advertise' && decision.addresses.map(String)).toEqual(DUAL.ingress)
  })
})

describe('why not', () => {
  const CONFLICT = { x: { localPref: 1 }, y: { ...GOLD, localPref: 2 } }
  const LABELLED = { labels: { tier: 'gold' } }
  // In order of the checks: each row has all that the rows below have against it, too.
  const WORST: World = { unavailable: ['pandora'], excluded: ['pandora'] }
  test.each<[string, ServiceOptions, World, Endpoints, string]>([
    ['another type', { spec: { type: 'NodePort' }, ingress: [] }, WORST, [], 'notLoadBalancer'],
    ['no address', { ...LOCAL, ingress: [] }, WORST, [], 'noIPAllocated'],
    ['a host name', { ...LOCAL, ingress: ['lb.example'] }, WORST, [], 'invalidIP'],
    ['an address of nobody', { ...LOCAL, ingress: ['203.0.113.1'] }, WORST, [], 'ipNotAllowed'],
    ['no advertisement', LOCAL, { ...WORST, advertisements: {} }, [], 'notOwner'],
    ['advertisements for others', LOCAL, { ...WORST, advertisements: { x: onNode('iris') } }, [], 'notOwner'],
    [
      'advertisements for other Services here, and for other nodes',
      LOCAL,
      { ...WORST, advertisements: { x: GOLD, y: onNode('iris') } },
      [],
      'noMatchingAdvertisement'
    ],
    [
      'advertisements that disagree',
      { ...LOCAL, ...LABELLED },
      { ...WORST, advertisements: CONFLICT },
      [],
      'conflictingAdvertisements'
    ],
    ['a network that is not there', LOCAL, WORST, [], 'nodeNetworkUnavailable'],
    ['the exclude label', LOCAL, { excluded: ['pandora'] }, [], 'nodeLabeledExcludeBalancers'],
    ['in maintenance', {}, { withdrawn: ['pandora'] }, THERE, 'nodeInMaintenance'],
    ['no endpoint, policy Local', LOCAL, {}, [], 'noLocalEndpoints'],
    ['an endpoint elsewhere, policy Local', LOCAL, {}, THERE, 'noLocalEndpoints'],
    ['no endpoint', {}, {}, [], 'noEndpoints']
  ])('%s: %s', (_what, options, world, endpoints, reason) => {
    const decision = decide(options, world, endpoints)
    expect(decision).toMatchObject({ outcome: 'withhold', reason })
    expect(decision.because).not.toBe('')
  })

  test.each<[World['advertisements'], string]>([
    [{}, 'no BGPAdvertisement selects pool "lan"'],
    [{ x: onNode('iris') }, 'no BGPAdvertisement of pool "lan" has a nodeSelector that matches this node'],
    [{ x: GOLD }, 'no BGPAdvertisement of pool "lan" for this node has a serviceSelector that matches it']
  ])('says what is missing: %j', (advertisements, because) => {
    expect(decide({}, { advertisements }).because).toBe(because)
  })

  test('names both of the advertisements that disagree', () => {
    expect(decide(LABELLED, { advertisements: CONFLICT }).because).toBe(
      'BGPAdvertisements "x" (1) and "y" (2) differ in localPref for the same prefix and peer'
    )
    expect(decide({}, { advertisements: CONFLICT }).outcome).toBe('advertise')
  })
})

describe('nodes', () => {
  test.each<[string, World, string]>([
    ['of another name do not matter', { unavailable: ['iris'], excluded: ['iris'] }, 'advertise'],
    ['whose label is ignored take part', { excluded: ['pandora'], ignoreExcludeLabel: true }, 'advertise'],
    [
      'without network do not, label or not',
      { unavailable: ['pandora'], excluded: ['pandora'], ignoreExcludeLabel: true },
      'withhold'
    ]
  ])('%s', (_what, world, outcome) => {
    expect(decide({}, world).outcome).toBe(outcome)
  })

  test('whose object is not known are taken to be fit', () => {
    const service = serviceOf('a', { ingress: ['10.20.30.1'] })
    const snapshot = { ...snapshotOf({}), nodes: new Map<string, never>() }
    expect(decideBgp('pandora', service, endpointsOf(THERE), snapshot).outcome).toBe('advertise')
  })
})

describe('with endpoints', () => {
  // Policy Cluster and policy Local, seen from node pandora.
  test.each<[Endpoints, string, string]>([
    [[], 'noEndpoints', 'noLocalEndpoints'],
    [HERE, 'advertise', 'advertise'],
    [THERE, 'advertise', 'noLocalEndpoints'],
    [[['pandora', 'not ready']], 'noEndpoints', 'noLocalEndpoints'],
    [[['pandora', 'terminating']], 'advertise', 'advertise'],
    [
      [
        ['pandora', 'not ready'],
        ['iris', 'ready']
      ],
      'advertise',
      'noLocalEndpoints'
    ],
    [
      [
        ['pandora', 'not ready'],
        ['pandora', 'ready']
      ],
      'advertise',
      'advertise'
    ],
    [[['', 'ready']], 'advertise', 'noLocalEndpoints']
  ])('%j: Cluster %s, Local %s', (endpoints, cluster, local) => {
    const outcome = (decision: BgpDecision) =>
      decision.outcome === 'withhold' ? decision.reason : decision.outcome
    expect(outcome(decide({}, {}, endpoints))).toBe(cluster)
    expect(outcome(decide(LOCAL, {}, endpoints))).toBe(local)
  })
})

describe('two advertisements', () => {
  // The first has localPref 100. Selectors keep the configuration from refusing the pair beforehand.
  const A = { ...GOLD, localPref: 100 }
  const V4 = { ingress: ['10.20.30.1'] }
  const V6 = { ingress: ['2001:db8::1'] }
  const BOTH = { ingress: ['10.20.30.1', '2001:db8::1'] }
  const WIDE = { localPref: 200, aggregationLength: 24 }
  const WIDE_V6 = { localPref: 200, aggregationLengthV6: 64 }
  test.each<[string, ServiceOptions, Record<string, unknown>, Record<string, unknown>, boolean]>([
    ['of one localPref', V4, A, { localPref: 100 }, false],
    ['of two', V4, A, { localPref: 200 }, true],
    ['of one that is not said', V4, A, {}, true],
    ['of two, for one peer', V4, { ...A, peers: ['r1'] }, { localPref: 200, peers: ['r1'] }, true],
    ['of two, for all and for one', V4, A, { localPref: 200, peers: ['r1'] }, true],
    ['of two, for one and for all', V4, { ...A, peers: ['r1'] }, { localPref: 200 }, true],
    [
      'of two, for peers in part the same',
      V4,
      { ...A, peers: ['r1', 'r2'] },
      { localPref: 200, peers: ['r3', 'r2'] },
      true
    ],
    ['of two, for different peers', V4, { ...A, peers: ['r1'] }, { localPref: 200, peers: ['r2'] }, false],
    ['of two lengths', V4, A, WIDE, false],
    ['of two lengths of the other family', V4, A, WIDE_V6, true],
    ['of two lengths of its family, IPv6', V6, A, WIDE_V6, false],
    ['of two lengths of the other family, IPv6', V6, A, WIDE, true],
    ['of two lengths of one family of two', BOTH, A, WIDE, true],
    ['of two lengths of both families', BOTH, A, { ...WIDE, ...WIDE_V6 }, false],
    ['on different nodes', V4, A, { localPref: 200, ...onNode('iris') }, false],
    ['for other Services', V4, A, { localPref: 200, ...SILVER }, false]
  ])('%s', (_what, options, a, b, isConflict) => {
    const decision = decide({ ...options, labels: { tier: 'gold' } }, { advertisements: { a, b } })
    expect(decision.outcome).toBe(isConflict ? 'withhold' : 'advertise')
    if (isConflict) expect(decision).toMatchObject({ reason: 'conflictingAdvertisements' })
  })

  test('of three the pair that disagrees is found', () => {
    const advertisements = { a: A, b: { ...GOLD, localPref: 100, communities: ['1:1'] }, c: { localPref: 3 } }
    expect(decide({ labels: { tier: 'gold' } }, { advertisements }).because).toContain(
      '"a" (100) and "c" (3)'
    )
  })
})
