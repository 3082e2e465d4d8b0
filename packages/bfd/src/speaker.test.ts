import { parseIpAddress } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Pair, pairOf, seeded } from './fixtures/pair.ts'
import type { BfdStateChange } from './fsm.ts'
import { BfdDiagnostic, decodeControlPacket, encodeControlPacket } from './packet.ts'

const FAST = { transmitIntervalMs: 50, receiveIntervalMs: 50, detectMultiplier: 3 }

describe('two speakers', () => {
  test('come up, and agree on the intervals', () => {
    const pair = pairOf({ options: FAST })
    expect(pair.untilUp()).toBeLessThan(3000)
    pair.clock.advance(1000)
    for (const side of [pair.a, pair.b])
      expect(side.session.status).toMatchObject({
        state: 'up',
        remoteState: 'up',
        isPolling: false,
        transmitIntervalMs: 50,
        detectionTimeMs: 150
      })
  })

  test('send with jitter: never slower than agreed, never faster than three quarters', () => {
    const pair = pairOf({ options: { ...FAST, detectMultiplier: 1 } })
    pair.untilUp()
    pair.clock.advance(1000)
    pair.network.sent.length = 0
    pair.clock.advance(5000)
    const times = pair.network.sent.filter(({ from }) => from === '192.0.2.1').map(({ atMs }) => atMs)
    const gaps = times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0))
    // With a multiplier of 1 not above 90 % (RFC 5880 §6.8.7); one millisecond is the grain of the timers.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.75 * 50)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(0.9 * 50 + 1)
  })

  test('use one source port for all packets of a session', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    const ports = new Set(pair.network.sent.map(({ from, sourcePort }) => `${from} ${sourcePort}`))
    expect(ports.size).toBe(2)
    for (const { sourcePort } of pair.network.sent) expect(sourcePort).toBeGreaterThanOrEqual(49_152)
  })

  test.each(['keyed-md5', 'keyed-sha1'] as const)('with %s stay up when a poll is repeated', (type) => {
    const authentication = { type, keyId: 1, key: Buffer.from('key') }
    const pair = pairOf({ options: { ...FAST, authentication } })
    pair.untilUp()
    pair.clock.advance(1000)
    // The answer to the first poll.
    let lost = 0
    pair.network.fate = (from) => (from === '192.0.2.2' && lost++ === 0 ? undefined : 0)
    pair.a.speaker.update(pair.a.session, { ...FAST, transmitIntervalMs: 60 })
    pair.clock.advance(2000)
    expect(lost).toBeGreaterThan(1)
    for (const side of [pair.a, pair.b]) expect(side.session.counters.downEvents).toBe(0)
  })

  test('notice silence within the detection time, and tell why', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    pair.clock.advance(1000)
    const downs: BfdStateChange[] = []
    pair.a.session.on('down', (change) => downs.push(change))
    pair.network.fate = (from) => (from === '192.0.2.2' ? undefined : 0)
    const tookMs = pair.clock.advanceUntil(() => downs.length > 0, 1000)
    expect(tookMs).toBeGreaterThanOrEqual(100)
    expect(tookMs).toBeLessThanOrEqual(152)
    expect(downs).toMatchObject([{ reason: 'detectionTimeExpired', diagnostic: 1, from: 'up', to: 'down' }])
    // The other side hears that at once, without its own detection time.
    pair.clock.advance(1)
    expect(pair.b.session.status).toMatchObject({
      state: 'down',
      diagnostic: BfdDiagnostic.neighborSignaledSessionDown
    })
    pair.network.fate = () => 0
    expect(pair.untilUp()).toBeLessThan(3000)
    expect(pair.a.session.counters).toMatchObject({ upEvents: 2, downEvents: 1 })
  })

  test('change parameters while they are up, in both directions', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    pair.clock.advance(1000)
    for (const [intervalMs, multiplier] of [
      [500, 3],
      [20, 5],
      [300, 2]
    ] as const) {
      pair.a.speaker.update(pair.a.session, {
        transmitIntervalMs: intervalMs,
        receiveIntervalMs: intervalMs,
        detectMultiplier: multiplier
      })
      pair.clock.advance(3000)
      const agreedMs = Math.max(50, intervalMs)
      expect(pair.a.session.status).toMatchObject({
        transmitIntervalMs: agreedMs,
        detectionTimeMs: 3 * agreedMs
      })
      expect(pair.b.session.status).toMatchObject({
        transmitIntervalMs: agreedMs,
        detectionTimeMs: multiplier * agreedMs
      })
    }
    expect([pair.a.session.counters.downEvents, pair.b.session.counters.downEvents]).toEqual([0, 0])
  })

  test('a passive one waits for the other; two of them wait for ever', () => {
    const one = pairOf({ options: FAST, a: { passiveMode: true } })
    expect(one.untilUp()).toBeLessThan(3000)
    const two = pairOf({ options: { ...FAST, passiveMode: true } })
    two.clock.advance(10_000)
    expect(two.network.sent).toEqual([])
  })

  test('an operator holds a session down, which is no failure for the peer', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    const reasons: string[] = []
    pair.b.session.on('down', ({ reason }) => reasons.push(reason))
    pair.a.session.adminDown()
    pair.clock.advance(10_000)
    expect(reasons).toEqual(['remoteAdminDown'])
    expect([pair.a.session.state, pair.b.session.state]).toEqual(['adminDown', 'down'])
    pair.a.session.adminUp()
    expect(pair.untilUp()).toBeLessThan(5000)
  })

  test('a stop says goodbye more than once, unless it is to be silent', async () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    pair.network.sent.length = 0
    const stopped = pair.a.speaker.stop()
    pair.clock.advance(200)
    await stopped
    const goodbyes = pair.network.sent.filter(({ from }) => from === '192.0.2.1')
    expect(goodbyes.map(({ bytes }) => decodeControlPacket(bytes).state)).toEqual([
      'adminDown',
      'adminDown',
      'adminDown'
    ])
    expect(pair.b.session.state).toBe('down')
    pair.network.sent.length = 0
    await pair.b.speaker.stop({ farewell: 'silent' })
    pair.clock.advance(5000)
    expect([pair.network.sent, pair.clock.pending]).toEqual([[], 0])
  })

  test('demand mode of a peer stops our periodic packets; its polls are answered', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    pair.clock.advance(1000)
    const last = pair.network.sent.findLast(({ from }) => from === '192.0.2.2')
    const packet = decodeControlPacket(last?.bytes ?? new Uint8Array())
    pair.network.fate = (from) => (from === '192.0.2.2' ? undefined : 0)
    pair.inject(encodeControlPacket({ ...packet, demand: true, requiredMinRxUs: 40_000 }))
    pair.clock.advance(0)
    pair.network.sent.length = 0
    pair.clock.advance(100)
    expect(pair.network.sent.filter(({ from }) => from === '192.0.2.1')).toEqual([])
    pair.inject(encodeControlPacket({ ...packet, demand: true, poll: true }))
    pair.clock.advance(0)
    const answers = pair.network.sent.filter(({ from }) => from === '192.0.2.1')
    expect(answers.map(({ bytes }) => decodeControlPacket(bytes))).toMatchObject([
      { final: true, poll: false, state: 'up' }
    ])
  })

  test.each([
    'simple-password',
    'keyed-md5',
    'meticulous-keyed-md5',
    'keyed-sha1',
    'meticulous-keyed-sha1'
  ] as const)(
    'with the same key come up and stay: %s; with another one not, and a restart is not locked out',
    async (type) => {
      const authentication = { type, keyId: 1, key: Buffer.from('secret') }
      const pair = pairOf({ options: { ...FAST, authentication } })
      expect(pair.untilUp()).toBeLessThan(3000)
      pair.clock.advance(60_000)
      expect(pair.a.session.counters).toMatchObject({ authenticationRefusals: 0, downEvents: 0 })
      const restarted = pair.restart(pair.b)
      expect((await restarted)()).toBeLessThan(10_000)

      const wrong = pairOf({
        options: { ...FAST, authentication },
        a: { authentication: { ...authentication, key: Buffer.from('Secret') } }
      })
      wrong.clock.advance(10_000)
      expect([wrong.a.session.state, wrong.b.session.state]).toEqual(['down', 'down'])
      expect(wrong.a.session.counters.authenticationRefusals).toBeGreaterThan(5)

      const none = pairOf({ options: FAST, a: { authentication } })
      none.clock.advance(10_000)
      expect([none.a.session.state, none.b.session.state]).toEqual(['down', 'down'])
    }
  )
})

