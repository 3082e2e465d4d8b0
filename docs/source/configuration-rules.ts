import type { ConfigResources, Problem } from '../../packages/config/src/index.ts'
import type { KindName } from '../../packages/crds/src/index.ts'

/** What is checked beyond the schema, and an example that breaks it: a test reads each one as Clarion does. */
export interface Rule {
  /** Markdown, without a full stop. */
  readonly says: string
  readonly outcome: Outcome
  readonly example: ConfigResources
  /** Path of the field that the problem names. */
  readonly field: string
}

type Outcome = 'refused' | 'leftOut' | 'leftOutOrRefused' | 'warned'

/** What becomes of an object because of a problem. */
export function outcomeOf({ severity, acceptedBy }: Problem): Outcome {
  if (severity === 'warning') return 'warned'
  if (acceptedBy === undefined) return 'refused'
  return acceptedBy === 'metallb-native' ? 'leftOutOrRefused' : 'leftOut'
}

const NODES = [{ name: 'a', labels: { zone: '1' } }]
const POOL = { metadata: { name: 'p' }, spec: { addresses: ['192.0.2.0/24'] } }
const OTHER = { metadata: { name: 'q' }, spec: { addresses: ['198.51.100.0/24'] } }
const TWICE = { matchLabels: { zone: '1' } }
const NOWHERE = { matchLabels: { zone: '9' } }

const pool = (spec: object): ConfigResources => ({
  nodes: NODES,
  pools: [{ metadata: { name: 'p' }, spec: { addresses: ['192.0.2.0/24'], ...spec } }]
})
const l2 = (spec: object): ConfigResources => ({
  nodes: NODES,
  pools: [POOL],
  l2Advertisements: [{ metadata: { name: 'x' }, spec }]
})
const bgp = (...specs: readonly object[]): ConfigResources => ({
  nodes: NODES,
  pools: [POOL],
  bgpPeers: [],
  bgpAdvertisements: specs.map((spec, i) => ({ metadata: { name: `x${i}` }, spec }))
})
const peer = (...specs: readonly object[]): ConfigResources => ({
  nodes: NODES,
  bgpPeers: specs.map((spec, i) => ({
    metadata: { name: `x${i}` },
    spec: { myASN: 64512, peerASN: 64513, peerAddress: `192.0.2.${i + 1}`, ...spec }
  }))
})

function rule(outcome: Outcome, says: string, field: string, example: ConfigResources): Rule {
  return { outcome, says, field, example }
}

const CHOSEN_POOLS = (make: (spec: object) => ConfigResources): readonly Rule[] => [
  rule(
    'refused',
    'a pool or a selector that is listed twice',
    'spec.ipAddressPools[1]',
    make({ ipAddressPools: ['p', 'p'] })
  ),
  rule(
    'warned',
    'the name of a pool that is not there or cannot be used',
    'spec.ipAddressPools[0]',
    make({ ipAddressPools: ['none'] })
  ),
  rule(
    'warned',
    '`ipAddressPoolSelectors` that match no pool',
    'spec.ipAddressPoolSelectors',
    make({ ipAddressPoolSelectors: [NOWHERE] })
  ),
  rule(
    'refused',
    'the same node selector twice',
    'spec.nodeSelectors[1]',
    make({ nodeSelectors: [TWICE, TWICE] })
  )
]

