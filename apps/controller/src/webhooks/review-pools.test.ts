import { describe, expect, test } from 'vitest'
import { ask, inZone, object, PEER, pool, refusalLacks } from '../../test/review-bench.ts'

describe('a pool', () => {
  const OLD = pool('old', '198.51.100.0/24')
  test.each<[string, readonly string[], readonly string[] | undefined]>([
    ['beside another', ['192.0.2.0/24'], undefined],
    [
      'that overlaps another',
      ['198.51.100.128/25'],
      ['IPAddressPool metallb-system/new', 'spec.addresses[0]', 'overlaps', 'old']
    ],
    ['that overlaps another, as a range', ['198.51.100.250-198.51.101.5'], ['overlaps', 'old']],
    ['that overlaps another, in mapped form', ['::ffff:198.51.100.0/120'], ['overlaps', 'old']],
    ['that overlaps itself', ['192.0.2.0/24', '192.0.2.1-192.0.2.2'], ['spec.addresses[1]', 'same pool']],
    ['that is no address', ['192.0.2.0/24', 'ten'], ['spec.addresses[1] ten', 'write it as']],
    ['of a reversed range', ['192.0.2.9-192.0.2.1'], ['swap the ends']],
    ['of mixed families', ['192.0.2.9-2001:db8::1'], ['different families']],
    ['without addresses', [], ['spec.addresses', 'add a prefix or a range']]
  ])('%s', (_what, addresses, words) => {
    expect(refusalLacks(ask('IPAddressPool', { addresses }, { existing: { pools: [OLD] } }), words)).toEqual(
      []
    )
  })

  test('may change, also into what overlaps nothing but itself; not into what overlaps another', () => {
    const existing = { pools: [OLD, pool('new', '192.0.2.0/25')] }
    const before = { addresses: ['192.0.2.0/25'] }
    expect(
      refusalLacks(ask('IPAddressPool', { addresses: ['192.0.2.0/24'] }, { before, existing }), undefined)
    ).toEqual([])
    expect(
      refusalLacks(ask('IPAddressPool', { addresses: ['198.51.0.0/16'] }, { before, existing }), ['old'])
    ).toEqual([])
  })

  test('is to blame for an overlap that it makes, however old it is', () => {
    const metadata = { creationTimestamp: '2001-01-01T00:00:00Z' }
    const asked = { existing: { pools: [OLD] }, metadata }
    expect(
      refusalLacks(ask('IPAddressPool', { addresses: ['198.51.100.0/24'] }, asked), [
        'IPAddressPool metallb-system/new'
      ])
    ).toEqual([])
  })

  test('with duplicates in what it is reserved for is refused', () => {
    const serviceAllocation = { namespaces: ['a', 'a'] }
    const response = ask('IPAddressPool', { addresses: ['192.0.2.0/24'], serviceAllocation })
    expect(refusalLacks(response, ['spec.serviceAllocation.namespaces[1]', 'is there twice'])).toEqual([])
  })

  test('that was wrong before may be changed otherwise, with a warning', () => {
    const spec = { addresses: ['198.51.100.0/24'] }
    const response = ask(
      'IPAddressPool',
      { ...spec, autoAssign: false },
      { before: spec, existing: { pools: [OLD] } }
    )
    expect(response.allowed).toBe(true)
    expect(response.warnings).toEqual([expect.stringMatching(/^cannot be used: IPAddressPool .* overlaps/)])
  })

  test('is not refused for what is wrong with others', () => {
    const existing = { pools: [OLD, pool('twin', '198.51.100.0/24'), pool('bad', 'x')] }
    expect(
      refusalLacks(ask('IPAddressPool', { addresses: ['192.0.2.0/24'] }, { existing }), undefined)
    ).toEqual([])
  })

  test('that shrinks names the Services that lose their address', () => {
    const service = (name: string, ip: string, of = 'new') => ({
      metadata: { name, namespace: 'default', annotations: { 'metallb.io/ip-allocated-from-pool': of } },
      status: { loadBalancer: { ingress: [{ ip }] } }
    })
    const asked = {
      before: { addresses: ['192.0.2.0/24'] },
      existing: {
        holders: [
          service('kept', '192.0.2.1'),
          service('lost', '192.0.2.200'),
          service('other', '192.0.2.201', 'o')
        ]
      }
    }
    expect(ask('IPAddressPool', { addresses: ['192.0.2.0/25'] }, asked).warnings).toEqual([
      'IPAddressPool metallb-system/new: spec.addresses: Services lose their address and get another, if there is one: default/lost'
    ])
    expect(refusalLacks(ask('IPAddressPool', { addresses: ['192.0.0.0/16'] }, asked), undefined)).toEqual([])
  })

  test('that makes an advertisement useless is warned of, as MetalLB lets it pass', () => {
    const bgpAdvertisements = [object('wide', { aggregationLength: 24 })]
    const before = { addresses: ['192.0.2.0/24'] }
    const response = ask(
      'IPAddressPool',
      { addresses: ['192.0.2.0/26'] },
      { before, existing: { bgpAdvertisements } }
    )
    expect(response.allowed).toBe(true)
    expect(response.warnings).toEqual([
      expect.stringContaining('cannot be used: BGPAdvertisement metallb-system/wide')
    ])
  })
})

