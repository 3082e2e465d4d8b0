import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type BGPPeer,
  buildCrdManifests,
  convertBgpPeerToV1beta1,
  convertBgpPeerToV1beta2,
  KINDS,
  type KindName,
  validate,
  withDefaults
} from './index.ts'

const VALID: Readonly<Record<string, readonly [KindName, object]>> = {
  pool: [
    'IPAddressPool',
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata: { name: 'a' },
      spec: {
        addresses: ['192.0.2.0/24'],
        autoAssign: false,
        avoidBuggyIPs: true,
        serviceAllocation: { priority: 1, namespaces: ['x'], serviceSelectors: [{ matchLabels: { a: 'b' } }] }
      }
    }
  ],
  l2: [
    'L2Advertisement',
    {
      metadata: { name: 'a' },
      spec: { interfaces: ['eth0'], preferredNodeSelectors: [{ weight: 100, preference: {} }] }
    }
  ],
  bgp: [
    'BGPAdvertisement',
    { metadata: { name: 'a' }, spec: { aggregationLength: 24, localPref: 4294967295, communities: ['1:2'] } }
  ],
  peer: [
    'BGPPeer',
    {
      apiVersion: 'metallb.io/v1beta2',
      metadata: { name: 'a' },
      spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', connectTime: '10s' }
    }
  ],
  olderPeer: [
    'BGPPeer',
    {
      apiVersion: 'metallb.io/v1beta1',
      metadata: { name: 'a' },
      spec: { myASN: 4200000000, peerASN: 4294967295, peerAddress: '192.0.2.1', peerPort: 0 }
    }
  ],
  bfd: ['BFDProfile', { metadata: { name: 'a' }, spec: { receiveInterval: 10 } }],
  state: ['ConfigurationState', stateOf({ message: 'no such pool' })]
}

/** A report with one condition, that of a controller. */
function stateOf(condition: object): object {
  const usual = {
    type: 'poolReconcilerValid',
    status: 'False',
    reason: 'ConfigurationError',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z'
  }
  return { metadata: { name: 'controller' }, status: { conditions: [{ ...usual, ...condition }] } }
}

describe('validate', () => {
  test.each(Object.entries(VALID))('%s: what MetalLB accepts has no problem', (_name, [kind, object]) => {
    expect(validate(kind, object)).toEqual([])
  })

  test.each<[KindName, unknown, string, string | RegExp]>([
    ['IPAddressPool', {}, 'spec', 'is required'],
    ['IPAddressPool', { spec: {} }, 'spec.addresses', 'is required'],
    ['IPAddressPool', { spec: { addresses: 'x' } }, 'spec.addresses', 'must be a list'],
    ['IPAddressPool', { spec: { addresses: ['a', 7] } }, 'spec.addresses[1]', 'must be a text'],
    [
      'IPAddressPool',
      { spec: { addresses: [], autoAssign: 'yes' } },
      'spec.autoAssign',
      'must be true or false'
    ],
    [
      'IPAddressPool',
      { spec: { addresses: [], adresses: [] } },
      'spec.adresses',
      'is not a field of this kind'
    ],
    [
      'IPAddressPool',
      { apiVersion: 'metallb.io/v9', spec: { addresses: [] } },
      'apiVersion',
      'is not a version of this kind'
    ],
    [
      'L2Advertisement',
      { spec: { preferredNodeSelectors: [{ weight: 101, preference: {} }] } },
      'spec.preferredNodeSelectors[0].weight',
      'must be from 1 to 100'
    ],
    [
      'L2Advertisement',
      { spec: { nodeSelectors: [{ matchExpressions: [{ key: 'a' }] }] } },
      'spec.nodeSelectors[0].matchExpressions[0].operator',
      'is required'
    ],
    ['BGPAdvertisement', { spec: { localPref: 4294967296 } }, 'spec.localPref', /must be from 0/],
    [
      'BGPAdvertisement',
      { spec: { serviceSelectors: [{}], aggregationLength: 24 } },
      'spec',
      /serviceSelectors can only/
    ],
    ['BGPPeer', { spec: { myASN: 1, connectTime: '100ms' } }, 'spec.connectTime', /1s to 65535s/],
    ['BGPPeer', { spec: { myASN: 1, connectTime: 'soon' } }, 'spec.connectTime', /1s to 65535s/],
    [
      'BGPPeer',
      { spec: { myASN: 1, dynamicASN: 'any' } },
      'spec.dynamicASN',
      'must be one of internal, external'
    ],
    ['BFDProfile', { spec: { receiveInterval: 9 } }, 'spec.receiveInterval', 'must be from 10 to 60000'],
    ['ConfigurationState', { spec: {} }, 'spec', 'is not a field of this kind'],
    ['ConfigurationState', { status: { result: 'Maybe' } }, 'status.result', /must be one of/],
    ['ConfigurationState', stateOf({ type: 'a b' }), 'status.conditions[0].type', /^must match/],
    ['ConfigurationState', stateOf({ reason: '' }), 'status.conditions[0].reason', 'must not be empty'],
    ['ConfigurationState', stateOf({ reason: 'no word' }), 'status.conditions[0].reason', /^must match/]
  ])('%s %j: %s %s', (kind, object, field, message) => {
    expect(validate(kind, object)).toContainEqual(
      expect.objectContaining({
        field,
        message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown)
      })
    )
  })

  test('characters are counted, as API servers do, and not what JavaScript makes of them', () => {
    const twoUnits = '😀'
    expect(validate('ConfigurationState', stateOf({ message: twoUnits.repeat(32_768) }))).toEqual([])
    expect(validate('ConfigurationState', stateOf({ message: twoUnits.repeat(32_769) }))).toMatchObject([
      { field: 'status.conditions[0].message', message: 'must have at most 32768 characters' }
    ])
  })

  test('a rule on changes is looked at only when there is an object before', () => {
    const peer = (enableGracefulRestart: boolean): object => ({ spec: { myASN: 1, enableGracefulRestart } })
    expect(validate('BGPPeer', peer(true))).toEqual([])
    expect(validate('BGPPeer', peer(true), peer(true))).toEqual([])
    expect(validate('BGPPeer', peer(true), peer(false))).toContainEqual(
      expect.objectContaining({ field: 'spec.enableGracefulRestart' })
    )
  })

  test('a hostile object never throws, and never has more than 100 problems', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(KINDS) as KindName[])),
        fc.anything({ withBigInt: true, withNullPrototype: true }),
        (kind, object) => {
          expect(validate(kind, object).length).toBeLessThanOrEqual(100)
          expect(validate(kind, { spec: object, status: object }).length).toBeLessThanOrEqual(100)
        }
      )
    )
  })
})

