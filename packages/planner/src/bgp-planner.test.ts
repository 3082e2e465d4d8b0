import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AnnouncementPlanner,
  BgpPlanner,
  decideBgp,
  type NodeView,
  PoolIndex,
  summarizeEndpoints,
  WantedRoutes
} from './index.ts'
import { bgpPeer, configOf, serviceOf } from './test-objects.ts'

const nodes = ['pandora', 'iris'].map((name) => ({ name, labels: { name } }))
const ad = (name: string, spec: Record<string, unknown> = {}) => ({ metadata: { name }, spec })
const ROUTER = { nodes, bgpPeers: [bgpPeer('r1')] }
const CONFIG = configOf({ lan: ['10.20.30.0/24'] }, { ...ROUTER, bgpAdvertisements: [ad('all')] })
const READY = summarizeEndpoints([{ endpoints: [{ nodeName: 'iris' }] }])
const LOCAL_READY = summarizeEndpoints([{ endpoints: [{ nodeName: 'pandora' }] }])
const NONE = summarizeEndpoints([])
const FIT = { name: 'pandora', isNetworkUnavailable: false, isExcluded: false }
const maintenance = { because: 'it is drained', yieldedShare: 1, isWithdrawn: true }
const service = (name: string, last: number, spec = {}) =>
  serviceOf(name, { ingress: [`10.20.30.${last}`], spec })

/** A planner of node pandora with what it hands to its peers. */
class Node {
  readonly planner = new BgpPlanner({ node: 'pandora' })
  readonly routes = new WantedRoutes()

  /** Applies changes and tells the routes of each peer, as `peer: prefix prefix`. */
  after(changes: ReturnType<BgpPlanner['setConfig']>): readonly string[] {
    this.routes.apply(changes)
    return ['r1', 'r2'].map((peer) =>
      [`${peer}:`, ...this.routes.routesOf(peer).map(({ prefix }) => prefix.toString())].join(' ')
    )
  }
}

describe('what peers have after each event', () => {
  test('follows Services, endpoints, the node and the configuration', () => {
    const node = new Node()
    node.routes.setPeers(['r1', 'r2'])
    const { planner } = node
    const local = { externalTrafficPolicy: 'Local' }
    const both = (text: string) => [`r1:${text}`, `r2:${text}`]
    const a = service('a', 1)
    expect(node.after(planner.setService(a, READY))).toEqual(both(''))
    expect(node.after(planner.setConfig(CONFIG))).toEqual(both(' 10.20.30.1/32'))
    expect(node.after(planner.setService(a, NONE))).toEqual(both(''))
    expect(node.after(planner.setService(a, READY))).toEqual(both(' 10.20.30.1/32'))
    expect(node.after(planner.setService(service('a', 1, local), READY))).toEqual(both(''))
    expect(node.after(planner.setService(service('a', 1, local), LOCAL_READY))).toEqual(
      both(' 10.20.30.1/32')
    )
    expect(node.after(planner.setService(service('b', 2), READY))).toEqual(
      both(' 10.20.30.1/32 10.20.30.2/32')
    )
    expect(node.after(planner.setService(service('b', 3), READY))).toEqual(
      both(' 10.20.30.1/32 10.20.30.3/32')
    )
    expect(node.after(planner.setNode('iris', { ...FIT, name: 'iris', isExcluded: true }))).toEqual(
      both(' 10.20.30.1/32 10.20.30.3/32')
    )
    expect(node.after(planner.setNode('pandora', { ...FIT, isNetworkUnavailable: true }))).toEqual(both(''))
    expect(node.after(planner.setNode('pandora', FIT))).toEqual(both(' 10.20.30.1/32 10.20.30.3/32'))
    const narrow = configOf(
      { lan: ['10.20.30.0/24'] },
      { nodes, bgpAdvertisements: [ad('one', { peers: ['r2'] })] }
    )
    expect(node.after(planner.setConfig(narrow))).toEqual(['r1:', 'r2: 10.20.30.1/32 10.20.30.3/32'])
    const wide = configOf(
      { lan: ['10.20.30.0/24'] },
      { nodes, bgpAdvertisements: [ad('one', { aggregationLength: 24 })] }
    )
    expect(node.after(planner.setConfig(wide))).toEqual(both(' 10.20.30.0/24'))
    expect(node.after(planner.removeService('default/a'))).toEqual(both(' 10.20.30.0/24'))
    expect(node.after(planner.removeService('default/b'))).toEqual(both(''))
    expect([planner.size, node.routes.size]).toEqual([0, 0])
  })
})