/** The rules of each kind, in the order of its fields. */
export const RULES: Readonly<Partial<Record<KindName, readonly Rule[]>>> = {
  IPAddressPool: [
    rule('refused', 'a pool without addresses', 'spec.addresses', pool({ addresses: [] })),
    rule(
      'refused',
      'an entry that is neither a prefix nor a range; host bits of a prefix are ignored',
      'spec.addresses[0]',
      pool({ addresses: ['192.0.2.0'] })
    ),
    rule(
      'refused',
      'a range whose ends are of different families',
      'spec.addresses[0]',
      pool({ addresses: ['192.0.2.1-2001:db8::1'] })
    ),
    rule(
      'refused',
      'a range that ends before it begins',
      'spec.addresses[0]',
      pool({ addresses: ['192.0.2.9-192.0.2.1'] })
    ),
    rule(
      'refused',
      'addresses that the pool has twice',
      'spec.addresses[1]',
      pool({ addresses: ['192.0.2.0/24', '192.0.2.9-192.0.2.10'] })
    ),
    rule('refused', 'addresses that an older pool has', 'spec.addresses[0]', {
      pools: [POOL, { ...OTHER, spec: POOL.spec }]
    }),
    rule(
      'warned',
      'addresses that nobody can connect to (`0.0.0.0/8`, `127.0.0.0/8`, `224.0.0.0/3`, `::/127`, `fe80::/10`, `ff00::/8`)',
      'spec.addresses[0]',
      pool({ addresses: ['127.0.0.0/24'] })
    ),
    rule(
      'warned',
      'a `priority` below 0, which counts as none',
      'spec.serviceAllocation.priority',
      pool({ serviceAllocation: { priority: -1 } })
    ),
    rule('warned', 'the name of a namespace that is not there', 'spec.serviceAllocation.namespaces[0]', {
      ...pool({ serviceAllocation: { namespaces: ['none'] } }),
      namespaces: []
    }),
    rule(
      'refused',
      'a namespace or a selector that is listed twice',
      'spec.serviceAllocation.namespaces[1]',
      pool({ serviceAllocation: { namespaces: ['n', 'n'] } })
    ),
    rule(
      'warned',
      '`namespaceSelectors` that match no namespace: then nobody gets an address of the pool without asking, and everybody who asks for it does',
      'spec.serviceAllocation.namespaceSelectors',
      pool({ serviceAllocation: { namespaceSelectors: [NOWHERE] } })
    )
  ],
  L2Advertisement: [
    ...CHOSEN_POOLS(l2),
    rule(
      'warned',
      '`nodeSelectors` that match no node: nobody announces',
      'spec.nodeSelectors',
      l2({ nodeSelectors: [NOWHERE] })
    ),
    rule(
      'warned',
      'an interface that is listed twice: it is used once',
      'spec.interfaces[1]',
      l2({ interfaces: ['eth0', 'eth0'] })
    )
  ],
  BGPAdvertisement: [
    ...CHOSEN_POOLS(bgp),
    rule('refused', '`aggregationLength` above 32', 'spec.aggregationLength', bgp({ aggregationLength: 33 })),
    rule(
      'refused',
      '`aggregationLengthV6` below 1 or above 128',
      'spec.aggregationLengthV6',
      bgp({ aggregationLengthV6: 129 })
    ),
    rule(
      'refused',
      'an aggregate that is wider than the widest prefix of an entry of the pool',
      'spec.aggregationLength',
      bgp({ aggregationLength: 20 })
    ),
    rule(
      'refused',
      '`localPref` that differs from another advertisement of the same prefixes to the same peers from the same node',
      'spec.localPref',
      bgp({ localPref: 1 }, { localPref: 2 })
    ),
    rule('warned', 'an advertisement that says the same as another', 'spec', bgp({}, {})),
    rule(
      'refused',
      'a community that is out of range, and no name of one',
      'spec.communities[0]',
      bgp({ communities: ['70000:1'] })
    ),
    rule(
      'leftOut',
      'the name of a community that no Community has, and that is no well-known one (`no-export`, `no-advertise`, `graceful-shutdown`, `blackhole` …)',
      'spec.communities[0]',
      bgp({ communities: ['nobody'] })
    ),
    rule(
      'leftOut',
      'more than 63 communities',
      'spec.communities',
      bgp({ communities: Array.from({ length: 64 }, (_, i) => `1:${i}`) })
    ),
    rule(
      'refused',
      'a peer or a community that is listed twice',
      'spec.peers[1]',
      bgp({ peers: ['r', 'r'] })
    ),
    rule('warned', 'the name of a peer that is not there', 'spec.peers[0]', bgp({ peers: ['r'] }))
  ],
  BGPPeer: [
    rule('refused', '`myASN` 0', 'spec.myASN', peer({ myASN: 0 })),
    rule(
      'refused',
      'both or neither of `peerASN` and `dynamicASN`',
      'spec.peerASN',
      peer({ dynamicASN: 'external' })
    ),
    rule(
      'refused',
      'both or neither of `peerAddress` and `interface`',
      'spec.peerAddress',
      peer({ interface: 'eth0' })
    ),
    rule(
      'refused',
      '`peerAddress` or `sourceAddress` that is not an IP address',
      'spec.peerAddress',
      peer({ peerAddress: 'router' })
    ),
    rule(
      'leftOut',
      '`sourceAddress` of another family than `peerAddress`',
      'spec.sourceAddress',
      peer({ sourceAddress: '2001:db8::1' })
    ),
    rule(
      'leftOutOrRefused',
      'a second peer with the same address (or interface), port and VRF on a node',
      'spec.peerAddress',
      peer({}, { peerAddress: '192.0.2.1' })
    ),
    rule(
      'refused',
      '`routerID` that is not an IPv4 address',
      'spec.routerID',
      peer({ routerID: '2001:db8::1' })
    ),
    rule('leftOut', '`routerID` 0.0.0.0', 'spec.routerID', peer({ routerID: '0.0.0.0' })),
    rule('refused', '`holdTime` above 0 s and below 3 s', 'spec.holdTime', peer({ holdTime: '2s' })),
    rule(
      'warned',
      '`holdTime` that is no whole second, or above 65535 s: the nearest legal one is used',
      'spec.holdTime',
      peer({ holdTime: '90s500ms' })
    ),
    rule(
      'warned',
      '`keepaliveTime` that is longer than the hold time that is used: it is as long then',
      'spec.keepaliveTime',
      peer({ holdTime: '3500ms', keepaliveTime: '3500ms' })
    ),
    rule(
      'refused',
      '`keepaliveTime` that is longer than the hold time',
      'spec.keepaliveTime',
      peer({ holdTime: '9s', keepaliveTime: '10s' })
    ),
    rule('refused', 'a time that is not a duration', 'spec.holdTime', peer({ holdTime: '90' })),
    rule(
      'refused',
      '`password` and `passwordSecret` together',
      'spec.password',
      peer({ password: 'x', passwordSecret: { name: 's' } })
    ),
    rule(
      'leftOut',
      '`passwordSecret` that names no Secret of type `kubernetes.io/basic-auth` with a key `password` in our namespace',
      'spec.passwordSecret.name',
      peer({ passwordSecret: { name: 's' } })
    ),
    rule('leftOut', 'a password of more than 80 octets', 'spec.password', peer({ password: 'x'.repeat(81) })),
    rule(
      'leftOut',
      '`bfdProfile` that names no BFDProfile which can be used',
      'spec.bfdProfile',
      peer({ bfdProfile: 'none' })
    ),
    rule(
      'refused',
      '`ebgpMultiHop` with `peerASN` equal to `myASN`',
      'spec.ebgpMultiHop',
      peer({ peerASN: 64512, ebgpMultiHop: true })
    ),
    rule(
      'warned',
      '`ebgpMultiHop` of a peer that is internal otherwise',
      'spec.ebgpMultiHop',
      peer({ peerASN: undefined, dynamicASN: 'internal', ebgpMultiHop: true })
    ),
    rule('warned', '`localASN` equal to `myASN` or `peerASN`', 'spec.localASN', peer({ localASN: 64512 })),
    rule('warned', '`disableMP`', 'spec.disableMP', peer({ disableMP: true }))
  ],
  BFDProfile: [
    rule('leftOut', '`echoMode`: there is no echo function here', 'spec.echoMode', {
      bfdProfiles: [{ metadata: { name: 'x' }, spec: { echoMode: true } }]
    })
  ],
  Community: [
    rule('refused', 'a value that is not a community', 'spec.communities[0].value', {
      communities: [{ metadata: { name: 'x' }, spec: { communities: [{ name: 'n', value: '1' }] } }]
    }),
    rule('refused', 'a name that another entry has, in this or another object', 'spec.communities[1].name', {
      communities: [
        {
          metadata: { name: 'x' },
          spec: {
            communities: [
              { name: 'n', value: '1:1' },
              { name: 'n', value: '1:1' }
            ]
          }
        }
      ]
    })
  ]
}
