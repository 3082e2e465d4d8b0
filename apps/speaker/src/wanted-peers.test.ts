import { buildConfig } from '@clarion-lb/config'
import type { BFDProfile, BGPPeer } from '@clarion-lb/crds'
import { expect, test } from 'vitest'
import type { WantedPeer } from './plane/sessions-messages.ts'
import { wantedPeersOf } from './wanted-peers.ts'

type PeerSpec = NonNullable<BGPPeer['spec']>

function wantedOf(
  spec: Partial<PeerSpec>,
  profile: NonNullable<BFDProfile['spec']> = {}
): WantedPeer | undefined {
  const { config, problems } = buildConfig({
    bgpPeers: [
      {
        metadata: { name: 'router' },
        spec: { myASN: 64500, peerASN: 64501, peerAddress: '192.0.2.1', ...spec }
      }
    ],
    bfdProfiles: [{ metadata: { name: 'fast' }, spec: profile }],
    nodes: [
      { name: 'n1', labels: { rack: 'a' } },
      { name: 'n2', labels: { rack: 'b' } }
    ]
  })
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return wantedPeersOf(config, 'n1')[0]
}

test('a peer that says no more than it must has the defaults of MetalLB', () => {
  expect(wantedOf({})).toEqual({
    name: 'router',
    localAsn: 64500,
    asn: 64501,
    address: '192.0.2.1',
    port: 179,
    isMultihop: false,
    families: [4],
    hasGracefulRestart: false
  })
})

test.each<[string, Partial<PeerSpec>, Partial<WantedPeer>]>([
  ['localASN is all that the peer sees of us', { localASN: 65000 }, { localAsn: 65000 }],
  ['dynamicASN', { peerASN: 0, dynamicASN: 'external' }, { asn: 'external' }],
  ['an IPv6 peer is told IPv6 routes', { peerAddress: '2001:db8::1' }, { families: [6] }],
  ['both families when asked for', { dualStackAddressFamily: true }, { families: [4, 6] }],
  [
    'hold time, and keepalive a third of it',
    { holdTime: '30s' },
    { holdTimeMs: 30_000, keepaliveTimeMs: 10_000 }
  ],
  ['connectTime', { connectTime: '5s' }, { connectTimeMs: 5000 }],
  ['multihop', { ebgpMultiHop: true }, { isMultihop: true }],
  [
    'vrf, source and router ID',
    { vrf: 'red', sourceAddress: '192.0.2.9', routerID: '1.2.3.4' },
    { vrf: 'red', sourceAddress: '192.0.2.9', routerId: '1.2.3.4' }
  ],
  ['password', { password: 'secret' }, { password: 'secret' }],
  ['graceful restart', { enableGracefulRestart: true }, { hasGracefulRestart: true }]
])('%s', (_what, spec, wanted) => {
  expect(wantedOf(spec)).toMatchObject(wanted)
})

test('an unnumbered peer has both families and no address', () => {
  const { peerAddress: _none, ...spec } = { peerAddress: undefined, interface: 'eth0' }
  expect(wantedOf({ ...spec, peerAddress: '' })).toMatchObject({ interface: 'eth0', families: [4, 6] })
  expect(wantedOf({ ...spec, peerAddress: '' })).not.toHaveProperty('address')
})

test('a hold time of 0 leaves nothing to say of keepalives', () => {
  expect(wantedOf({ holdTime: '0s' })).toMatchObject({ holdTimeMs: 0 })
  expect(wantedOf({ holdTime: '0s' })).not.toHaveProperty('keepaliveTimeMs')
})

test('the BFD profile comes along', () => {
  const profile = { receiveInterval: 50, detectMultiplier: 5, passiveMode: true, minimumTtl: 250 }
  expect(wantedOf({ bfdProfile: 'fast' }, profile)?.bfd).toEqual({
    profile: 'fast',
    receiveIntervalMs: 50,
    detectMultiplier: 5,
    passiveMode: true,
    minimumTtl: 250
  })
})

test('a peer of other nodes is none of ours', () => {
  expect(wantedOf({ nodeSelectors: [{ matchLabels: { rack: 'b' } }] })).toBeUndefined()
  expect(wantedOf({ nodeSelectors: [{ matchLabels: { rack: 'a' } }] })?.name).toBe('router')
})