test('defaults are filled in where nothing is said, and nowhere else', () => {
  expect(withDefaults('IPAddressPool', { spec: { addresses: ['a'] } })).toEqual({
    spec: { addresses: ['a'], autoAssign: true, avoidBuggyIPs: false }
  })
  expect(withDefaults('IPAddressPool', { spec: { addresses: [], autoAssign: false } })).toMatchObject({
    spec: { autoAssign: false }
  })
  expect(withDefaults('BGPAdvertisement', { spec: {} })).toEqual({
    spec: { aggregationLength: 32, aggregationLengthV6: 128 }
  })
  expect(withDefaults('BGPPeer', { spec: { myASN: 1 } })).toMatchObject({ spec: { peerPort: 179 } })
})

describe('manifests', () => {
  test('every kind is there, one version of each is stored, all have a status', () => {
    const manifests = buildCrdManifests()
    expect(manifests.map(({ metadata }) => metadata.name)).toEqual([
      'bfdprofiles.metallb.io',
      'bgpadvertisements.metallb.io',
      'bgppeers.metallb.io',
      'bgpsessionstates.frrk8s.metallb.io',
      'communities.metallb.io',
      'configurationstates.metallb.io',
      'ipaddresspools.metallb.io',
      'l2advertisements.metallb.io',
      'servicebgpstatuses.metallb.io',
      'servicel2statuses.metallb.io'
    ])
    for (const { spec } of manifests) {
      expect(spec.versions.filter(({ storage }) => storage)).toHaveLength(1)
      expect(spec.versions.every(({ subresources }) => subresources.status !== undefined)).toBe(true)
    }
  })

  test('BGPPeer names its converter, if there is one', () => {
    const [peers] = buildCrdManifests({ conversionWebhook: { serviceName: 's', namespace: 'n' } }).filter(
      ({ spec }) => spec.names.kind === 'BGPPeer'
    )
    expect(peers?.spec.conversion).toMatchObject({
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1beta1', 'v1beta2'] }
    })
  })
})

describe('conversion of BGPPeer', () => {
  test('an old peer keeps unset timers unset, and port 0 means 179', () => {
    const converted = convertBgpPeerToV1beta2({
      apiVersion: 'metallb.io/v1beta1',
      spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', peerPort: 0 }
    })
    expect(converted).toMatchObject({
      apiVersion: 'metallb.io/v1beta2',
      spec: { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', peerPort: 179 }
    })
    expect(converted.spec).not.toHaveProperty('holdTime')
  })

  test('there and back again loses nothing', () => {
    const peer: BGPPeer = {
      apiVersion: 'metallb.io/v1beta2',
      kind: 'BGPPeer',
      metadata: { name: 'p', annotations: { a: 'b' } },
      spec: {
        myASN: 1,
        dynamicASN: 'external',
        interface: 'eth0',
        peerPort: 180,
        vrf: 'red',
        nodeSelectors: [{ matchLabels: { a: 'b' } }]
      },
      status: {}
    }
    expect(convertBgpPeerToV1beta2(convertBgpPeerToV1beta1(peer))).toEqual(peer)
  })
})
