import { describe, expect, test } from 'vitest'
import { ask, NAMESPACE, NODES, object, PEER, pool, refusalLacks, request } from '../../test/review-bench.ts'
import type { AdmissionRequest } from './admission-review.ts'
import { review } from './review.ts'

describe('a namespace that is not ours', () => {
  test.each<[string, object]>([
    ['IPAddressPool', { addresses: ['192.0.2.0/24'] }],
    ['L2Advertisement', {}],
    ['BGPAdvertisement', {}],
    ['BGPPeer', PEER],
    ['BGPPeer', { ...PEER, disableMP: true }],
    ['BFDProfile', {}],
    ['Community', {}]
  ])('is refused for a new %s: %j', (kind, spec) => {
    const words = [`${kind} default/new`, 'metadata.namespace default', `in namespace ${NAMESPACE} only`]
    expect(refusalLacks(ask(kind, spec, { namespace: 'default' }), words)).toEqual([])
    expect(ask(kind, spec).allowed).toBe(true)
  })

  test('is warned of for an object that is there', () => {
    const response = ask('Community', {}, { namespace: 'default', before: {} })
    expect(response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('read in namespace')]
    })
  })
})

describe('a Community', () => {
  const named = (name: string, value: string) => ({ communities: [{ name, value }] })
  test.each<[string, object, object | undefined, readonly string[] | undefined]>([
    ['new', named('b', '1:2'), undefined, undefined],
    ['changed', named('b', 'large:1:2:3'), named('b', '1:2'), undefined],
    ['new, with a name that is taken', named('a', '1:2'), undefined, ['another community has this name']],
    [
      'changed to a name that is taken',
      named('a', '1:2'),
      named('b', '1:2'),
      ['another community has this name']
    ],
    [
      'with one name twice',
      {
        communities: [
          { name: 'b', value: '1:2' },
          { name: 'b', value: '1:3' }
        ]
      },
      undefined,
      ['spec.communities[1].name b']
    ],
    ['that is none', named('b', '1:65536'), undefined, ['spec.communities[0].value 1:65536', 'write it as']],
    ['without colon', named('b', 'x'), undefined, ['write it as']]
  ])('%s', (_what, spec, before, words) => {
    const communities = [object('old', named('a', '1:1'))]
    expect(
      refusalLacks(ask('Community', spec, { existing: { communities }, ...(before && { before }) }), words)
    ).toEqual([])
  })

  test('that an advertisement needs is warned of when its name goes', () => {
    const existing = {
      pools: [pool('p', '192.0.2.0/24')],
      bgpAdvertisements: [object('uses', { communities: ['b'] })],
      communities: [object('new', named('b', '1:2'))]
    }
    const response = ask('Community', named('c', '1:2'), { before: named('b', '1:2'), existing })
    expect(response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('BGPAdvertisement metallb-system/uses')]
    })
  })
})

describe('a BFDProfile', () => {
  const existing = { bgpPeers: [object('user', { ...PEER, bfdProfile: 'new' })] }
  test('that a peer uses is not deleted; another is', () => {
    const asked = { operation: 'DELETE', before: {}, existing }
    expect(
      refusalLacks(ask('BFDProfile', undefined, asked), [
        'BFDProfile metallb-system/new',
        'BGPPeer user uses it',
        'spec.bfdProfile'
      ])
    ).toEqual([])
    expect(refusalLacks(ask('BFDProfile', undefined, { ...asked, name: 'other' }), undefined)).toEqual([])
    expect(refusalLacks(ask('BFDProfile', undefined, { ...asked, namespace: 'default' }), undefined)).toEqual(
      []
    )
  })

  test('with echo is warned of', () => {
    const response = ask('BFDProfile', { echoMode: true })
    expect(response).toMatchObject({ allowed: true, warnings: [expect.stringContaining('spec.echoMode')] })
  })
})

describe('nothing is said of', () => {
  const BAD = { addresses: ['x'] }
  test.each<[string, AdmissionRequest]>([
    ['a status', { ...request('IPAddressPool', BAD, {}), subResource: 'status' }],
    ['a deletion', { ...request('IPAddressPool', undefined, { operation: 'DELETE', before: BAD }) }],
    ['a connection', request('IPAddressPool', BAD, { operation: 'CONNECT' })],
    ['another kind', request('ServiceL2Status', BAD, {})],
    [
      'an object that goes',
      request('IPAddressPool', BAD, { before: {}, metadata: { deletionTimestamp: 'now' } })
    ]
  ])('%s', (_what, asked) => {
    expect(refusalLacks(review(asked, {}, { namespace: NAMESPACE, bgpType: 'frr' }), undefined)).toEqual([])
  })
})

test('what is said has a bound, and fits into a header', () => {
  const many = Array.from({ length: 50 }, (_, i) => `x${i}`)
  const refused = ask('IPAddressPool', { addresses: many })
  expect(refused.status?.message.split('\n')).toHaveLength(11)
  const warned = ask('L2Advertisement', {
    ipAddressPools: many.map((name) => `${name}\r\n${'y'.repeat(300)}`)
  })
  expect(warned.warnings).toHaveLength(11)
  for (const warning of warned.warnings ?? []) expect(warning).toMatch(/^\P{Cc}{1,251}$/u)
})

describe('whatever an object holds, there is an answer', () => {
  const HOSTILE: readonly unknown[] = [
    null,
    1,
    'x',
    [],
    {},
    { metadata: null, spec: null },
    { metadata: [], spec: [] },
    { metadata: { name: {}, labels: 1, creationTimestamp: [] }, spec: { addresses: { length: 1e9 } } },
    {
      metadata: { name: 'new' },
      spec: { addresses: [null, 1, {}], nodeSelectors: [null, { matchExpressions: [{}] }] }
    },
    {
      metadata: { name: 'new' },
      spec: { communities: [{}], peers: [{}], ipAddressPools: {}, peerAddress: 1 }
    },
    JSON.parse('{"__proto__": {"kind": 1}, "metadata": {"__proto__": {}}, "spec": {"__proto__": []}}')
  ]
  const KINDS = ['IPAddressPool', 'L2Advertisement', 'BGPAdvertisement', 'BGPPeer', 'BFDProfile', 'Community']
  test.each(KINDS)('%s', (kind) => {
    for (const object of HOSTILE) {
      for (const operation of ['CREATE', 'UPDATE', 'DELETE']) {
        const asked = { ...request(kind, {}, { operation }), object, oldObject: HOSTILE[5] }
        const response = review(asked, { nodes: NODES }, { namespace: NAMESPACE, bgpType: 'native' })
        expect(response.allowed).toBe(response.status === undefined)
      }
    }
  })
})
