import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setImmediate as nextImmediate } from 'node:timers/promises'
import { Ipv4Address } from '@clarion-lb/netaddr'
import { afterEach, expect, test, vi } from 'vitest'
import {
  closed,
  createPair,
  establish,
  loopback,
  type PairOptions,
  Received,
  route,
  stopAll
} from './fixtures/speakers.ts'
import { BGP_MESSAGE_CHANNEL, BGP_TRANSITION_CHANNEL, BgpSpeaker } from './index.ts'

afterEach(async () => {
  vi.useRealTimers()
  await stopAll()
})

test.each([
  { what: 'another AS number', leftPeer: { asn: 64_999 }, code: 2, subcode: 2 },
  { what: 'an AS number that is not ours', leftPeer: { asn: 'internal' }, code: 2, subcode: 2 },
  {
    what: 'a family less than required',
    leftPeer: { requiredFamilies: [6] },
    rightPeer: { families: [4] },
    code: 2,
    subcode: 7
  },
  {
    what: 'our own identifier',
    left: { asn: 64_501 },
    leftPeer: { asn: 'internal', bgpIdentifier: Ipv4Address.parse('192.0.2.2') },
    rightPeer: { asn: 'internal' },
    code: 2,
    subcode: 3
  }
] satisfies (PairOptions & { what: string; code: number; subcode: number })[])(
  'a peer with $what is refused by $code/$subcode',
  async ({ code, subcode, ...options }) => {
    const pair = await createPair(options)
    const ends = [closed(pair.left), closed(pair.right)]
    await pair.right.speaker.start()
    for (const end of await Promise.all(ends)) {
      expect(end.notification).toMatchObject({ code, subcode })
      expect(end.wasEstablished).toBe(false)
    }
  }
)

test('a peer that sends too many prefixes is told so, and left alone for a while', async () => {
  const pair = await createPair({ leftPeer: { maxPrefixes: 3, maxPrefixesIdleMs: 77_000 } })
  await establish(pair)
  const ends = [closed(pair.left), closed(pair.right)]
  pair.right.peer.setAdvertisements([1, 2, 3, 4].map((i) => route(`192.0.2.${i}/32`)))
  for (const end of await Promise.all(ends)) {
    expect(end.notification).toMatchObject({ code: 6, subcode: 1 })
    expect([...(end.notification?.data ?? [])]).toEqual([0, 1, 1, 0, 0, 0, 3])
  }
  expect(pair.left.peer.state).toBe('idle')
  expect(pair.left.peer.status().retryInMs).toBeGreaterThan(60_000)
})

test('the operator of the peer reads why, and nothing starts again by itself', async () => {
  const pair = await createPair()
  await establish(pair)
  const told = closed(pair.right)
  await pair.left.speaker.stop({ mode: 'shutdown', text: 'rack 4 moves \u0000 at noon' })
  expect(await told).toMatchObject({ by: 'peer', notification: { code: 6, subcode: 2 } })
  expect((await told).text).toContain('rack 4 moves')
  expect(pair.left.peer.status()).toMatchObject({ state: 'idle', retryInMs: undefined })
})

test('with graceful restart a shutdown is a hard reset, and a restart is silent and flushes', async () => {
  const gracefulRestart = { restartTimeMs: 60_000, isRestarting: true }
  const pair = await createPair({
    leftPeer: { gracefulRestart: {} },
    right: { holdsEndOfRib: true },
    rightPeer: { gracefulRestart }
  })
  const received = new Received(pair.left.peer)
  pair.right.peer.setAdvertisements([route('192.0.2.1/32')])
  await establish(pair)
  expect(pair.left.peer.status().negotiated?.peerCapabilities.gracefulRestart).toEqual({
    isRestarting: true,
    hasNotification: true,
    restartTimeMs: 60_000,
    families: [
      { family: 4, isForwardingPreserved: true },
      { family: 6, isForwardingPreserved: true }
    ]
  })
  await received.until(() => received.routes.size === 1)
  expect(received.endOfRib).toEqual([])
  pair.right.speaker.markComplete()
  await received.until(() => received.endOfRib.length === 2)

  const lost = closed(pair.left)
  const last = received.prefixes
  pair.right.peer.add([route('192.0.2.2/32')])
  await pair.right.speaker.stop({ mode: 'restart' })
  expect(await lost).toMatchObject({ by: 'network', notification: undefined, wasEstablished: true })
  expect(received.prefixes).toBe(last + 1)

  await establish(pair)
  expect(pair.left.peer.status().negotiated?.peerCapabilities.gracefulRestart?.isRestarting).toBe(false)
  const reset = closed(pair.left)
  await pair.right.speaker.stop({ mode: 'shutdown', text: 'bye' })
  expect(await reset).toMatchObject({ notification: { code: 6, subcode: 9 }, text: 'bye' })
})

