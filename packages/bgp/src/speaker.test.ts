import { Ipv6Address } from '@clarion-lb/netaddr'
import { afterEach, expect, test } from 'vitest'
import { closed, createPair, establish, loopback, Received, route, stopAll } from './fixtures/speakers.ts'

afterEach(stopAll)

test('routes go to an external peer with our AS number and address, and End-of-RIB behind them', async () => {
  const pair = await createPair({ rightPeer: { nextHops: { ipv6: Ipv6Address.parse('2001:db8::2') } } })
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements([
    route('192.0.2.1/32', { communities: [2, 1], localPref: 200 }),
    route('2001:db8:1::/64')
  ])
  await establish(pair)
  await received.until(() => received.endOfRib.length === 2)
  expect(Object.fromEntries(received.routes)).toEqual({
    '192.0.2.1/32': `${loopback(2).toString()} [64501] - 1 2`,
    '2001:db8:1::/64': '2001:db8::2 [64501] - '
  })
  expect(received.endOfRib).toEqual([4, 6])
  expect(pair.right.peer.status()).toMatchObject({
    state: 'established',
    families: { 4: { wanted: 1, advertised: 1, pending: 0, withheld: undefined } }
  })
  expect(pair.left.peer.status()).toMatchObject({
    families: { 4: { received: 1 }, 6: { received: 1 } },
    counters: { sessions: 1, sent: { open: 1 }, received: { open: 1, update: 4 } }
  })
})

test('an internal peer gets an empty path and LOCAL_PREF; a local AS number replaces ours everywhere', async () => {
  const pair = await createPair({
    leftPeer: { asn: 'internal' },
    right: { asn: 4_200_000_000 },
    rightPeer: { asn: 'internal', localAsn: 64_500 }
  })
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements([route('192.0.2.1/32'), route('192.0.2.2/32', { localPref: 7 })])
  await establish(pair)
  await received.until(() => received.routes.size === 2)
  expect([...received.routes.values()].map((text) => text.split(' ').slice(1).join(' '))).toEqual([
    '[] 100 ',
    '[] 7 '
  ])
})

test('only differences are sent, and one changed route is one small message', async () => {
  const pair = await createPair()
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements(
    Array.from({ length: 1000 }, (_, i) => route(`10.0.${i >> 8}.${i & 255}/32`))
  )
  await establish(pair)
  await received.until(() => received.endOfRib.length > 0 && received.routes.size === 1000)
  const before = pair.left.peer.status().counters.received.update
  pair.right.peer.add([route('10.0.0.1/32', { communities: [5] })])
  pair.right.peer.add([route('10.9.9.9/32')])
  pair.right.peer.remove([route('10.9.9.9/32').prefix])
  await received.until(() => received.routes.get('10.0.0.1/32')?.endsWith(' 5') === true)
  pair.right.peer.remove([route('10.0.0.2/32').prefix])
  await received.until(() => received.routes.size === 999)
  expect(received.prefixes).toBe(1001)
  expect(pair.left.peer.status().counters.received.update - before).toBe(2)
})

test('IPv6 routes without an address to send packets to are kept back, with the reason', async () => {
  const pair = await createPair({ leftPeer: { families: [4, 6] } })
  pair.right.peer.setAdvertisements([route('2001:db8::1/128')])
  await establish(pair)
  expect(pair.right.peer.status().families[6]).toMatchObject({
    wanted: 1,
    advertised: 0,
    withheld: 'no-next-hop'
  })
  const received = new Received(pair.left.peer)
  const { options } = pair.right.peer
  pair.right.speaker.updatePeer({ ...options, nextHops: { ipv6: Ipv6Address.parse('2001:db8::2') } })
  await received.until(() => received.routes.size === 1)
  expect(pair.right.peer.status().families[6]).toMatchObject({ advertised: 1, withheld: undefined })
  expect(pair.right.peer.status().counters.sessions).toBe(1)
})

test('a graceful shutdown is told with all routes, and can be taken back', async () => {
  const pair = await createPair()
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements([route('192.0.2.1/32')])
  await establish(pair)
  await received.until(() => received.endOfRib.length === 2)
  pair.right.speaker.setGracefulShutdown(true)
  await received.until(() => received.routes.get('192.0.2.1/32')?.endsWith(` ${0xffff_0000}`) === true)
  pair.right.speaker.setGracefulShutdown(false)
  await received.until(() => received.prefixes === 3)
  expect(received.routes.get('192.0.2.1/32')).toMatch(/- $/)
})

test('what was sent is not sent twice, but all of it to a new session', async () => {
  const pair = await createPair()
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements([route('192.0.2.1/32')])
  await establish(pair)
  await received.until(() => received.routes.size === 1)
  const told = closed(pair.right)
  pair.left.peer.reset('administrative')
  await received.until(() => received.routes.size === 0)
  pair.right.peer.setAdvertisements([route('192.0.2.2/32')])
  await received.until(() => received.routes.size === 1)
  expect([...received.routes.keys()]).toEqual(['192.0.2.2/32'])
  expect(received.prefixes).toBe(2)
  expect(await told).toMatchObject({
    by: 'peer',
    message: 'Cease/Administrative Reset',
    wasEstablished: true
  })
})
