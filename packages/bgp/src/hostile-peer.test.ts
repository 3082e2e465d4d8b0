import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextImmediate } from 'node:timers/promises'
import { Ipv4Address } from '@clarion-lb/netaddr'
import { afterEach, expect, test, vi } from 'vitest'
import { closed, createPair, loopback, route, stopAll } from './fixtures/speakers.ts'
import { BgpSpeaker } from './index.ts'
import { encodeKeepalive, encodeOpen } from './messages/codec.ts'
import { buildOpen } from './negotiation.ts'

const sockets: Socket[] = []
const servers: Server[] = []
const speakers: BgpSpeaker[] = []

afterEach(async () => {
  vi.useRealTimers()
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
  await Promise.all(speakers.splice(0).map(async (speaker) => speaker.stop()))
  await stopAll()
})

const PEER = { name: 'x', address: loopback(1), asn: 64_500 }
const OPEN = encodeOpen(
  buildOpen(PEER, { asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2') }, false)
)

async function dialFrom(local: Ipv4Address, remote: Ipv4Address, port: number): Promise<Socket> {
  const socket = connect({ host: remote.toString(), port, localAddress: local.toString() })
  socket.on('error', () => undefined)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** A server that a speaker is to connect to, and what it gives each connection to do. */
async function serve(address: Ipv4Address, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
    onConnection(socket)
  })
  servers.push(server)
  server.listen(0, address.toString())
  await once(server, 'listening')
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await nextImmediate()
}

test('who is no peer is told nothing', async () => {
  const { port, left } = await createPair()
  const addresses = { host: loopback(1).toString(), localAddress: loopback(9).toString() }
  const socket = connect({ port, ...addresses })
  const received: unknown[] = []
  socket.on('data', (data) => received.push(data))
  // It may be too late for any of this.
  socket.on('error', () => undefined)
  socket.write(OPEN)
  await new Promise<void>((resolve) => socket.on('close', () => resolve()))
  expect(received).toEqual([])
  expect(left.peer.status().counters.sent.open).toBe(0)
})

test('of a peer that opens connection after connection one is kept', async () => {
  const { port, left } = await createPair()
  const dialed: Socket[] = []
  for (let i = 0; i < 20; i += 1) dialed.push(await dialFrom(loopback(2), loopback(1), port))
  const open = (): number => {
    for (const socket of dialed) socket.resume()
    return dialed.filter((socket) => !socket.closed).length
  }
  await expect.poll(open).toBeLessThanOrEqual(2)
  expect(left.peer.state).toBe('openSent')
})

test('a peer that sends its OPEN an octet at a time is served; one that never ends it is given up', async () => {
  const { port, left } = await createPair()
  const slow = await dialFrom(loopback(2), loopback(1), port)
  slow.resume()
  for (const octet of OPEN) {
    slow.write(Uint8Array.of(octet))
    await nextImmediate()
  }
  await expect.poll(() => left.peer.state).toBe('openConfirm')
  slow.write(encodeKeepalive())
  await once(left.peer, 'established')

  const second = await createPair()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const halfOpen = await dialFrom(loopback(2), loopback(1), second.port)
  halfOpen.resume()
  halfOpen.write(OPEN.subarray(0, 25))
  while (second.left.peer.state !== 'openSent') await nextImmediate()
  const end = closed(second.left)
  vi.advanceTimersByTime(240_000)
  expect((await end).notification).toMatchObject({ code: 4, subcode: 0 })
})

test.each([
  { what: 'garbage', bytes: new Uint8Array(64).fill(0x47), code: 1, subcode: 1 },
  {
    what: 'an impossible length',
    bytes: Uint8Array.of(...OPEN.subarray(0, 16), 0, 18, 4),
    code: 1,
    subcode: 2
  },
  { what: 'an unknown type', bytes: Uint8Array.of(...OPEN.subarray(0, 16), 0, 19, 77), code: 1, subcode: 3 },
  { what: 'a KEEPALIVE before its OPEN', bytes: encodeKeepalive(), code: 5, subcode: 1 },
  { what: 'two OPENs', bytes: Uint8Array.of(...OPEN, ...OPEN), code: 5, subcode: 2 }
])('a peer that sends $what is answered with $code/$subcode', async ({ bytes, code, subcode }) => {
  const { port, left } = await createPair()
  const end = closed(left)
  const socket = await dialFrom(loopback(2), loopback(1), port)
  const received: Buffer[] = []
  socket.on('data', (data: Buffer) => received.push(data))
  socket.write(bytes)
  expect((await end).notification).toMatchObject({ code, subcode })
  await once(socket, 'close')
  const last = Buffer.concat(received).subarray(-3)
  expect(
    [last[0], last[1]].join('/').length > 0 && Buffer.concat(received).includes(Buffer.of(3, code, subcode))
  ).toBe(true)
})

test('a peer that never reads costs a bounded amount of memory, and is given up', async () => {
  const port = await serve(loopback(1, 200), (socket) => {
    socket.write(OPEN)
    socket.write(encodeKeepalive())
  })
  const speaker = new BgpSpeaker({ asn: 64_500, bgpIdentifier: Ipv4Address.parse('192.0.2.1') })
  speakers.push(speaker)
  const peer = speaker.addPeer({ name: 'deaf', address: loopback(1, 200), asn: 64_501, port })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const up = once(peer, 'established')
  await speaker.start()
  await up
  // 8 MB of messages: more than the system's buffers take.
  const communities = Array.from({ length: 1000 }, (_, i) => i)
  peer.setAdvertisements(
    Array.from({ length: 2000 }, (_, i) => route(`10.0.${i >> 8}.${i & 255}/32`, { med: i, communities }))
  )
  let before = -1
  while (peer.status().counters.sent.update !== before) {
    before = peer.status().counters.sent.update
    await settle()
  }
  expect(peer.status().families[4].pending).toBeGreaterThan(100)
  const end = closed({ peer })
  // It sends keepalives, so that the hold timer has nothing to say.
  for (let i = 0; i < 20 && peer.state === 'established'; i += 1) {
    const { keepalive } = peer.status().counters.received
    for (const socket of sockets) socket.write(encodeKeepalive())
    while (peer.status().counters.received.keepalive === keepalive) await nextImmediate()
    vi.advanceTimersByTime(60_000)
    await settle()
  }
  expect(await end).toMatchObject({ by: 'local', message: 'the peer reads nothing (RFC 9687)' })
})

test.each([
  { gracefulRestart: {}, kept: 'the new one' },
  { gracefulRestart: undefined, kept: 'the old one' }
])(
  'of a peer that connects again while its session is up $kept is kept ($gracefulRestart)',
  async (options) => {
    const { gracefulRestart } = options
    const settings = gracefulRestart === undefined ? {} : { gracefulRestart }
    const { port, left } = await createPair({ leftPeer: settings })
    const identity = { asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2') }
    const hello = Buffer.concat([
      encodeOpen(buildOpen({ ...PEER, ...settings }, identity, true)),
      encodeKeepalive()
    ])
    const before = await dialFrom(loopback(2), loopback(1), port)
    before.resume()
    before.write(hello)
    await once(left.peer, 'established')
    const after = connect({ host: loopback(1).toString(), port, localAddress: loopback(2).toString() })
    after.on('error', () => undefined)
    sockets.push(after)
    after.resume()
    const loser = gracefulRestart === undefined ? after : before
    const isClosed = new Promise<void>((resolve) => loser.on('close', () => resolve()))
    after.write(hello)
    await isClosed
    await expect.poll(() => left.peer.state).toBe('established')
    expect(left.peer.status().counters.sessions).toBe(gracefulRestart === undefined ? 1 : 2)
    expect(left.peer.status().counters.sent.notification).toBe(0)
  }
)