describe('an advertisement', () => {
  const pools = [pool('main', '192.0.2.0/24'), pool('small', '198.51.100.0/28')]
  test.each<[string, object, readonly string[] | undefined]>([
    ['of everything', {}, undefined],
    [
      'with one pool twice',
      { ipAddressPools: ['main', 'main'] },
      ['spec.ipAddressPools[1] main', 'is there twice']
    ],
    [
      'with one selector twice',
      { nodeSelectors: [{ matchLabels: { zone: '1' } }, { matchLabels: { zone: '1' } }] },
      ['spec.nodeSelectors[1]']
    ],
    [
      'with an operator that there is not',
      { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] },
      ['use one of In']
    ]
  ])('L2, %s', (_what, spec, words) => {
    expect(refusalLacks(ask('L2Advertisement', spec, { existing: { pools } }), words)).toEqual([])
  })

  test.each<[string, object, readonly string[] | undefined]>([
    ['of everything else', { ipAddressPools: ['main'] }, undefined],
    [
      'wider than one of its pools',
      { aggregationLength: 26 },
      ['spec.aggregationLength 26', 'shorter than 28', 'use 28 or more']
    ],
    ['not wider than its pool', { aggregationLength: 24, ipAddressPools: ['main'] }, undefined],
    ['longer than an address', { aggregationLength: 33 }, ['is not from 1 to 32']],
    ['of length 0', { aggregationLengthV6: 0 }, ['spec.aggregationLengthV6 0', 'is not from 1 to 128']],
    [
      'with Services and a length',
      { aggregationLength: 28, serviceSelectors: [{ matchLabels: { a: 'b' } }] },
      ['serviceSelectors can only be used with']
    ],
    ['with Services', { serviceSelectors: [{ matchLabels: { a: 'b' } }] }, undefined],
    ['with one community twice', { communities: ['1:2', '1:2'] }, ['spec.communities[1]']],
    ['with a community out of bounds', { communities: ['1:65536'] }, ['write it as 64512:100']],
    [
      'with another localPref',
      { ipAddressPools: ['small'], localPref: 7 },
      ['spec.localPref 7', 'BGPAdvertisement main']
    ],
    [
      'with another localPref for others',
      { ipAddressPools: ['small'], localPref: 7, peers: ['q'] },
      undefined
    ]
  ])('BGP, %s', (_what, spec, words) => {
    const bgpAdvertisements = [object('main', { ipAddressPools: ['small'], localPref: 5, peers: ['p'] })]
    const bgpPeers = [object('p', PEER), object('q', { ...PEER, peerAddress: '192.0.2.2' })]
    expect(
      refusalLacks(ask('BGPAdvertisement', spec, { existing: { pools, bgpAdvertisements, bgpPeers } }), words)
    ).toEqual([])
  })

  // Legal, and surely not meant, or not there yet.
  test.each<[string, string, object, string]>([
    [
      'L2Advertisement',
      'a pool that is not there',
      { ipAddressPools: ['later'] },
      'spec.ipAddressPools[0] later'
    ],
    [
      'L2Advertisement',
      'no pool',
      { ipAddressPoolSelectors: [{ matchLabels: { a: 'b' } }] },
      'match no pool'
    ],
    ['L2Advertisement', 'no node', inZone('3'), 'matches no node'],
    [
      'L2Advertisement',
      'an interface twice',
      { interfaces: ['eth0', 'eth0'] },
      'new: spec.interfaces[1] eth0: is there twice'
    ],
    [
      'BGPAdvertisement',
      'a pool that is not there',
      { ipAddressPools: ['later'] },
      'spec.ipAddressPools[0] later'
    ],
    ['BGPAdvertisement', 'a peer that is not there', { peers: ['later'] }, 'spec.peers[0] later'],
    ['BGPAdvertisement', 'an alias that is not there', { communities: ['later'] }, 'add a Community']
  ])('%s with %s is warned of', (kind, _what, spec, words) => {
    const response = ask(kind, spec, { existing: { pools, bgpPeers: [] } })
    expect(response.allowed).toBe(true)
    expect(response.warnings).toEqual([expect.stringContaining(words)])
  })
})
