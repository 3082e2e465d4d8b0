import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setImmediate as nextRound } from 'node:timers/promises'
import { encodeSocketAddress, UdpSocket } from '@clarion-lb/linux-net'
import { type IpAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { afterEach, describe, expect, test } from 'vitest'
import { BFD_TRANSITION_CHANNEL } from './diagnostics.ts'
import type { BfdSessionOptions } from './options.ts'
import { encodeControlPacket } from './packet.ts'
import type { BfdSession } from './session.ts'
import { BfdSpeaker } from './speaker.ts'
import { UdpTransport } from './udp-transport.ts'

const FAST = { transmitIntervalMs: 20, receiveIntervalMs: 20, detectMultiplier: 10 }
// There is only one loopback address of IPv6, so there the two differ by their ports.
const FAMILIES = [
  { name: 'IPv4', a: '127.0.0.21', b: '127.0.0.22', portA: 23_784, portB: 23_784 },
  { name: 'IPv6', a: '::1', b: '::1', portA: 23_785, portB: 23_786 }
]
const running: BfdSpeaker[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (speaker) => speaker.stop({ farewell: 'silent' })))
})

describe.skipIf(process.platform !== 'linux').each(FAMILIES)('over $name', ({ a, b, portA, portB }) => {
  const [here, there] = [parseIpAddress(a), parseIpAddress(b)]

  test.each([
    ['neighbours', {}],
    [
      'neighbours with a key',
      { authentication: { type: 'meticulous-keyed-sha1', keyId: 3, key: Buffer.from('k') } }
    ],
    ['hosts apart', { hops: 'multi', minimumTtl: 250 }],
    ['neighbours by an interface', { interface: 'lo' }]
  ] satisfies [string, Partial<BfdSessionOptions>][])(
    '%s come up, and one that leaves says so',
    async (_, options) => {
      const [left, right] = await pair(options)
      const down = once(left.session, 'down')
      void right.speaker.stop()
      expect(await down).toMatchObject([{ reason: 'remoteAdminDown' }])
      expect(left.session.counters).toMatchObject({ sendErrors: 0, upEvents: 1, downEvents: 1 })
    }
  )

  test('a host that refuses packets is sent every one of them', () => {
    const endpoint = { remoteAddress: there, remotePort: 9, localAddress: here, localPort: 49_999 }
    const sender = new UdpTransport().openSender(endpoint)
    const errors = [1, 2, 3, 4].map(() => sender?.send(Uint8Array.of(0)))
    sender?.close()
    expect(errors).toEqual([0, 0, 0, 0])
  })

  test('a neighbour that falls silent is noticed, and the change published', async () => {
    const [left, right] = await pair({})
    const messages: unknown[] = []
    const listener = (message: unknown): void => void messages.push(message)
    subscribe(BFD_TRANSITION_CHANNEL, listener)
    const down = once(left.session, 'down')
    await right.speaker.stop({ farewell: 'silent' })
    expect(await down).toMatchObject([{ reason: 'detectionTimeExpired' }])
    unsubscribe(BFD_TRANSITION_CHANNEL, listener)
    expect(messages).toMatchObject([{ remoteAddress: b, from: 'up', to: 'down', diagnostic: 1 }])
  })

  test.each([
    [{}, 254, 255],
    [{ hops: 'multi', minimumTtl: 100 }, 99, 100]
  ] satisfies [Partial<BfdSessionOptions>, number, number][])(
    'a forged packet with a TTL too low does nothing, whatever it knows: %j',
    async (options, tooLow, enough) => {
      const [left] = await pair(options)
      const forged = forge(left.session)
      send(there, { to: here, port: portA, ttl: tooLow, bytes: forged })
      // Packets of loopback keep their order: when this one was seen, the one before was not let in.
      send(there, { to: here, port: portA, ttl: 255, bytes: Buffer.from('end') })
      while (left.speaker.counters.discarded['too-short'] === undefined) await nextRound()
      expect(left.session.counters.downEvents).toBe(0)
      const down = once(left.session, 'down')
      send(there, { to: here, port: portA, ttl: enough, bytes: forged })
      expect(await down).toMatchObject([{ reason: 'remoteDown' }])
    }
  )

  test('parameters change while up, without a flap', async () => {
    const [left, right] = await pair({})
    left.speaker.update(left.session, { transmitIntervalMs: 30, receiveIntervalMs: 40, detectMultiplier: 20 })
    while (left.session.status.isPolling || right.session.status.transmitIntervalMs !== 40) await nextRound()
    expect(left.session.status).toMatchObject({ transmitIntervalMs: 30, detectionTimeMs: 400 })
    expect(right.session.status).toMatchObject({ transmitIntervalMs: 40, detectionTimeMs: 600 })
    expect([left, right].map(({ session }) => session.counters.downEvents)).toEqual([0, 0])
  })

  test('an event loop that was blocked for longer than the detection time ends no session', async () => {
    const [left, right] = await pair({})
    for (let i = 0; i < 3; i += 1) {
      await nextRound()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      await nextRound()
    }
    expect([left, right].map(({ session }) => session.counters.downEvents)).toEqual([0, 0])
  })

  test('a port that another program has is told, and nothing is left behind', () => {
    const other = UdpSocket.open({ family: here.family, localAddress: here, localPort: portA })
    const speaker = begin(here, portA)
    const options = { remoteAddress: there, interface: 'lo' }
    expect(() => speaker.add(options)).toThrow(expect.objectContaining({ reason: 'EADDRINUSE' }))
    other.close()
    speaker.add(options)
    // Our own sockets on other interfaces do not stand in the way.
    speaker.add({ remoteAddress: there })
  })

  test('sessions that name no interface come up beside others that do', async () => {
    const [left, right] = [begin(here, portA), begin(there, portB)]
    const elsewhere = parseIpAddress(here.family === 4 ? '127.0.0.99' : '2001:db8::99')
    for (const { speaker } of [{ speaker: left }, { speaker: right }])
      speaker.add({ ...FAST, remoteAddress: elsewhere, interface: 'lo' })
    const sessions = [
      side(left, { localAddress: here, remoteAddress: there, remotePort: portB }),
      side(right, { localAddress: there, remoteAddress: here, remotePort: portA })
    ]
    await Promise.all(sessions.map(async ({ session }) => once(session, 'up')))
    expect(left.counters.wrongPath).toBe(0)
  })

  test('an address that is not there yet is tried again with each packet', () => {
    const speaker = begin(here, portA)
    const localAddress = parseIpAddress(here.family === 4 ? '192.0.2.77' : '2001:db8::77')
    const session = speaker.add({ remoteAddress: there, localAddress })
    expect(session.status.lastSendError).toBe('EADDRNOTAVAIL')
    expect(session.counters).toMatchObject({ packetsSent: 0, sendErrors: 1 })
  })

  interface Side {
    readonly speaker: BfdSpeaker
    readonly session: BfdSession
  }

  async function pair(options: Partial<BfdSessionOptions>): Promise<[Side, Side]> {
    const sides: [Side, Side] = [
      side(begin(here, portA), { localAddress: here, remoteAddress: there, remotePort: portB, ...options }),
      side(begin(there, portB), { localAddress: there, remoteAddress: here, remotePort: portA, ...options })
    ]
    await Promise.all(sides.map(async ({ session }) => once(session, 'up')))
    // A first change of the intervals is over when nobody polls any more.
    while (sides.some(({ session }) => session.status.isPolling)) await nextRound()
    return sides
  }

  function side(speaker: BfdSpeaker, options: BfdSessionOptions): Side {
    return { speaker, session: speaker.add({ ...FAST, ...options }) }
  }
})

