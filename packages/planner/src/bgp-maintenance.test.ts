import { expect, test } from 'vitest'
import { decideBgp, type NodeView, PoolIndex, summarizeEndpoints } from './index.ts'
import { configOf, serviceOf } from './test-objects.ts'

const maintenance = { because: 'annotation clarion.io/maintenance', yieldedShare: 1, isWithdrawn: true }
const FIT = { isNetworkUnavailable: false, isExcluded: false }
const ONLY_PANDORA = { nodeSelectors: [{ matchLabels: { name: 'pandora' } }] }

/** Decides for pandora, which is in maintenance; iris is the other node. */
function decide(iris: Partial<NodeView>, { advertisement = {}, spec = {}, endpoint = 'iris' } = {}): string {
  const nodes = ['pandora', 'iris'].map((name) => ({ name, labels: { name } }))
  const config = configOf(
    { lan: ['10.20.30.0/24'] },
    { nodes, bgpAdvertisements: [{ metadata: { name: 'ad' }, spec: advertisement }] }
  )
  const views = [
    { ...FIT, name: 'pandora', maintenance },
    { ...FIT, ...iris, name: 'iris' }
  ]
  const decision = decideBgp(
    'pandora',
    serviceOf('a', { ingress: ['10.20.30.1'], spec }),
    summarizeEndpoints([{ endpoints: [{ nodeName: endpoint }] }]),
    {
      pools: new PoolIndex(config.pools),
      nodes: new Map(views.map((view) => [view.name, view])),
      ignoreExcludeLabel: false
    }
  )
  return decision.outcome === 'advertise' ? 'advertise' : decision.reason
}

test('routes of a node in maintenance go, where there is another way', () => {
  expect(decide({})).toBe('nodeInMaintenance')
})

test.each<[string, Parameters<typeof decide>]>([
  ['the other node is in maintenance, too', [{ maintenance }]],
  ['the other node is excluded', [{ isExcluded: true }]],
  ['the network of the other node is unavailable', [{ isNetworkUnavailable: true }]],
  ['the other node is not selected', [{}, { advertisement: ONLY_PANDORA }]],
  [
    'the endpoint is here alone, policy Local',
    [{}, { spec: { externalTrafficPolicy: 'Local' }, endpoint: 'pandora' }]
  ]
])('the last way stays: %s', (_what, [iris, options]) => {
  expect(decide(iris, options)).toBe('advertise')
})
