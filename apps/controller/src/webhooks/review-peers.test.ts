import { describe, expect, test } from 'vitest'
import { ask, inZone, object, PEER, refusalLacks } from '../../test/review-bench.ts'

describe('a peer', () => {
  test.each<[string, object, readonly string[] | undefined]>([
    ['that is complete', {}, undefined],
    [
      'at no address',
      { peerAddress: '192.0.2' },
      ['BGPPeer metallb-system/new', 'spec.peerAddress 192.0.2', 'is not an IP address']
    ],
    ['without number', { peerASN: 0 }, ['spec.peerASN', 'set one of them']],
    ['with two numbers', { dynamicASN: 'external' }, ['remove one of them']],
    ['without our number', { myASN: 0 }, ['spec.myASN']],
    ['at two places', { interface: 'eth0' }, ['spec.peerAddress', 'remove one of them']],
    ['nowhere', { peerAddress: '' }, ['set one of them']],
    ['internal over many hops', { peerASN: 64512, ebgpMultiHop: true }, ['spec.ebgpMultiHop']],
    ['with a hold time of 1 s', { holdTime: '1s' }, ['spec.holdTime 1s', '3 s to 65535 s']],
    ['with a hold time without unit', { holdTime: '90' }, ['write it as 90s']],
    ['with a long keepalive time', { holdTime: '9s', keepaliveTime: '10s' }, ['spec.keepaliveTime 10s']],
    ['with a router ID that is none', { routerID: 'x' }, ['spec.routerID x']],
    ['with an IPv6 router ID', { routerID: '2001:db8::1' }, ['is not an IPv4 address']],
    [
      'with two passwords',
      { password: 'x', passwordSecret: { name: 's' } },
      ['spec.password', 'keep passwordSecret']
    ],
    [
      'with one node selector twice',
      { nodeSelectors: [{ matchLabels: { a: 'b' } }, { matchLabels: { a: 'b' } }] },
      ['spec.nodeSelectors[1]']
    ],
    ['wrong behind disableMP', { disableMP: true, peerAddress: 'x' }, ['spec.peerAddress x']],
    [
      'unnumbered, with its own number, in a VRF',
      { peerAddress: '', interface: 'eth0', localASN: 1, vrf: 'red' },
      undefined
    ]
  ])('%s', (_what, spec, words) => {
    expect(refusalLacks(ask('BGPPeer', { ...PEER, ...spec }), words)).toEqual([])
  })

  test.each<[string, object, object]>([
    ['that there is', { bfdProfile: 'later' }, {}],
    ['that is new', {}, { bfdProfile: 'later' }],
    ['that is new', {}, { passwordSecret: { name: 'later' } }]
  ])('a twin is refused, whatever still has to come for the one %s', (_what, first, second) => {
    const existing = { bgpPeers: [object('old', { ...PEER, ...first })], secrets: new Map() }
    const words = ['BGPPeer metallb-system/new', 'BGPPeer old is the same session']
    expect(refusalLacks(ask('BGPPeer', { ...PEER, ...second }, { existing }), words)).toEqual([])
  })

  test('says nothing of a password', () => {
    const response = ask('BGPPeer', { ...PEER, password: 'top secret', passwordSecret: { name: 's' } })
    expect(JSON.stringify(response)).not.toContain('top secret')
  })

  test.each<[string, object, object, boolean]>([
    ['on all nodes', {}, {}, false],
    ['on a node', inZone('1'), {}, false],
    ['on one node', inZone('1'), inZone('1'), false],
    ['on different nodes', inZone('1'), inZone('2'), true],
    ['in another VRF', { vrf: 'red' }, {}, true],
    ['with other numbers', {}, { myASN: 64999, routerID: '10.0.0.1' }, false]
  ])('beside one at the same address, %s', (_what, first, second, allowed) => {
    const existing = { bgpPeers: [object('old', { ...PEER, ...first })] }
    const response = ask('BGPPeer', { ...PEER, ...second }, { existing })
    expect(
      refusalLacks(response, allowed ? undefined : ['spec.peerAddress 192.0.2.1', 'BGPPeer old'])
    ).toEqual([])
    // MetalLB's native mode has always taken it.
    const native = ask('BGPPeer', { ...PEER, ...second }, { existing, bgpType: 'native' })
    expect([native.allowed, native.warnings?.length]).toEqual([true, allowed ? undefined : 1])
  })

  test.each<[string, object, string]>([
    ['a profile that is not there', { bfdProfile: 'later' }, 'spec.bfdProfile later'],
    ['a Secret that is not there', { passwordSecret: { name: 'later' } }, 'spec.passwordSecret.name later'],
    ['disableMP', { disableMP: true }, 'spec.disableMP true: has no effect'],
    ['a source of another family', { sourceAddress: '2001:db8::1' }, 'cannot be used']
  ])('with %s is warned of', (_what, spec, words) => {
    const response = ask('BGPPeer', { ...PEER, ...spec }, { existing: { secrets: new Map() } })
    expect(response.allowed).toBe(true)
    expect(response.warnings).toEqual([expect.stringContaining(words)])
  })

  test('is not told of a Secret that nobody could look for', () => {
    expect(refusalLacks(ask('BGPPeer', { ...PEER, passwordSecret: { name: 's' } }), undefined)).toEqual([])
  })

  test('may begin or cease to restart gracefully, with a warning', () => {
    const response = ask('BGPPeer', { ...PEER, enableGracefulRestart: true }, { before: PEER })
    expect(response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('the session is ended')]
    })
    expect(
      refusalLacks(ask('BGPPeer', { ...PEER, enableGracefulRestart: false }, { before: PEER }), undefined)
    ).toEqual([])
  })
})
