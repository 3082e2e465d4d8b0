import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './fixture.ts'
import { PEER, prefixOf, ROUTER_IPV6, RoutedFixture } from './routed-fixture.ts'

const NODES = ['node-1', 'node-2', 'node-3'] as const
let fixture: RoutedFixture

beforeAll(async () => {
  fixture = await RoutedFixture.start()
})
afterAll(async () => fixture.stop())

test('routes follow Services: every node is a next hop of a new one in both families, and none of one that is deleted', async () => {
  const prefixes = await fixture.createRouted('follows', { ipFamilyPolicy: 'RequireDualStack' })
  expect(prefixes).toHaveLength(2)
  for (const prefix of prefixes) {
    await fixture.untilRouted(prefix, ...NODES)
    const [address = ''] = prefix.split('/')
    expect(NODES).toContain((await fixture.reachFromOutside(address)).node)
  }
  await fixture.base.cluster.api.delete('services', 'default', 'follows')
  for (const prefix of prefixes) await fixture.untilRouted(prefix)
})

test('policy Local: next hops are the nodes with an endpoint, and backends see the address of the client', async () => {
  const [address = ''] = await fixture.base.addressesOf('routed-local')
  await fixture.untilRouted(prefixOf(address), 'node-1', 'node-2')
  expect((await fixture.reachFromOutside(address)).client).toContain('198.51.100.10')
})

test('node selectors, peers and communities of an advertisement are what the router sees, and no session ends', async () => {
  const before = await fixture.untilEstablished()
  const [prefix = '', prefix6 = ''] = (await fixture.base.addressesOf('routed')).map(prefixOf)
  const advertise = async (more: object): Promise<void> =>
    fixture.apply('BGPAdvertisement', 'routed', { spec: { ipAddressPools: ['routed'], ...more } })

  await advertise({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'node-3' } }] })
  await fixture.untilRouted(prefix, 'node-3')
  await fixture.untilRouted(prefix6, 'node-3')

  await advertise({ peers: ['router-ipv6'] })
  await fixture.untilRouted(prefix)
  await fixture.untilRouted(prefix6, ...NODES)

  await fixture.apply('Community', 'names', { spec: { communities: [{ name: 'cheap', value: '64500:7' }] } })
  await advertise({ communities: ['cheap', '64500:113', 'large:64500:1:2'] })
  await fixture.untilRouted(prefix, ...NODES)
  const path = await until('communities are there', async () => {
    const found = (await fixture.pathsOf(prefix)).get('node-1') ?? ''
    return found.includes('64500,7') ? found : undefined
  })
  expect(path).toContain('(64500,7) (64500,113)')
  expect(path).toContain('(64500, 1, 2)')

  await advertise({ communities: ['64500:113'] })
  await until('communities are gone', async () =>
    (await fixture.pathsOf(prefix)).get('node-1')?.includes('64500,7') === false ? true : undefined
  )
  expect(await fixture.untilEstablished()).toEqual(before)
})

test('ServiceBGPStatus names the peers that each node tells of a Service, BGPSessionState the state of each session', async () => {
  const told = await until('the status of each node', async () => {
    const statuses = await fixture.statuses('ServiceBGPStatus')
    const own = statuses.filter(({ serviceName }) => serviceName === 'routed')
    return own.length === 3 && own.every(({ peers }) => String(peers).includes('router-ipv6'))
      ? own
      : undefined
  })
  expect(told.map(({ node }) => String(node)).toSorted()).toEqual(NODES)
  expect(told.map(({ peers }) => peers)).toEqual(NODES.map(() => ['router', 'router-ipv6']))
  const states = await until('the state of each session', async () => {
    const found = await fixture.statuses('BGPSessionState', 'frrk8s.metallb.io')
    const isWhole = found.length === 6 && found.every(({ bgpStatus }) => bgpStatus === 'Established')
    return isWhole && found.every(({ bfdStatus }) => bfdStatus === 'Up') ? found : undefined
  })
  expect(states).toContainEqual({
    node: 'node-1',
    peer: ROUTER_IPV6,
    vrf: '',
    bgpStatus: 'Established',
    bfdStatus: 'Up'
  })
})

test('a changed peer starts its own session again, and no other', async () => {
  const [ipv4, ipv6] = await fixture.untilEstablished()
  const spec = { ...PEER, peerAddress: ROUTER_IPV6, bfdProfile: 'fast' }
  await fixture.applyPeer('router-ipv6', { ...spec, holdTime: '30s' })
  await until('the sessions start again', async () => {
    const now = await fixture.sessions(6)
    return NODES.every((node) => now[node] !== undefined && now[node] !== ipv6?.[node]) ? true : undefined
  })
  expect(await fixture.sessions(4)).toEqual(ipv4)
})

test('a changed BFD profile ends no session', async () => {
  const before = await fixture.untilEstablished()
  const spec = { receiveInterval: 100, transmitInterval: 250, detectMultiplier: 40 }
  await fixture.apply('BFDProfile', 'fast', { spec })
  // The router waits for 40 packets, of which there is one in 250 ms.
  await until('the router has heard of it', async () =>
    (await fixture.bird.command('show bfd sessions')).match(/ 10\.000\s*$/gm)?.length === 6 ? true : undefined
  )
  expect(await fixture.untilEstablished()).toEqual(before)
})

test('a password from a Secret: a wrong one is named in the log, the right one opens the session, and other peers never notice', async () => {
  const ipv4 = await fixture.sessions(4)
  const [prefix = ''] = (await fixture.base.addressesOf('routed')).map(prefixOf).slice(1)
  await fixture.configureBird((peer) =>
    peer.address.includes(':') ? { ...peer, password: 'open sesame', bfd: undefined } : peer
  )
  const secret = async (password: string): Promise<void> =>
    fixture.apply(
      'Secret',
      'sesame',
      { type: 'kubernetes.io/basic-auth', data: { password: btoa(password) } },
      'v1'
    )
  await secret('open barley')
  const spec = { ...PEER, peerAddress: ROUTER_IPV6, passwordSecret: { name: 'sesame' } }
  await fixture.applyPeer('router-ipv6', spec)
  await fixture.untilRouted(prefix)
  const [line = ''] = await until('the speaker says why', async () => {
    const lines = await fixture.logLines('node-2', 'bgp session down')
    const own = lines.filter((text) => text.includes('"peer":"router-ipv6"') && text.includes('password'))
    return own.length > 0 ? own : undefined
  })
  expect(line).not.toContain('open')
  expect(Object.values(await fixture.sessions(6))).toEqual([undefined, undefined, undefined])

  await secret('open sesame')
  await fixture.untilRouted(prefix, ...NODES)
  expect(await fixture.sessions(4)).toEqual(ipv4)
})
