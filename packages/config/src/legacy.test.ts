import { describe, expect, test } from 'vitest'
import { buildConfig, parseLegacyConfig } from './index.ts'

const NODES = [
  { name: 'a', labels: { zone: '1' } },
  { name: 'b', labels: {} }
]

describe('the legacy ConfigMap', () => {
  const OBJECT = { name: 'config', namespace: 'metallb-system' }

  test('a layer2 pool is the same pool with an advertisement of its own', () => {
    const { resources, problems } = parseLegacyConfig(
      'address-pools:\n- name: default\n  protocol: layer2\n  auto-assign: false\n  addresses: [192.0.2.0/24]\n',
      OBJECT
    )
    expect(problems).toEqual([])
    const { config } = buildConfig({ ...resources, nodes: NODES })
    expect(config.pools).toMatchObject([
      { name: 'default', autoAssign: false, l2Advertisements: [{ name: 'default' }] }
    ])
  })

  test('peers, communities and BGP advertisements are read', () => {
    const text = `
peers:
- my-asn: 64500
  peer-asn: 64501
  peer-address: 192.0.2.1
  node-selectors:
  - match-labels: {zone: "1"}
bgp-communities:
  here: 65535:65281
address-pools:
- name: p
  protocol: bgp
  addresses: [203.0.113.0/24]
  bgp-advertisements:
  - aggregation-length: 32
    localpref: 100
    communities: [here]
`
    const legacy = parseLegacyConfig(text, OBJECT)
    const { config, problems } = buildConfig({ ...legacy.resources, nodes: NODES })
    expect([...legacy.problems, ...problems]).toEqual([])
    expect(config.peers).toMatchObject([{ name: 'peer1', holdTimeMs: 90_000 }])
    expect([...(config.peers[0]?.nodes ?? [])]).toEqual(['a'])
    expect(config.pools[0]?.bgpAdvertisements).toMatchObject([
      { localPref: 100, communities: [{ type: 'standard', value: 0xffff_ff01 }] }
    ])
  })

  test.each([
    ['address-pools: [', 'config'],
    ['pools: []', 'config.pools'],
    ['address-pools: {}', 'address-pools'],
    ['address-pools:\n- name: a\n  protocol: layer2\n  adresses: []', 'config.address-pools[0].adresses'],
    ['address-pools:\n- name: a\n  protocol: l2\n  addresses: []', 'config.address-pools[0].protocol'],
    [
      'address-pools:\n- name: a\n  protocol: layer2\n  addresses: []\n  bgp-advertisements: [{}]',
      'config.address-pools[0].bgp-advertisements'
    ],
    ['address-pools:\n- 7', 'config.address-pools[0]']
  ])('%j names %s', (text, field) => {
    expect(parseLegacyConfig(text, OBJECT).problems).toContainEqual(
      expect.objectContaining({ kind: 'ConfigMap', name: 'config', field })
    )
  })

  const LAYER2 = '- {name: lan, protocol: layer2, addresses: [192.0.2.0/24]}'

  test.each([
    ['no', 'yes', false, true],
    ['Off', 'on', false, true],
    ['n', 'Y', false, true],
    ['TRUE', 'false', true, false]
  ])(
    'auto-assign: %s, avoid-buggy-ips: %s mean what they mean in YAML 1.1',
    (auto, avoid, autoAssign, avoidBuggyIps) => {
      const text = `address-pools:\n- name: lan\n  protocol: layer2\n  addresses: [192.0.2.0/24]\n  auto-assign: ${auto}\n  avoid-buggy-ips: ${avoid}\n`
      const { resources, problems } = parseLegacyConfig(text, OBJECT)
      const built = buildConfig(resources ?? {})
      expect([...problems, ...built.problems]).toEqual([])
      expect(built.config.pools).toMatchObject([{ autoAssign, avoidBuggyIps }])
    }
  )

  test('texts may look like numbers and booleans', () => {
    const text = `
peers:
- {my-asn: 64500, peer-asn: 64501, peer-address: 192.0.2.1, password: 012345, ebgp-multihop: on,
   node-selectors: [{match-labels: {zone: 1}, match-expressions: [{key: edge, operator: In, values: [true, 7]}]}]}
address-pools:
- {name: 2021, protocol: layer2, addresses: [192.0.2.0/24]}
- {name: on, protocol: layer2, addresses: [203.0.113.0/24]}
`
    const { resources, problems } = parseLegacyConfig(text, OBJECT)
    expect(resources?.bgpPeers?.[0]?.spec).toMatchObject({
      myASN: 64_500,
      password: '012345',
      ebgpMultiHop: true,
      nodeSelectors: [{ matchLabels: { zone: '1' }, matchExpressions: [{ values: ['true', '7'] }] }]
    })
    const built = buildConfig(resources ?? {})
    expect([...problems, ...built.problems]).toEqual([])
    expect(built.config.pools.map(({ name }) => name)).toEqual(['2021', 'on'])
  })

  test.each([
    ['keys without a value', `peers:\nbgp-communities:\nbfd-profiles: ~\naddress-pools:\n${LAYER2}`],
    [
      'an empty list of BGP advertisements',
      `address-pools:\n${LAYER2.replace('}', ', bgp-advertisements: []}')}`
    ],
    ['a second document', `---\naddress-pools:\n${LAYER2}\n---\nsomething: else`],
    [
      'a merge key',
      `address-pools:\n- &lan\n  name: lan\n  protocol: layer2\n  addresses: [192.0.2.0/24]\n- {<<: *lan, name: two, addresses: [203.0.113.0/24]}`
    ]
  ])('%s is no mistake', (_what, text) => {
    const { resources, problems } = parseLegacyConfig(text, OBJECT)
    const built = buildConfig(resources ?? {})
    expect([...problems, ...built.problems]).toEqual([])
    expect(built.config.pools[0]).toMatchObject({ name: 'lan', l2Advertisements: [{ name: 'lan' }] })
  })

  test('a key of the whole that is not known does not cost the pools', () => {
    const { resources, problems } = parseLegacyConfig(`adress-pools: []\naddress-pools:\n${LAYER2}`, OBJECT)
    expect(problems).toMatchObject([{ field: 'config.adress-pools' }])
    expect(resources?.pools).toHaveLength(1)
  })

  test.each(['address-pools: [', 'a: 1\na: 2', '- a list', 'a text'])(
    '%j is no configuration at all',
    (text) => {
      const { resources, problems } = parseLegacyConfig(text, OBJECT)
      expect([resources, problems.length]).toEqual([undefined, 1])
    }
  )

  test.each(['', '# nothing', '---', '{}'])('%j is an empty configuration', (text) => {
    const { resources, problems } = parseLegacyConfig(text, OBJECT)
    expect([resources?.pools, problems]).toEqual([[], []])
  })

  test.each(['{receive-interval: 50}', '{name: "", receive-interval: 50}', '{name: [a]}'])(
    'a BFD profile without a name is refused: %s',
    (entry) => {
      const { resources, problems } = parseLegacyConfig(`bfd-profiles:\n- {name: fast}\n- ${entry}`, OBJECT)
      expect(resources?.bfdProfiles?.map(({ metadata }) => metadata?.name)).toEqual(['fast'])
      expect(problems).toMatchObject([{ severity: 'error', field: 'config.bfd-profiles[1].name' }])
    }
  )

  test('a bad pool does not cost the good one', () => {
    const text =
      'address-pools:\n- {name: bad, protocol: layer2, speed: 9, addresses: [192.0.2.0/24]}\n- {name: good, protocol: layer2, addresses: [203.0.113.0/24]}'
    expect(parseLegacyConfig(text, OBJECT).resources?.pools?.map(({ metadata }) => metadata?.name)).toEqual([
      'good'
    ])
  })
})
