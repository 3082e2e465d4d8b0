import { expect, test } from 'vitest'
import { buildConfig, type ConfigResources, type Problem } from './index.ts'

const POOL = { metadata: { name: 'p' }, spec: { addresses: ['198.51.100.0/24'] } }
const peers = (spec: object): ConfigResources => ({
  bgpPeers: [
    { metadata: { name: 'x' }, spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', ...spec } },
    { metadata: { name: 'y' }, spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.2' } }
  ]
})
const bgp = (spec: object): ConfigResources => ({
  pools: [POOL],
  bgpPeers: [],
  bgpAdvertisements: [
    { metadata: { name: 'x' }, spec },
    { metadata: { name: 'y' }, spec: { localPref: 0, aggregationLength: 31 } }
  ],
  nodes: [{ name: 'a' }]
})
const l2 = (spec: object): ConfigResources => ({
  pools: [POOL],
  l2Advertisements: [{ metadata: { name: 'x' }, spec }]
})
const secret = (data: { readonly type?: string; readonly data?: Readonly<Record<string, string>> }) => ({
  ...peers({ passwordSecret: { name: 's' } }),
  secrets: new Map([['s', data]])
})
const expression = (values: readonly string[]) => ({
  matchExpressions: [{ key: 'a', operator: 'In', values }]
})

// What MetalLB's admission webhooks let pass though it cannot be used here, or not yet; and next to it what they do not.
test.each<[string, ConfigResources, Problem['acceptedBy']]>([
  [
    'a profile with echo',
    { bfdProfiles: [{ metadata: { name: 'x' }, spec: { echoMode: true } }] },
    'metallb'
  ],
  ['a profile that is not there', peers({ bfdProfile: 'z' }), 'metallb'],
  ['a Secret that is not there', peers({ passwordSecret: { name: 'z' } }), 'metallb'],
  ['a Secret of another type', secret({ type: 'Opaque', data: { password: 'eA==' } }), 'metallb'],
  ['a Secret without the key', secret({ type: 'kubernetes.io/basic-auth' }), 'metallb'],
  ['a long password', peers({ password: 'x'.repeat(81) }), 'metallb'],
  ['two passwords', peers({ password: 'x', passwordSecret: { name: 'z' } }), undefined],
  ['a source of another family', peers({ sourceAddress: '2001:db8::1' }), 'metallb'],
  ['a source that is none', peers({ sourceAddress: 'x' }), undefined],
  ['router ID 0.0.0.0', peers({ routerID: '0.0.0.0' }), 'metallb'],
  ['an IPv6 router ID', peers({ routerID: '2001:db8::1' }), undefined],
  ['a twin', peers({ peerAddress: '192.0.2.2' }), 'metallb-native'],
  ['an alias that is not there', bgp({ communities: ['later'] }), 'metallb'],
  ['a community that is none', bgp({ communities: ['65536:1'] }), undefined],
  ['many communities', bgp({ communities: Array.from({ length: 64 }, (_, i) => `1:${i}`) }), 'metallb'],
  ['another localPref', bgp({ aggregationLength: 31, localPref: 1 }), undefined],
  ['one pool twice', l2({ ipAddressPools: ['p', 'p'] }), undefined],
  [
    'a preference without values',
    l2({ preferredNodeSelectors: [{ weight: 1, preference: expression([]) }] }),
    undefined
  ],
  ['one value of a node selector twice', l2({ nodeSelectors: [expression(['1', '1'])] }), undefined],
  ['a key that no label has', l2({ nodeSelectors: [{ matchLabels: { 'bad key!': 'x' } }] }), undefined],
  ['a value that no label has', l2({ nodeSelectors: [{ matchLabels: { a: 'a b' } }] }), undefined]
])('%s', (_what, resources, acceptedBy) => {
  const [error] = buildConfig(resources).problems.filter(({ severity }) => severity === 'error')
  expect(error).toBeDefined()
  expect(error?.acceptedBy).toBe(acceptedBy)
})

// Legal, and surely not meant.
test.each<[string, ConfigResources, string]>([
  [
    'pools by a label that none has',
    l2({ ipAddressPoolSelectors: [expression(['1'])] }),
    'spec.ipAddressPoolSelectors'
  ],
  ['a peer that is not there', bgp({ peers: ['z'] }), 'spec.peers[0]'],
  ['one interface twice', l2({ interfaces: ['a', 'a'] }), 'spec.interfaces[1]'],
  [
    'one value of a preference twice',
    l2({ preferredNodeSelectors: [{ weight: 1, preference: expression(['1', '1']) }] }),
    'spec.preferredNodeSelectors[0].preference.matchExpressions[0].values'
  ]
])('%s is warned of', (_what, resources, field) => {
  expect(buildConfig(resources).problems).toMatchObject([{ severity: 'warning', name: 'x', field }])
})

test('while nobody knows which peers there are, none is missed', () => {
  const { bgpPeers: _unknown, ...resources } = bgp({ peers: ['z'] })
  expect(buildConfig(resources).problems).toEqual([])
})
