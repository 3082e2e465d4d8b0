import { describe, expect, test } from 'vitest'
import { convertReview } from './conversion-review.ts'
import { fieldOf, textOf } from './json.ts'

const METADATA = {
  name: 'p',
  namespace: 'metallb-system',
  uid: 'u',
  resourceVersion: '7',
  labels: { a: 'b' }
}

function ask(wanted: string, objects: readonly unknown[]): unknown {
  return convertReview({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: '1', desiredAPIVersion: `metallb.io/${wanted}`, objects }
  })
}

function peer(version: string, spec: object | undefined, metadata: object = METADATA) {
  return { apiVersion: `metallb.io/${version}`, kind: 'BGPPeer', metadata, ...(spec && { spec }) }
}

/** The objects of a success. */
function converted(wanted: string, objects: readonly unknown[]): readonly unknown[] {
  const answer = ask(wanted, objects)
  expect(answer).toMatchObject({
    kind: 'ConversionReview',
    response: { uid: '1', result: { status: 'Success' } }
  })
  const list = fieldOf(fieldOf(answer, 'response'), 'convertedObjects')
  return Array.isArray(list) ? list : []
}

const SHARED = {
  myASN: 1,
  peerASN: 2,
  peerAddress: '192.0.2.1',
  peerPort: 179,
  holdTime: '90s',
  password: 'x'
}
const NEWER = {
  dynamicASN: 'external',
  interface: 'eth0',
  vrf: 'red',
  localASN: 7,
  connectTime: '10s',
  enableGracefulRestart: true,
  disableMP: false,
  dualStackAddressFamily: true,
  passwordSecret: { name: 's' }
}

test.each(['v1', 'v1beta1'])('a review of %s is answered in this version', (version) => {
  const apiVersion = `apiextensions.k8s.io/${version}`
  const request = { uid: '1', desiredAPIVersion: 'metallb.io/v1beta2', objects: [] }
  expect(convertReview({ apiVersion, kind: 'ConversionReview', request })).toMatchObject({
    apiVersion,
    response: { uid: '1', result: { status: 'Success' } }
  })
})

describe('a peer', () => {
  test.each<[string, object]>([
    ['with what both versions have', SHARED],
    ['with what v1beta2 has alone', { ...SHARED, ...NEWER }],
    ['unnumbered, of any number', { myASN: 1, ...NEWER }],
    [
      'with selectors',
      { ...SHARED, nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] }
    ],
    ['with as little as can be', { myASN: 1 }]
  ])('%s comes back from v1beta1 as it was', (_what, spec) => {
    const given = peer('v1beta2', spec)
    const [older] = converted('v1beta1', [given])
    expect(older).toMatchObject({ apiVersion: 'metallb.io/v1beta1', metadata: METADATA })
    expect(converted('v1beta2', [older])).toEqual([
      { ...given, metadata: { ...METADATA, annotations: {} }, status: {} }
    ])
  })

  test('of v1beta1 comes back from v1beta2 as it was; timers that are unset stay unset', () => {
    const given = peer('v1beta1', { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1', ebgpMultiHop: true })
    const [newer] = converted('v1beta2', [given])
    expect(newer).toHaveProperty('spec', {
      myASN: 1,
      peerASN: 2,
      peerAddress: '192.0.2.1',
      ebgpMultiHop: true
    })
    expect(converted('v1beta1', [newer])).toMatchObject([given])
  })

  test('that is of the version already is handed back', () => {
    const given = peer('v1beta2', SHARED)
    expect(converted('v1beta2', [given])).toEqual([given])
  })
})

test('a list is converted whole, in its order', () => {
  const names = ['a', 'b', 'c']
  const list = names.map((name) => peer('v1beta1', SHARED, { name }))
  expect(converted('v1beta2', list)).toMatchObject(names.map((name) => ({ metadata: { name } })))
  expect(converted('v1beta2', [])).toEqual([])
})

// One that cannot be converted fails them all, as the server asks for it.
test.each<[string, string, unknown, string]>([
  ['another version', 'v1', peer('v1beta1', SHARED), 'there are metallb.io/v1beta1 and metallb.io/v1beta2'],
  ['another kind', 'v1beta2', { ...peer('v1beta1', SHARED), kind: 'BFDProfile' }, 'BGPPeer is'],
  ['an object of another version', 'v1beta2', peer('v2', SHARED), '"metallb.io/v2" is not converted here'],
  ['no metadata', 'v1beta2', { ...peer('v1beta1', SHARED), metadata: 1 }, 'must be objects'],
  ['annotations that are none', 'v1beta2', peer('v1beta1', SHARED, { annotations: 1 }), 'must be objects'],
  ['a spec that is none', 'v1beta2', { ...peer('v1beta1', SHARED), spec: [] }, 'must be objects'],
  ['no object', 'v1beta2', null, '"" is not converted here']
])('%s is a failure that says so', (_what, wanted, object, words) => {
  const response = fieldOf(ask(wanted, [peer('v1beta1', SHARED), object]), 'response')
  expect(response).toMatchObject({ uid: '1', convertedObjects: [], result: { status: 'Failure' } })
  expect(textOf(fieldOf(response, 'result'), 'message')).toContain(words)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a list', []],
  [
    'another version',
    { apiVersion: 'apiextensions.k8s.io/v2', kind: 'ConversionReview', request: { uid: '1' } }
  ],
  ['another kind', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'AdmissionReview', request: { uid: '1' } }],
  ['no uid', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { objects: [] } }],
  ['no objects', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { uid: '1' } }]
])('%s is no ConversionReview', (_what, body) => {
  expect(() => convertReview(body)).toThrow(expect.objectContaining({ code: 'ERR_CONTROLLER_BAD_REVIEW' }))
})
