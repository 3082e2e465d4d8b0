import type { BFDProfile, BGPPeer } from '@clarion-lb/crds'
import { describe, expect, test } from 'vitest'
import { buildConfig, type ConfigResources, formatProblem } from './index.ts'

const NODES = [
  { name: 'a', labels: { zone: '1' } },
  { name: 'b', labels: { zone: '2' } }
]
const inZone = (zone: string) => ({ nodeSelectors: [{ matchLabels: { zone } }] })

function peer(name: string, spec: object, createdAt?: string): BGPPeer {
  return {
    metadata: { name, ...(createdAt === undefined ? {} : { creationTimestamp: createdAt }) },
    spec: { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', ...spec }
  }
}

function build(resources: ConfigResources) {
  const { config, problems } = buildConfig({ nodes: NODES, ...resources })
  return {
    config,
    problems,
    peers: config.peers.map(({ name }) => name),
    fields: problems.map(({ severity, kind, name, field }) => `${severity} ${kind}/${name} ${field}`)
  }
}

describe('two peers', () => {
  const V6 = { peerAddress: '2001:db8::1' }
  const ETH0 = { peerAddress: '', interface: 'eth0' }
  const ADDRESS = 'error BGPPeer/y spec.peerAddress'
  // Of twins the second goes, whatever is spelled differently; what differs in one part of the session is no twin.
  test.each<[string, object, object, string | undefined]>([
    ['at one address', {}, {}, ADDRESS],
    ['at one address, spelled otherwise', V6, { peerAddress: '2001:DB8:0::1' }, ADDRESS],
    ['at one address, mapped', {}, { peerAddress: '::ffff:192.0.2.1' }, ADDRESS],
    ['at one address, with other numbers', {}, { myASN: 1, peerASN: 2, routerID: '192.0.2.9' }, ADDRESS],
    ['at one address, with the default port said', {}, { peerPort: 179 }, ADDRESS],
    ['at one address on some node', {}, inZone('2'), ADDRESS],
    ['at one address in one VRF', { vrf: 'red' }, { vrf: 'red' }, ADDRESS],
    ['on one interface', ETH0, ETH0, 'error BGPPeer/y spec.interface'],
    ['at two addresses', {}, { peerAddress: '192.0.2.2' }, undefined],
    ['at two ports', {}, { peerPort: 1790 }, undefined],
    ['in two VRFs', { vrf: 'red' }, { vrf: 'blue' }, undefined],
    ['in and out of a VRF', {}, { vrf: 'red' }, undefined],
    ['on different nodes', inZone('1'), inZone('2'), undefined],
    [
      'whose interface and VRF look alike',
      { ...ETH0, vrf: 'red' },
      { peerAddress: '', interface: 'eth0-red' },
      undefined
    ]
  ])('%s', (_what, first, second, field) => {
    const result = build({ bgpPeers: [peer('x', first), peer('y', second)] })
    expect(result.fields).toEqual(field === undefined ? [] : [field])
    expect(result.peers).toEqual(field === undefined ? ['x', 'y'] : ['x'])
  })

  test('of two twins the older stays, whatever their names and order', () => {
    const older = peer('y', {}, '2025-01-01T00:00:00Z')
    const younger = peer('x', {}, '2026-01-01T00:00:00Z')
    expect(build({ bgpPeers: [younger, older] }).peers).toEqual(['y'])
    expect(build({ bgpPeers: [older, younger] }).peers).toEqual(['y'])
  })

  test('of one name: the second is refused', () => {
    const result = build({ bgpPeers: [peer('x', {}), peer('x', { peerAddress: '192.0.2.2' })] })
    expect([result.peers, result.fields]).toEqual([['x'], ['error BGPPeer/x metadata.name']])
  })

  test('are twins while no node is known: any may be for both', () => {
    const bgpPeers = [peer('x', inZone('1')), peer('y', inZone('2'))]
    expect(build({ bgpPeers, nodes: [] }).peers).toEqual(['x'])
  })
})

describe('a peer', () => {
  const LONG = 'x'.repeat(81)
  test.each<[object, string | undefined, number]>([
    [{ password: 'x'.repeat(80) }, undefined, 1],
    [{ password: LONG }, 'error BGPPeer/x spec.password', 0],
    [{ password: 'é'.repeat(41) }, 'error BGPPeer/x spec.password', 0],
    [{ passwordSecret: { name: 'long' } }, 'error BGPPeer/x spec.passwordSecret.name', 0],
    [{ passwordSecret: { name: 'empty' } }, 'warning BGPPeer/x spec.passwordSecret.name', 1],
    [{ peerPort: 0 }, 'error BGPPeer/x spec.peerPort', 0],
    [{ peerASN: 64512, ebgpMultiHop: true }, 'error BGPPeer/x spec.ebgpMultiHop', 0],
    [{ peerASN: 0, dynamicASN: 'internal', ebgpMultiHop: true }, 'warning BGPPeer/x spec.ebgpMultiHop', 1],
    [{ peerASN: 0, dynamicASN: 'external', ebgpMultiHop: true }, undefined, 1],
    [{ localASN: 64999 }, undefined, 1],
    [{ localASN: 64512 }, 'warning BGPPeer/x spec.localASN', 1],
    [{ localASN: 64513 }, 'warning BGPPeer/x spec.localASN', 1],
    [{ routerID: '0.0.0.0' }, 'error BGPPeer/x spec.routerID', 0],
    [{ sourceAddress: '192.0.2.9' }, undefined, 1],
    [{ sourceAddress: '2001:db8::9' }, 'error BGPPeer/x spec.sourceAddress', 0],
    [{ keepaliveTime: '300ms' }, 'warning BGPPeer/x spec.keepaliveTime', 1]
  ])('%j: %s', (spec, field, count) => {
    const secretOf = (password: string) => ({
      type: 'kubernetes.io/basic-auth',
      data: { password: Buffer.from(password).toString('base64') }
    })
    const secrets = new Map([
      ['long', secretOf(LONG)],
      ['empty', secretOf('')]
    ])
    const { fields, peers } = build({ bgpPeers: [peer('x', spec)], secrets })
    expect([fields, peers.length]).toEqual([field === undefined ? [] : [field], count])
  })

  test('that is internal is not taken for multihop', () => {
    const spec = { peerASN: 0, dynamicASN: 'internal', ebgpMultiHop: true }
    expect(build({ bgpPeers: [peer('x', spec)] }).config.peers[0]?.ebgpMultiHop).toBe(false)
  })

  test('with a password too long is named without it', () => {
    const [problem] = build({ bgpPeers: [peer('x', { password: `${LONG}secret` })] }).problems
    expect(problem && formatProblem(problem)).not.toContain('xxx')
  })

  test('with a short keepalive time alone has a legal hold time', () => {
    const holdTimeOf = (keepaliveTime: string) =>
      build({ bgpPeers: [peer('x', { keepaliveTime })] }).config.peers[0]?.holdTimeMs
    expect(['0s', '300ms', '1100ms', '30s'].map(holdTimeOf)).toEqual([0, 3000, 4000, 90_000])
  })
})

// MetalLB compares the timers as they are written, and takes the keepalive time that is as long as the hold time.
describe('the timers of a peer', () => {
  const timersOf = (spec: object) => {
    const { config, problems } = build({ bgpPeers: [peer('x', spec)] })
    const [built] = config.peers
    const fields = problems.map(({ severity, field }) => `${severity} ${field}`)
    return [built?.holdTimeMs, built?.keepaliveTimeMs, ...fields]
  }
  const WARNINGS = ['warning spec.holdTime', 'warning spec.keepaliveTime']

  test.each<[string, string, readonly unknown[]]>([
    ['900ms', '300ms', [0, 0, ...WARNINGS]],
    ['3500ms', '3500ms', [3000, 3000, ...WARNINGS]],
    ['3500ms', '1s', [3000, 1000, 'warning spec.holdTime']],
    ['65536s', '65536s', [65_535_000, 65_535_000, ...WARNINGS]],
    ['9s', '9s', [9000, 9000]],
    ['0s', '0s', [0, 0]]
  ])('may be %s and %s', (holdTime, keepaliveTime, timers) => {
    expect(timersOf({ holdTime, keepaliveTime })).toEqual(timers)
  })

  test('may be a keepalive time alone, however long', () => {
    expect(timersOf({ keepaliveTime: '65536s' })).toEqual([
      65_535_000,
      65_535_000,
      'warning spec.keepaliveTime',
      'warning spec.keepaliveTime'
    ])
  })

  test.each([
    ['9s', '10s'],
    ['0s', '1s'],
    ['3500ms', '3501ms']
  ])('may not be %s and %s: the second is longer', (holdTime, keepaliveTime) => {
    const [hold, keepalive, ...fields] = timersOf({ holdTime, keepaliveTime })
    expect([hold, keepalive, fields.at(-1)]).toEqual([undefined, undefined, 'error spec.keepaliveTime'])
  })

  test.each([
    ['+90s', 90_000],
    ['.5h', 1_800_000],
    ['1.m.5m', 90_000],
    ['90000000μs', 90_000],
    ['90000000µs', 90_000],
    ['+0', 0],
    ['1h1m1s', 3_661_000]
  ])('are written as in Go: %s', (holdTime, ms) => {
    expect(timersOf({ holdTime })[0]).toBe(ms)
  })

  test.each(['', '+', '90', '.s', '1.5.5s', '1 s', '++1s', '9S', 's'])('are not %j', (holdTime) => {
    expect(timersOf({ holdTime })).toEqual([undefined, undefined, 'error spec.holdTime'])
  })
})

describe('a BFDProfile with the echo function', () => {
  const profile = (name: string, spec: object): BFDProfile => ({ metadata: { name }, spec })
  const bfdProfiles = [
    profile('echo', { echoMode: true }),
    profile('plain', { echoMode: false, echoInterval: 50 })
  ]

  test('is refused by name, and so is the peer that names it; others stay', () => {
    const bgpPeers = [
      peer('x', { bfdProfile: 'echo' }),
      peer('y', { bfdProfile: 'plain', peerAddress: '192.0.2.2' }),
      peer('z', { bfdProfile: 'none', peerAddress: '192.0.2.3' })
    ]
    const { config, fields, peers, problems } = build({ bfdProfiles, bgpPeers })
    expect(fields).toEqual([
      'error BFDProfile/echo spec.echoMode',
      'error BGPPeer/x spec.bfdProfile',
      'error BGPPeer/z spec.bfdProfile'
    ])
    expect([config.bfdProfiles.map(({ name }) => name), peers]).toEqual([['plain'], ['y']])
    expect(problems.map(({ message }) => message).slice(1)).toEqual([
      'this BFDProfile cannot be used',
      'there is no such BFDProfile'
    ])
  })
})

describe('text for FRR', () => {
  const metadata = { name: 'bgpextras', namespace: 'metallb-system' }
  test('is refused by name and not shown; the rest is used', () => {
    const bgpExtras = {
      metadata,
      data: { extras: 'router bgp 64512\n neighbor 192.0.2.1 password geheim\n' }
    }
    const { peers, problems } = build({ bgpPeers: [peer('x', {})], bgpExtras })
    expect(peers).toEqual(['x'])
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'error', kind: 'ConfigMap', ...metadata, field: 'data.extras' })
    ])
    expect(JSON.stringify(problems)).not.toContain('geheim')
  })

  test.each([
    ['no ConfigMap', undefined],
    ['no data', { metadata }],
    ['no text', { metadata, data: { extras: ' \n' } }],
    ['another key', { metadata, data: { other: 'x' } }]
  ])('%s is no problem', (_what, bgpExtras) => {
    expect(build({ bgpExtras }).problems).toEqual([])
  })
})