describe('a speaker', () => {
  test('counts and drops what is for nobody', () => {
    const pair = pairOf({ options: FAST })
    pair.untilUp()
    const packet = decodeControlPacket(pair.network.sent.at(-1)?.bytes ?? new Uint8Array())
    const stranger = parseIpAddress('192.0.2.66')
    pair.inject(encodeControlPacket({ ...packet, yourDiscriminator: 1 }))
    pair.inject(encodeControlPacket({ ...packet, state: 'down', yourDiscriminator: 0 }), stranger)
    pair.inject(Buffer.from('hello'))
    pair.clock.advance(0)
    expect(pair.a.speaker.counters).toEqual({ discarded: { 'too-short': 1 }, unknownPeer: 2, wrongPath: 0 })
  })

  test('takes no packet for a neighbour by the port for several hops, nor one of those from another address', () => {
    const pair = pairOf({ options: FAST })
    pair.a.speaker.add({ ...FAST, remoteAddress: parseIpAddress('192.0.2.3'), hops: 'multi', minimumTtl: 1 })
    pair.untilUp()
    const last = pair.network.sent.findLast(({ from }) => from === '192.0.2.2')
    const packet = decodeControlPacket(last?.bytes ?? new Uint8Array())
    const [, far] = pair.a.speaker.sessions
    pair.inject(encodeControlPacket({ ...packet, state: 'down' }), undefined, 4784)
    pair.inject(
      encodeControlPacket({ ...packet, state: 'down', yourDiscriminator: far?.localDiscriminator ?? 0 }),
      parseIpAddress('192.0.2.66'),
      4784
    )
    pair.clock.advance(0)
    expect(pair.a.speaker.counters.wrongPath).toBe(2)
    expect([pair.a.session.state, far?.state]).toEqual(['up', 'down'])
  })

  test('refuses a second session with a peer, and more than its limit', () => {
    const pair = pairOf({ options: FAST, speaker: { maxSessions: 2 } })
    const add = (text: string): unknown => pair.a.speaker.add({ remoteAddress: parseIpAddress(text) })
    expect(() => add('192.0.2.2')).toThrow(expect.objectContaining({ reason: 'duplicate' }))
    add('192.0.2.3')
    expect(() => add('192.0.2.4')).toThrow(expect.objectContaining({ reason: 'limit' }))
    const [first] = pair.a.speaker.sessions
    if (first !== undefined) pair.a.speaker.remove(first)
    add('192.0.2.4')
  })

  test('ends with its signal', () => {
    const abort = new AbortController()
    const pair = pairOf({ options: FAST, signal: abort.signal })
    pair.untilUp()
    abort.abort()
    pair.clock.advance(100)
    expect(pair.b.session.state).toBe('down')
    expect([...pair.a.speaker.sessions]).toEqual([])
  })
})

