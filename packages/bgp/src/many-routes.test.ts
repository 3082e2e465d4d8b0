import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { afterEach, expect, test } from 'vitest'
import { encoding, PLAIN_ATTRIBUTES } from './fixtures/corpus.ts'
import { closed, createPair, loopback, stopAll } from './fixtures/speakers.ts'
import type { BgpPeerSettings } from './index.ts'
import { encodeKeepalive, encodeOpen, encodeReach } from './messages/codec.ts'
import { buildOpen } from './negotiation.ts'

const MILLION = 1_000_000
const CHUNK = 20_000
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await stopAll()
})

/** A peer that is Established and sends what it is given. */
async function establishRaw(settings: Partial<BgpPeerSettings>) {
  const { left, port } = await createPair({ leftPeer: settings })
  const socket = connect({ host: loopback(1).toString(), port, localAddress: loopback(2).toString() })
  socket.on('error', () => undefined)
  socket.resume()
  sockets.push(socket)
  const identity = { asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2') }
  const up = once(left.peer, 'established')
  socket.write(
    encodeOpen(buildOpen({ name: 'x', address: loopback(1), asn: 64_500, ...settings }, identity, false))
  )
  socket.write(encodeKeepalive())
  await up
  return { peer: left.peer, socket }
}

async function sendHosts(socket: Socket, count: number): Promise<void> {
  for (let first = 0; first < count; first += CHUNK) {
    const prefixes = Array.from({ length: CHUNK }, (_, i) =>
      IpPrefix.of(Ipv4Address.fromNumber(0x0a00_0000 + first + i), 32)
    )
    const messages = encodeReach({
      family: 4,
      nextHop: { global: Ipv4Address.parse('192.0.2.9') },
      attributes: PLAIN_ATTRIBUTES,
      prefixes,
      encoding: encoding({})
    })
    if (socket.destroyed) return
    const hasRoom = messages.map((message) => socket.write(message)).at(-1)
    if (hasRoom === false) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed
}

test('a million routes of a peer are counted, and cost no memory', { timeout: 60_000 }, async () => {
  const { peer, socket } = await establishRaw({})
  const before = heapBytes()
  await sendHosts(socket, MILLION)
  while (peer.status().families[4].received < MILLION) await once(peer, 'update')
  expect(heapBytes() - before).toBeLessThan(16 << 20)
  expect(peer.state).toBe('established')
})

test('of a million routes no more are looked at than the limit allows', { timeout: 60_000 }, async () => {
  const { peer, socket } = await establishRaw({ maxPrefixes: 1000 })
  const end = closed({ peer })
  await sendHosts(socket, MILLION)
  expect((await end).notification).toMatchObject({ code: 6, subcode: 1 })
  expect(peer.status().counters.received.update).toBeLessThan(10)
})

test('a hundred thousand networks of IPv6 are told apart as fast as hosts', { timeout: 60_000 }, async () => {
  const { peer, socket } = await establishRaw({ maxPrefixes: 200_000 })
  const first = Ipv6Address.parse('2001:db8::').toBigInt()
  const prefixes = Array.from({ length: 100_000 }, (_, i) =>
    IpPrefix.of(Ipv6Address.fromBigInt(first + (BigInt(i) << 80n)), 48)
  )
  const messages = encodeReach({
    family: 6,
    nextHop: { global: Ipv6Address.parse('2001:db8::9') },
    attributes: PLAIN_ATTRIBUTES,
    prefixes,
    encoding: encoding({})
  })
  // Quadratic time would be minutes.
  for (const message of messages) socket.write(message)
  while (peer.status().families[6].received < prefixes.length) await once(peer, 'update')
  expect(peer.state).toBe('established')
})