test('two that call each other at once end with one session', async () => {
  for (let round = 0; round < 5; round += 1) {
    const pair = await createPair({ leftPeer: { isPassive: true } })
    const listening = { listen: [{ address: loopback(2), port: 0 }] }
    const right = new BgpSpeaker({ asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2'), ...listening })
    const addresses = { address: loopback(1), localAddress: loopback(2), port: pair.port }
    const rightPeer = right.addPeer({ name: 'left', asn: 64_500, ...addresses })
    await right.start()
    const both = [once(pair.left.peer, 'established'), once(rightPeer, 'established')]
    pair.left.speaker.updatePeer({
      ...pair.left.peer.options,
      address: loopback(2),
      isPassive: false,
      localAddress: loopback(1),
      port: right.ports[0] ?? 0
    })
    await Promise.all(both)
    const received = new Received(pair.left.peer)
    rightPeer.setAdvertisements([route(`192.0.2.${round}/32`)])
    await received.until(() => received.routes.size === 1)
    expect([pair.left.peer.state, rightPeer.state]).toEqual(['established', 'established'])
    await right.stop()
  }
})

test('a change that a session can live with does not end it; another one ends it alone', async () => {
  const pair = await createPair()
  const other = await createPair()
  await Promise.all([establish(pair), establish(other)])
  const { options } = pair.right.peer
  pair.right.speaker.updatePeer({ ...options, keepaliveTimeMs: 5000, connectRetryMs: 1000 })
  expect(pair.right.peer.state).toBe('established')
  const told = closed(pair.left)
  pair.right.speaker.updatePeer({ ...options, holdTimeMs: 30_000 })
  expect((await told).notification).toMatchObject({ code: 6, subcode: 6 })
  await once(pair.right.peer, 'established')
  expect(pair.right.peer.status().negotiated?.holdTimeMs).toBe(30_000)
  expect(other.left.peer.status().counters.sessions).toBe(1)
})

test('a peer that is silent for the hold time is given up', async () => {
  const pair = await createPair({ rightPeer: { holdTimeMs: 9000 } })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  await establish(pair)
  // Keepalives of both keep it up.
  for (let i = 0; i < 10; i += 1) {
    vi.advanceTimersByTime(2999)
    for (let j = 0; j < 8; j += 1) await nextImmediate()
  }
  expect(pair.left.peer.state).toBe('established')
  const ends = [closed(pair.left), closed(pair.right)]
  // One block of the event loop, longer than the hold time, in which nothing was received.
  vi.advanceTimersByTime(20_000)
  const [end] = await Promise.all(ends)
  expect([end?.notification?.code, end?.by]).toEqual(expect.arrayContaining([4]))
})

test('a stopped speaker can be started again', async () => {
  const pair = await createPair()
  await establish(pair)
  await pair.right.speaker.stop()
  await pair.right.speaker.stop()
  await establish(pair)
  expect(pair.right.peer.status().counters.sessions).toBe(2)
})

test('a peer that is removed is told, and its connections are refused', async () => {
  const pair = await createPair()
  await establish(pair)
  const told = closed(pair.right)
  await pair.left.speaker.removePeer('right')
  // RFC 4486 §4: Peer De-configured.
  expect((await told).notification).toMatchObject({ code: 6, subcode: 3 })
  const refused = await closed(pair.right)
  expect(refused).toMatchObject({ by: 'network', wasEstablished: false })
})

test('messages and transitions are told to those who subscribe', async () => {
  const transitions: unknown[] = []
  const types: unknown[] = []
  const onTransition = (message: unknown): void => void transitions.push(message)
  const onMessage = (message: unknown): void => void types.push(message)
  subscribe(BGP_TRANSITION_CHANNEL, onTransition)
  subscribe(BGP_MESSAGE_CHANNEL, onMessage)
  try {
    await establish(await createPair())
  } finally {
    unsubscribe(BGP_TRANSITION_CHANNEL, onTransition)
    unsubscribe(BGP_MESSAGE_CHANNEL, onMessage)
  }
  expect(transitions).toContainEqual({
    peer: 'left',
    connection: 'outgoing',
    from: 'openConfirm',
    to: 'established',
    event: 'keepaliveReceived'
  })
  expect(types).toContainEqual(expect.objectContaining({ peer: 'right', direction: 'received' }))
})

test('an aborted signal closes sessions as for a restart, and one that is stopped before is left alone', async () => {
  const pair = await createPair()
  await pair.left.speaker.stop()
  const abort = new AbortController()
  await pair.left.speaker.start(abort.signal)
  const { options } = pair.right.peer
  pair.right.speaker.updatePeer({ ...options, port: pair.left.speaker.ports[0] ?? 0 })
  await establish(pair)
  const told = closed(pair.right)
  abort.abort()
  expect(await told).toMatchObject({ by: 'network', notification: undefined })
})