describe('properties', () => {
  test('up, whatever is lost, late or overtaken on the way, and never a flap below the multiplier', () => {
    // So many in a row that the next packet, with the longest delay, still comes within the detection time.
    const networks = fc.integer({ min: 3, max: 8 }).chain((multiplier) =>
      fc.record({
        multiplier: fc.constant(multiplier),
        lossesInRow: fc.integer({ min: 0, max: multiplier - 2 }),
        lossRate: fc.double({ min: 0, max: 0.9, noNaN: true }),
        maxDelayMs: fc.integer({ min: 0, max: 35 }),
        seed: fc.integer()
      })
    )
    fc.assert(
      fc.property(networks, ({ seed, lossesInRow, lossRate, maxDelayMs, multiplier }) => {
        const random = seeded(seed)
        const pair = pairOf({ options: { ...FAST, detectMultiplier: multiplier }, random })
        const lost = new Map<string, number>()
        pair.network.fate = (from) => {
          const inRow = lost.get(from) ?? 0
          const isLost = inRow < lossesInRow && random() < lossRate
          lost.set(from, isLost ? inRow + 1 : 0)
          return isLost ? undefined : random() * maxDelayMs
        }
        expect(pair.untilUp(20_000)).toBeLessThan(20_000)
        pair.clock.advance(20_000)
        expect([pair.a, pair.b].map(({ session }) => session.counters.downEvents)).toEqual([0, 0])
      }),
      { numRuns: 30 }
    )
  })

  test('silence at any moment is noticed by both within the detection time', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 3000 }), (seed, afterMs) => {
        const pair: Pair = pairOf({ options: FAST, random: seeded(seed) })
        pair.untilUp()
        pair.clock.advance(2000 + afterMs)
        pair.network.fate = () => undefined
        const bothDown = (): boolean => [pair.a, pair.b].every(({ session }) => session.state === 'down')
        expect(pair.clock.advanceUntil(bothDown, 1000)).toBeLessThanOrEqual(152)
      }),
      { numRuns: 50 }
    )
  })
})