test.skipIf(process.platform !== 'linux')(
  'a socket of many sessions is looked at when timers are due, of few when packets come, and no session notices',
  async () => {
    const [near, far] = [begin(undefined, 23_787), begin(undefined, 23_788)]
    const address = (side: number, i: number): IpAddress => parseIpAddress(`127.0.${side}.${i + 1}`)
    const sessions = Array.from({ length: 140 }, (_, i) => {
      const [a, b] = [address(31, i), address(32, i)]
      far.add({ ...FAST, localAddress: b, remoteAddress: a, remotePort: 23_787 })
      return near.add({ ...FAST, localAddress: a, remoteAddress: b, remotePort: 23_788 })
    })
    await Promise.all(sessions.map(async (session) => once(session, 'up')))
    for (const session of sessions.splice(5)) near.remove(session)
    const counted = sessions.map(({ counters }) => counters.packetsReceived)
    while (sessions.some(({ counters }, i) => counters.packetsReceived < (counted[i] ?? 0) + 5))
      await nextRound()
    expect(sessions.map(({ counters }) => counters.downEvents)).toEqual([0, 0, 0, 0, 0])
  }
)

function begin(address: IpAddress | undefined, port: number): BfdSpeaker {
  const speaker = new BfdSpeaker({
    listenAddresses: address?.family === 6 ? { ipv6: address } : { ipv4: address },
    listenPorts: { single: port, multi: port }
  })
  speaker.start()
  running.push(speaker)
  return speaker
}

/** What takes a session down, if it is believed. */
function forge({ status }: BfdSession): Uint8Array {
  return encodeControlPacket({
    diagnostic: 0,
    state: 'down',
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: 10,
    myDiscriminator: status.remoteDiscriminator,
    yourDiscriminator: status.localDiscriminator,
    desiredMinTxUs: 1_000_000,
    requiredMinRxUs: 20_000,
    requiredMinEchoRxUs: 0
  })
}

function send(
  from: IpAddress,
  packet: { readonly to: IpAddress; readonly port: number; readonly ttl: number; readonly bytes: Uint8Array }
): void {
  const socket = UdpSocket.open({ family: from.family, localAddress: from, ttl: packet.ttl })
  expect(
    socket.send(packet.bytes, encodeSocketAddress(from.family, { address: packet.to, port: packet.port }))
  ).toBe(0)
  socket.close()
}
