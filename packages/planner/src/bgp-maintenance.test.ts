import { expect, test } from 'vitest'
import { decideBgp, type NodeView, PoolIndex, summarizeEndpoints } from './index.ts'
import { bgpPeer, configOf, type ServiceOptions, serviceOf } from './test-objects.ts'

const maintenance = { because: 'annotation clarion.io/maintenance', yieldedShare: 1, isWithdrawn: true }
const FIT = { isNetworkUnavailable: false, isExcluded: false }
const onNode = (name: string) => ({ nodeSelectors: [{ matchLabels: { name } }] })
const GOLD = { serviceSelectors: [{ matchLabels: { tier: 'gold' } }] }

interface Situation {
  readonly advertisements?: readonly Readonly<Record<string, unknown>>[]
  readonly peers?: readonly ReturnType<typeof bgpPeer>[]
  /** `null`: nobody knows. */
  readonly alive?: readonly string[] | null
  readonly spec?: ServiceOptions['spec']
  readonly endpoint?: string
}

/** Decides for pandora, which is in maintenance; iris is the other node. */
function decide(iris: Partial<NodeView>, situation: Situation = {}): string {
  const { advertisements = [{}], peers = [bgpPeer('router')], alive = ['iris'], spec = {} } = situation
  const nodes = ['pandora', 'iris'].map((name) => ({ name, labels: { name } }))
  const config = configOf(
    { lan: ['10.20.30.0/24'] },
    {
      nodes,
      bgpPeers: peers,
      bgpAdvertisements: advertisements.map((spec, i) => ({ metadata: { name: `ad${i}` }, spec }))
    }
  )
  const views = [
    { ...FIT, name: 'pandora', maintenance },
    { ...FIT, ...iris, name: 'iris' }
  ]
  const decision = decideBgp(
    'pandora',
    serviceOf('a', { ingress: ['10.20.30.1'], labels: { tier: 'gold' }, spec }),
    summarizeEndpoints([{ endpoints: [{ nodeName: situation.endpoint ?? 'iris' }] }]),
    {
      pools: new PoolIndex(config.pools),
      nodes: new Map(views.map((view) => [view.name, view])),
      alive: alive === null ? undefined : new Set(alive),
      peers: config.peers,
      ignoreExcludeLabel: false
    }
  )
  return decision.outcome === 'advertise' ? 'advertise' : decision.reason
}

test.each<[string, Situation]>([
  ['by the same router', {}],
  [
    'by a router of its own',
    { peers: [bgpPeer('router', onNode('pandora')), bgpPeer('other', onNode('iris'))] }
  ],
  ['by the router that is named', { advertisements: [{ peers: ['router'] }] }],
  [
    'by one of two advertisements',
    {
      advertisements: [
        { peers: ['nobody'] },
        { ...GOLD, peers: ['router'], ...onNode('iris') },
        onNode('pandora')
      ]
    }
  ]
])('routes of a node in maintenance go, where there is another way: %s', (_what, situation) => {
  expect(decide({}, situation)).toBe('nodeInMaintenance')
})

test.each<[string, Partial<NodeView>, Situation]>([
  ['the other node is in maintenance, too', { maintenance }, {}],
  ['the other node is excluded', { isExcluded: true }, {}],
  ['the network of the other node is unavailable', { isNetworkUnavailable: true }, {}],
  ['the other node is not alive', {}, { alive: [] }],
  ['only a node that there is no object of is alive', {}, { alive: ['pandora', 'gone'] }],
  ['nobody knows who is alive', {}, { alive: null }],
  ['the other node is not selected', {}, { advertisements: [onNode('pandora')] }],
  ['the other node has no session with any router', {}, { peers: [bgpPeer('router', onNode('pandora'))] }],
  ['there is no router', {}, { peers: [] }],
  [
    'the other node has none with a router that is told',
    {},
    {
      advertisements: [{ peers: ['router'] }],
      peers: [bgpPeer('router', onNode('pandora')), bgpPeer('other', onNode('iris'))]
    }
  ],
  [
    'advertisements contradict each other on the other node alone',
    {},
    { advertisements: [{ localPref: 1 }, { ...GOLD, localPref: 2, ...onNode('iris') }] }
  ],
  [
    'the endpoint is here alone, policy Local',
    {},
    { spec: { externalTrafficPolicy: 'Local' }, endpoint: 'pandora' }
  ]
])('the last way stays: %s', (_what, iris, situation) => {
  expect(decide(iris, situation)).toBe('advertise')
})
