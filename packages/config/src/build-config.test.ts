import type { BGPPeer, IPAddressPool, L2Advertisement } from '@clarion-lb/crds'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildConfig, formatProblem, type LabelSelector, parseLegacyConfig } from './index.ts'

function pool(
  name: string,
  addresses: readonly string[],
  spec: Partial<NonNullable<IPAddressPool['spec']>> = {},
  createdAt = '2026-01-01T00:00:00Z'
): IPAddressPool {
  return {
    metadata: { name, namespace: 'metallb-system', creationTimestamp: createdAt },
    spec: { addresses, ...spec }
  }
}
function l2(name: string, spec: NonNullable<L2Advertisement['spec']> = {}): L2Advertisement {
  return { metadata: { name, namespace: 'metallb-system' }, spec }
}
const NODES = [
  { name: 'a', labels: { zone: '1' } },
  { name: 'b', labels: { zone: '2' } }
]
const GOOD = pool('good', ['198.51.100.0/24'])

describe('pools', () => {
  test('what is written is what is allocated from, in the order written', () => {
    const { config, problems } = buildConfig({
      pools: [pool('p', ['192.0.2.7/24', '10.0.0.1 - 10.0.0.9', '2001:db8::/024', '::ffff:10.9.0.0/120'])]
    })
    expect(config.pools[0]?.ranges.map(String)).toEqual([
      '192.0.2.0/24',
      '10.0.0.1-10.0.0.9',
      '2001:d00::/24',
      '10.9.0.0/24'
    ])
    expect(problems).toEqual([])
  })

  // One field wrong at a time: the object is named with the field and the value, and the other pool stays.
  test.each<[string, unknown, string, string | undefined]>([
    ['no spec', undefined, 'spec', undefined],
    ['no addresses', {}, 'spec.addresses', undefined],
    ['empty addresses', { addresses: [] }, 'spec.addresses', undefined],
    ['addresses as text', { addresses: '10.0.0.0/8' }, 'spec.addresses', '"10.0.0.0/8"'],
    ['a number', { addresses: [10] }, 'spec.addresses[0]', '10'],
    ['garbage', { addresses: ['192.0.2.0/24', 'ten'] }, 'spec.addresses[1]', 'ten'],
    ['a single address', { addresses: ['192.0.2.1'] }, 'spec.addresses[0]', '192.0.2.1'],
    ['leading zeros', { addresses: ['192.0.02.0/24'] }, 'spec.addresses[0]', '192.0.02.0/24'],
    ['a signed length', { addresses: ['192.0.2.0/+24'] }, 'spec.addresses[0]', '192.0.2.0/+24'],
    ['a zone', { addresses: ['fe80::%eth0/64'] }, 'spec.addresses[0]', 'fe80::%eth0/64'],
    ['reversed', { addresses: ['192.0.2.9-192.0.2.1'] }, 'spec.addresses[0]', '192.0.2.9-192.0.2.1'],
    [
      'mixed families',
      { addresses: ['192.0.2.9-2001:db8::1'] },
      'spec.addresses[0]',
      '192.0.2.9-2001:db8::1'
    ],
    [
      'overlap inside',
      { addresses: ['192.0.2.0/24', '192.0.2.128-192.0.3.1'] },
      'spec.addresses[1]',
      '192.0.2.128-192.0.3.1'
    ],
    ['overlap with an older pool', { addresses: ['198.51.0.0/16'] }, 'spec.addresses[0]', '198.51.0.0/16'],
    [
      'overlap in mapped form',
      { addresses: ['::ffff:198.51.100.0/120'] },
      'spec.addresses[0]',
      '198.51.100.0/24'
    ],
    ['autoAssign', { addresses: ['192.0.2.0/24'], autoAssign: 'no' }, 'spec.autoAssign', '"no"'],
    ['avoidBuggyIPs', { addresses: ['192.0.2.0/24'], avoidBuggyIPs: 1 }, 'spec.avoidBuggyIPs', '1'],
    [
      'priority',
      { addresses: ['192.0.2.0/24'], serviceAllocation: { priority: 'high' } },
      'spec.serviceAllocation.priority',
      '"high"'
    ],
    [
      'namespaces',
      { addresses: ['192.0.2.0/24'], serviceAllocation: { namespaces: ['x', 'x'] } },
      'spec.serviceAllocation.namespaces[1]',
      'x'
    ],
    [
      'operator',
      {
        addresses: ['192.0.2.0/24'],
        serviceAllocation: { serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] }
      },
      'spec.serviceAllocation.serviceSelectors[0].matchExpressions[0].operator',
      'Is'
    ],
    [
      'twins',
      {
        addresses: ['192.0.2.0/24'],
        serviceAllocation: { serviceSelectors: [{ matchLabels: { a: 'b' } }, { matchLabels: { a: 'b' } }] }
      },
      'spec.serviceAllocation.serviceSelectors[1]',
      'a=b'
    ]
  ])('%s: the field is named, the other pool stays', (_name, spec, field, value) => {
    const bad = {
      metadata: { name: 'bad', namespace: 'metallb-system', creationTimestamp: '2026-02-01T00:00:00Z' },
      spec
    } as unknown as IPAddressPool
    const { config, problems } = buildConfig({ pools: [bad, GOOD] })
    expect(config.pools.map(({ name }) => name)).toEqual(['good'])
    expect(problems).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        kind: 'IPAddressPool',
        namespace: 'metallb-system',
        name: 'bad',
        field,
        value
      })
    )
    expect(problems.every(({ remedy, message }) => remedy !== '' && message !== '')).toBe(true)
  })

  test('the older of two overlapping pools stays, whatever their order and names', () => {
    const older = pool('z', ['192.0.2.0/25'], {}, '2025-01-01T00:00:00Z')
    const newer = pool('a', ['192.0.2.0/24', '203.0.113.0/24'], {}, '2026-01-01T00:00:00Z')
    for (const pools of [
      [older, newer],
      [newer, older]
    ]) {
      expect(buildConfig({ pools }).config.pools.map(({ name }) => name)).toEqual(['z'])
    }
  })

  test('a range of 2^96 addresses, and ten thousand ranges, are taken in stride', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/25`)
    const { config, problems } = buildConfig({ pools: [pool('wide', ['2001:db8::/32']), pool('many', many)] })
    expect([config.pools.length, problems.length]).toEqual([2, 0])
  })

  test('namespaces are those listed, and those that a selector matches', () => {
    const namespaces = [{ name: 'x', labels: { team: 'a' } }, { name: 'y' }]
    const serviceAllocation = { namespaces: ['z'], namespaceSelectors: [{ matchLabels: { team: 'a' } }] }
    const { config } = buildConfig({
      pools: [pool('p', ['192.0.2.0/24'], { serviceAllocation })],
      namespaces
    })
    expect([...(config.pools[0]?.serviceAllocation?.namespaces ?? [])].toSorted()).toEqual(['x', 'z'])
  })

  test('a namespace selector that matches nothing is kept as a set of no namespaces, with a warning', () => {
    const serviceAllocation = { namespaceSelectors: [{ matchLabels: { team: 'a' } }] }
    const { config, problems } = buildConfig({ pools: [pool('p', ['192.0.2.0/24'], { serviceAllocation })] })
    expect(config.pools[0]?.serviceAllocation?.namespaces?.size).toBe(0)
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'warning', field: 'spec.serviceAllocation.namespaceSelectors' })
    ])
  })
})

describe('what is surely not meant in a pool is warned of, and the pool is used:', () => {
  const warningsOf = (pools: readonly IPAddressPool[], namespaces?: readonly { readonly name: string }[]) => {
    const { config, problems } = buildConfig({ pools, ...(namespaces && { namespaces }) })
    expect([config.pools.length, problems.every(({ severity }) => severity === 'warning')]).toEqual([1, true])
    return problems.map(({ field, value }) => `${field} ${value}`)
  }

  test.each([
    '0.0.0.0/24',
    '126.255.255.0-127.0.0.1',
    '224.0.0.0/24',
    '255.255.255.255/32',
    '::/127',
    '::1/128',
    'fe80::/64',
    'febf::1-fec0::1',
    'ff05::/64'
  ])('addresses that nobody can connect to: %s', (text) => {
    expect(warningsOf([pool('p', ['192.0.2.0/24', text])])).toEqual([`spec.addresses[1] ${text}`])
  })

  test.each(['1.0.0.0/24', '126.255.255.0/24', '128.0.0.0/24', '223.255.255.0/24', '::2/127', 'fec0::/64'])(
    'but not those next to them: %s',
    (text) => {
      expect(warningsOf([pool('p', [text])])).toEqual([])
    }
  )

  test('a negative priority', () => {
    const of = (priority: number) => pool('p', ['192.0.2.0/24'], { serviceAllocation: { priority } })
    expect([-1, 0, 1].map((priority) => warningsOf([of(priority)]))).toEqual([
      ['spec.serviceAllocation.priority -1'],
      [],
      []
    ])
  })

  test('a namespace that is not there, if it is known which there are', () => {
    const pools = [pool('p', ['192.0.2.0/24'], { serviceAllocation: { namespaces: ['there', 'gone'] } })]
    expect(warningsOf(pools, [{ name: 'there' }])).toEqual(['spec.serviceAllocation.namespaces[1] gone'])
    expect(warningsOf(pools)).toEqual([])
  })
})

describe('selectors', () => {
  const problemsOf = (...nodeSelectors: readonly LabelSelector[]): readonly string[] =>
    buildConfig({
      pools: [GOOD],
      l2Advertisements: [l2('x', { nodeSelectors } as NonNullable<L2Advertisement['spec']>)]
    }).problems.map(({ field, value }) => `${field.replace('spec.nodeSelectors', '')} ${value}`)
  const exists = (key: string) => ({ key, operator: 'Exists' })
  const PREFIX = `${'a'.repeat(249)}.com`

  // As the API server has it for the labels of objects: nothing else can match.
  test.each([
    'a',
    'A_b.c-9',
    'a'.repeat(63),
    'example.com/a',
    'node-role.kubernetes.io/control-plane',
    `${PREFIX}/a`
  ])('have the key %s', (key) => {
    expect(problemsOf({ matchLabels: { [key]: '' }, matchExpressions: [exists(key)] })).toEqual([])
  })

  test.each([
    '',
    'bad key!',
    '-a',
    'a.',
    'a'.repeat(64),
    '/a',
    'a/',
    'a/b/c',
    'Example.com/a',
    'example..com/a',
    `a${PREFIX}/a`,
    'a\n'
  ])('do not have the key %j', (key) => {
    const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key
    expect(problemsOf({ matchLabels: { [key]: '' } })).toEqual([`[0].matchLabels ${shown}`])
    expect(problemsOf({ matchExpressions: [exists(key)] })).toEqual([`[0].matchExpressions[0].key ${shown}`])
  })

  test.each(['', 'A_b.c-9', 'a'.repeat(63)])('have the value %j', (value) => {
    const matchExpressions = [{ key: 'k', operator: 'NotIn', values: [value] }]
    expect(problemsOf({ matchLabels: { k: value }, matchExpressions })).toEqual([])
  })

  test.each(['a b', 'example.com/a', '_a', 'a-', 'a'.repeat(64), 'ä'])(
    'do not have the value %j',
    (value) => {
      expect(problemsOf({ matchLabels: { k: value } })).toEqual([`[0].matchLabels["k"] ${value}`])
      const matchExpressions = [{ key: 'k', operator: 'In', values: ['a', value] }]
      expect(problemsOf({ matchExpressions })).toEqual([`[0].matchExpressions[0].values ${value}`])
    }
  )

  // MetalLB compares them as text, with sorted values.
  test('are the same with their labels and values in another order, and not with their expressions', () => {
    const oneOf = (...values: readonly string[]) => ({ key: 'a', operator: 'In', values })
    const twice = (one: LabelSelector, other: LabelSelector): boolean => problemsOf(one, other).length > 0
    expect(twice({ matchLabels: { a: '1', b: '2' } }, { matchLabels: { b: '2', a: '1' } })).toBe(true)
    expect(twice({ matchExpressions: [oneOf('1', '2')] }, { matchExpressions: [oneOf('2', '1')] })).toBe(true)
    const expressions = [oneOf('1'), exists('b')]
    const reversed = { matchExpressions: expressions.toReversed() }
    expect(twice({ matchExpressions: expressions }, reversed)).toBe(false)
    expect(twice({ matchExpressions: expressions }, { matchExpressions: expressions })).toBe(true)
  })
})

describe('L2 advertisements', () => {
  const pools = [
    pool('one', ['192.0.2.0/24']),
    { ...pool('two', ['203.0.113.0/24']), metadata: { name: 'two', labels: { tier: 'gold' } } }
  ]
  const attachedTo = (advertisement: L2Advertisement): string[] =>
    buildConfig({ pools, l2Advertisements: [advertisement], nodes: NODES })
      .config.pools.filter(({ l2Advertisements }) => l2Advertisements.length > 0)
      .map(({ name }) => name)

  test('names and labels of pools add up, and neither means all', () => {
    expect(attachedTo(l2('x'))).toEqual(['one', 'two'])
    expect(attachedTo(l2('x', { ipAddressPools: ['one'] }))).toEqual(['one'])
    expect(attachedTo(l2('x', { ipAddressPoolSelectors: [{ matchLabels: { tier: 'gold' } }] }))).toEqual([
      'two'
    ])
    expect(
      attachedTo(
        l2('x', { ipAddressPools: ['one'], ipAddressPoolSelectors: [{ matchLabels: { tier: 'gold' } }] })
      )
    ).toEqual(['one', 'two'])
  })

  test('an unknown pool is a warning, and the known ones stay', () => {
    const { config, problems } = buildConfig({
      pools,
      l2Advertisements: [l2('x', { ipAddressPools: ['nope', 'one'] })]
    })
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'warning', field: 'spec.ipAddressPools[0]', value: 'nope' })
    ])
    expect(config.pools[0]?.l2Advertisements).toHaveLength(1)
  })

  test('nodes are those that a selector matches; scores are sums over eligible nodes', () => {
    const advertisement = l2('x', {
      nodeSelectors: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['1', '3'] }] }],
      preferredNodeSelectors: [
        { weight: 10, preference: {} },
        { weight: 5, preference: { matchLabels: { zone: '1' } } }
      ]
    })
    const [attached] =
      buildConfig({ pools, l2Advertisements: [advertisement], nodes: NODES }).config.pools[0]
        ?.l2Advertisements ?? []
    expect([...(attached?.nodes ?? [])]).toEqual(['a'])
    expect([...(attached?.preferenceScores ?? [])]).toEqual([['a', 15]])
  })

  test('twins are attached once, unless they carry preferences', () => {
    const count = (spec: NonNullable<L2Advertisement['spec']>): number | undefined =>
      buildConfig({ pools, l2Advertisements: [l2('x', spec), l2('y', spec)], nodes: NODES }).config.pools[0]
        ?.l2Advertisements.length
    expect(count({ interfaces: ['eth0'] })).toBe(1)
    expect(count({ preferredNodeSelectors: [{ weight: 1, preference: {} }] })).toBe(2)
  })

  test('are twins also with their selectors in another order', () => {
    const expressions = [
      { key: 'a', operator: 'Exists' },
      { key: 'b', operator: 'Exists' }
    ] as const
    const [x, y] = [expressions, expressions.toReversed()].map((matchExpressions, i) =>
      l2(`x${i}`, { serviceSelectors: [{ matchExpressions: [...matchExpressions] }] })
    )
    const l2Advertisements = [x, y].filter((one) => one !== undefined)
    expect(buildConfig({ pools, l2Advertisements }).config.pools[0]?.l2Advertisements).toHaveLength(1)
  })

  test('interfaces that are there twice are used once', () => {
    const { config } = buildConfig({
      pools,
      l2Advertisements: [l2('x', { interfaces: ['eth0', 'eth1', 'eth0'] })]
    })
    expect(config.pools[0]?.l2Advertisements[0]?.interfaces).toEqual(['eth0', 'eth1'])
  })

  // MetalLB looks for duplicates in lists of selectors, and not in preferences.
  test('what is in a preference twice counts once', () => {
    const inZone1 = { key: 'zone', operator: 'In', values: ['1', '1'] }
    const preferredNodeSelectors = [
      { weight: 5, preference: { matchExpressions: [inZone1, { ...inZone1, values: ['1'] }] } }
    ]
    const { config, problems } = buildConfig({
      pools,
      l2Advertisements: [l2('x', { preferredNodeSelectors })],
      nodes: NODES
    })
    expect(problems.map(({ severity }) => severity)).toEqual(['warning'])
    const [attached] = config.pools[0]?.l2Advertisements ?? []
    expect([...(attached?.preferenceScores ?? [])]).toEqual([['a', 5]])
  })

  test.each([
    [{ ipAddressPools: ['one', 'one'] }, 'spec.ipAddressPools[1]'],
    [{ interfaces: 'eth0' }, 'spec.interfaces'],
    [
      { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
      'spec.nodeSelectors[0].matchExpressions[0].values'
    ],
    [{ nodeSelectors: [{}, {}] }, 'spec.nodeSelectors[1]']
  ])('%j is left out, naming %s', (spec, field) => {
    const { config, problems } = buildConfig({
      pools,
      l2Advertisements: [l2('bad', spec as never), l2('fine')],
      nodes: NODES
    })
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'error', kind: 'L2Advertisement', name: 'bad', field })
    )
    expect(config.pools[0]?.l2Advertisements.map(({ name }) => name)).toEqual(['fine'])
  })
})

describe('BGP', () => {
  const pools = [pool('p', ['10.0.0.0/16', '10.1.0.0/28'])]
  const advertise = (spec: object): ReturnType<typeof buildConfig> =>
    buildConfig({ pools, bgpAdvertisements: [{ metadata: { name: 'x' }, spec }], nodes: NODES })

  test.each<[object, string | undefined]>([
    [{ aggregationLength: 30 }, undefined],
    [{ aggregationLength: 24 }, 'spec.aggregationLength'],
    [{ aggregationLength: 33 }, 'spec.aggregationLength'],
    [{ aggregationLengthV6: 0 }, 'spec.aggregationLengthV6'],
    [{ communities: ['64512:1', 'no-export', 'large:1:2:3'] }, undefined],
    [{ communities: ['no-such'] }, 'spec.communities[0]'],
    [{ communities: ['65536:1'] }, 'spec.communities[0]']
  ])('%j: %s', (spec, field) => {
    const { config, problems } = advertise(spec)
    expect(problems.map((problem) => problem.field)).toEqual(field === undefined ? [] : [field])
    expect(config.pools[0]?.bgpAdvertisements).toHaveLength(field === undefined ? 1 : 0)
  })

  // MetalLB uses both: what they say of a prefix is merged.
  test('an advertisement that says the same as another is used, and warned of', () => {
    const bgpAdvertisements = ['x', 'y', 'z'].map((name) => ({
      metadata: { name },
      spec: { localPref: 7, communities: ['1:2'] }
    }))
    const { config, problems } = buildConfig({ pools, bgpAdvertisements, nodes: NODES })
    expect(config.pools[0]?.bgpAdvertisements.map(({ name }) => name)).toEqual(['x', 'y', 'z'])
    expect(problems.map(({ severity, name, message }) => `${severity} ${name}: ${message}`)).toEqual([
      'warning y: says the same as BGPAdvertisement x',
      'warning z: says the same as BGPAdvertisement x'
    ])
  })

  const peer = (spec: object): BGPPeer => ({
    metadata: { name: 'r' },
    spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', ...spec }
  })
  test.each<[object, string | undefined]>([
    [{}, undefined],
    [{ myASN: 0 }, 'spec.myASN'],
    [{ dynamicASN: 'internal' }, 'spec.peerASN'],
    [{ interface: 'eth0' }, 'spec.peerAddress'],
    [{ peerAddress: 'router' }, 'spec.peerAddress'],
    [{ routerID: '2001:db8::1' }, 'spec.routerID'],
    [{ holdTime: '90' }, 'spec.holdTime'],
    [{ holdTime: '2s' }, 'spec.holdTime'],
    [{ holdTime: '9s', keepaliveTime: '10s' }, 'spec.keepaliveTime'],
    [{ bfdProfile: 'fast' }, 'spec.bfdProfile'],
    [{ peerASN: 1, ebgpMultiHop: true }, 'spec.ebgpMultiHop'],
    [{ passwordSecret: { name: 's' } }, 'spec.passwordSecret.name']
  ])('peer %j: %s', (spec, field) => {
    const { config, problems } = buildConfig({ bgpPeers: [peer(spec)], nodes: NODES })
    expect(problems.map((problem) => problem.field)).toEqual(field === undefined ? [] : [field])
    expect(config.peers).toHaveLength(field === undefined ? 1 : 0)
  })

  test('of hold time and keepalive time the one that is absent follows from the other', () => {
    const [first, second] = [{ holdTime: '90s' }, { keepaliveTime: '10s' }].map(
      (spec) => buildConfig({ bgpPeers: [peer(spec)] }).config.peers[0]
    )
    expect([first?.keepaliveTimeMs, second?.holdTimeMs]).toEqual([30_000, 30_000])
  })

  test('a password comes from the Secret', () => {
    const secrets = new Map([
      [
        's',
        { type: 'kubernetes.io/basic-auth', data: { password: Buffer.from('geheim').toString('base64') } }
      ]
    ])
    expect(
      buildConfig({ bgpPeers: [peer({ passwordSecret: { name: 's' } })], secrets }).config.peers[0]?.password
    ).toBe('geheim')
  })
})

test('hostile objects never throw', () => {
  const objects = fc.array(
    fc.record({ metadata: fc.oneof(fc.jsonValue(), fc.record({ name: fc.string() })), spec: fc.jsonValue() }),
    { maxLength: 3 }
  )
  fc.assert(
    fc.property(objects, fc.string(), (list, text) => {
      // The types say what is promised of valid objects; these are not.
      const resources = {
        pools: list,
        l2Advertisements: list,
        bgpAdvertisements: list,
        bgpPeers: list,
        bfdProfiles: list,
        communities: list
      } as never
      expect(buildConfig(resources).config.pools.length).toBeLessThanOrEqual(list.length)
      expect(parseLegacyConfig(text, { name: 'c', namespace: 'n' }).problems.length).toBeLessThanOrEqual(1000)
    })
  )
})

test('a problem reads as one line that names object, field, value and remedy', () => {
  const [problem] = buildConfig({ pools: [pool('p', ['ten'])] }).problems
  expect(problem && formatProblem(problem)).toBe(
    'IPAddressPool metallb-system/p: spec.addresses[0] ten: is neither a prefix nor a range; write it as 192.0.2.0/24 or 192.0.2.10-192.0.2.20'
  )
})