describe('a change', () => {
  const brief = (changes: ReturnType<BgpPlanner['setConfig']>) =>
    changes.map(
      ({ key, after }) =>
        `${key} ${after?.outcome === 'withhold' ? after.reason : (after?.outcome ?? 'gone')}`
    )

  test('of one Service tells of that Service alone, and only if something is different', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    expect(brief(planner.setService(service('a', 1), READY))).toEqual(['default/a advertise'])
    expect(brief(planner.setService(service('b', 2), READY))).toEqual(['default/b advertise'])
    expect(planner.setService(service('a', 1), LOCAL_READY)).toEqual([])
    expect(brief(planner.setService(service('a', 1), NONE))).toEqual(['default/a noEndpoints'])
    expect(planner.setConfig(CONFIG)).toEqual([])
    expect(brief(planner.removeService('default/a'))).toEqual(['default/a gone'])
    expect(planner.removeService('default/a')).toEqual([])
  })

  test('of a node matters if it is this one and its fitness is another', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    planner.setService(service('a', 1), READY)
    expect(planner.setNode('pandora', FIT)).toEqual([])
    expect(planner.setNode('iris', { ...FIT, isNetworkUnavailable: true })).toEqual([])
    expect(brief(planner.setNode('pandora', { ...FIT, isExcluded: true }))).toEqual([
      'default/a nodeLabeledExcludeBalancers'
    ])
    expect(brief(planner.setNode('pandora', undefined))).toEqual(['default/a advertise'])
  })

  test('of other nodes count while the own one is in maintenance', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    planner.setService(service('a', 1), READY)
    planner.setAlive(new Set(['iris']))
    const iris = { ...FIT, name: 'iris' }
    // Alone it stays a way.
    expect(planner.setNode('pandora', { ...FIT, maintenance })).toEqual([])
    expect(brief(planner.setNode('iris', iris))).toEqual(['default/a nodeInMaintenance'])
    expect(brief(planner.setNode('iris', { ...iris, maintenance }))).toEqual(['default/a advertise'])
    expect(brief(planner.setNode('iris', iris))).toEqual(['default/a nodeInMaintenance'])
    expect(brief(planner.setNode('pandora', FIT))).toEqual(['default/a advertise'])
  })

  test('of who is alive counts while routes of the own node may go, and only if it is of a next hop', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    planner.setService(service('a', 1), READY)
    planner.setNode('iris', { ...FIT, name: 'iris' })
    const alive = (...names: readonly string[]) => brief(planner.setAlive(new Set(names)))
    expect([alive('pandora', 'iris'), alive('pandora'), alive('pandora', 'iris')]).toEqual([[], [], []])
    const gone = ['default/a nodeInMaintenance']
    expect(brief(planner.setNode('pandora', { ...FIT, maintenance }))).toEqual(gone)
    const decision = planner.decisionOf('default/a')
    expect(alive('pandora', 'iris', 'stranger')).toEqual([])
    expect(planner.decisionOf('default/a')).toBe(decision)
    expect(alive('pandora')).toEqual(['default/a advertise'])
    expect(alive('iris')).toEqual(gone)
    expect(brief(planner.setAlive(undefined))).toEqual(['default/a advertise'])
  })

  test('of who has sessions with routers counts, too', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    planner.setService(service('a', 1), READY)
    planner.setNode('iris', { ...FIT, name: 'iris' })
    planner.setAlive(new Set(['iris']))
    planner.setNode('pandora', { ...FIT, maintenance })
    const here = bgpPeer('r1', { nodeSelectors: [{ matchLabels: { name: 'pandora' } }] })
    const config = { nodes, bgpPeers: [here], bgpAdvertisements: [ad('all')] }
    expect(brief(planner.setConfig(configOf({ lan: ['10.20.30.0/24'] }, config)))).toEqual([
      'default/a advertise'
    ])
    expect(brief(planner.setConfig(CONFIG))).toEqual(['default/a nodeInMaintenance'])
  })

  test('of the configuration tells of other attributes, too', () => {
    const planner = new BgpPlanner({ node: 'pandora' })
    planner.setConfig(CONFIG)
    planner.setService(service('a', 1), READY)
    const parts = [{ localPref: 1 }, { communities: ['1:1'] }, { communities: ['1:2'] }, { peers: ['r1'] }]
    let spec = {}
    for (const part of parts) {
      spec = { ...spec, ...part }
      const config = configOf({ lan: ['10.20.30.0/24'] }, { nodes, bgpAdvertisements: [ad('all', spec)] })
      expect(brief(planner.setConfig(config))).toEqual(['default/a advertise'])
      expect(planner.setConfig(config)).toEqual([])
    }
  })
})

test('Services that are withheld for the same reason share what says so', () => {
  const planner = new BgpPlanner({ node: 'pandora' })
  planner.setConfig(CONFIG)
  planner.setService(service('a', 1), NONE)
  planner.setService(service('b', 2), NONE)
  expect(planner.decisionOf('default/a')).toMatchObject({ reason: 'noEndpoints' })
  expect(planner.decisionOf('default/b')).toBe(planner.decisionOf('default/a'))
})

test('one planner for both protocols decides as one for each', () => {
  const both = configOf(
    { l2: ['10.1.0.0/24'], bgp: ['10.2.0.0/24'], mixed: ['10.3.0.0/24'] },
    {
      nodes,
      l2Advertisements: [{ metadata: { name: 'x' }, spec: { ipAddressPools: ['l2', 'mixed'] } }],
      bgpAdvertisements: [ad('y', { ipAddressPools: ['bgp', 'mixed'] })]
    }
  )
  const planner = new AnnouncementPlanner({ node: 'pandora' })
  planner.setConfig(both)
  expect(planner.setMembers(new Set(['pandora']))).toEqual([])
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const object = serviceOf(name, { ingress: [`10.${i + 1}.0.1`] })
    const { l2, bgp } = planner.setService(object, READY)
    expect([l2.length, bgp.length]).toEqual([1, 1])
  }
  const outcomes = ['default/a', 'default/b', 'default/c'].map((key) => [
    planner.l2DecisionOf(key)?.outcome,
    planner.bgpDecisionOf(key)?.outcome
  ])
  expect(outcomes).toEqual([
    ['announce', 'withhold'],
    ['withhold', 'advertise'],
    ['announce', 'advertise']
  ])
  const { l2, bgp } = planner.removeService('default/c')
  expect([l2, bgp].map(([change]) => change?.after)).toEqual([undefined, undefined])
  expect(planner.size).toBe(2)
})

test('after any changes in any order the decisions are those made from scratch', () => {
  const endpoints = fc.constantFrom(READY, LOCAL_READY, NONE)
  const policy = fc.constantFrom('Local', 'Cluster')
  const configs = [{}, { nodeSelectors: [{ matchLabels: { name: 'iris' } }] }, { localPref: 5 }].map((spec) =>
    configOf({ lan: ['10.20.30.0/24'] }, { ...ROUTER, bgpAdvertisements: [ad('all', spec)] })
  )
  const change = fc.oneof(
    fc.record({
      service: fc.constantFrom('a', 'b', 'c'),
      last: fc.integer({ min: 1, max: 4 }),
      endpoints,
      policy
    }),
    fc.record({ removed: fc.constantFrom('default/a', 'default/b') }),
    fc.record({
      name: fc.constantFrom('pandora', 'iris'),
      isExcluded: fc.boolean(),
      isNetworkUnavailable: fc.boolean(),
      maintenance: fc.constantFrom(undefined, maintenance, { ...maintenance, isWithdrawn: false })
    }),
    fc.record({ alive: fc.constantFrom(undefined, new Set(['pandora']), new Set(['pandora', 'iris'])) }),
    fc.record({ config: fc.constantFrom(...configs) })
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const planner = new BgpPlanner({ node: 'pandora' })
      planner.setConfig(CONFIG)
      let { pools, peers } = CONFIG
      let alive: ReadonlySet<string> | undefined
      const views = new Map<string, NodeView>()
      const known = new Map<string, Parameters<BgpPlanner['setService']>>()
      for (const one of changes) {
        if ('service' in one) {
          const object = service(one.service, one.last, { externalTrafficPolicy: one.policy })
          known.set(`default/${one.service}`, [object, one.endpoints])
          planner.setService(object, one.endpoints)
        } else if ('removed' in one) {
          known.delete(one.removed)
          planner.removeService(one.removed)
        } else if ('config' in one) {
          ;({ pools, peers } = one.config)
          planner.setConfig(one.config)
        } else if ('alive' in one) {
          alive = one.alive
          planner.setAlive(alive)
        } else {
          views.set(one.name, one)
          planner.setNode(one.name, one)
        }
      }
      const snapshot = {
        pools: new PoolIndex(pools),
        nodes: views,
        alive,
        peers,
        ignoreExcludeLabel: false
      }
      for (const [key, [object, ready]] of known)
        expect(planner.decisionOf(key)).toEqual(decideBgp('pandora', object, ready, snapshot))
    })
  )
})
