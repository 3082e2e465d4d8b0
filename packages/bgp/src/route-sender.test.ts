import { setImmediate as nextImmediate } from 'node:timers/promises'
import { IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { AdjRibOut } from './adj-rib-out.ts'
import { decodeMessage } from './messages/codec.ts'
import { buildOpen, type Negotiated, negotiate } from './negotiation.ts'
import type { NextHops } from './next-hops.ts'
import { RibEncoder } from './rib-encoder.ts'
import { RouteSender } from './route-sender.ts'
import { RouteInterner } from './routes.ts'

const interner = new RouteInterner()
const V4 = { global: Ipv4Address.parse('192.0.2.1') }
const V6 = { global: Ipv6Address.parse('2001:db8::1') }
const PEER = { name: 'r', address: Ipv4Address.parse('192.0.2.9'), asn: 64_500 }

function negotiated(changes: Partial<Negotiated> = {}): Negotiated {
  const ours = buildOpen(PEER, { asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.1') }, false)
  const theirs = buildOpen(PEER, { asn: 64_500, bgpIdentifier: Ipv4Address.parse('192.0.2.2') }, false)
  return { ...negotiate(ours, theirs), ...changes }
}

interface Setup {
  readonly sender: RouteSender
  readonly rib: AdjRibOut
  /** What was sent, as text, since it was last asked for. */
  readonly sent: () => Promise<readonly string[]>
  readonly sink: { hasRoom: boolean }
}

function setUp(
  prefixes: readonly string[],
  options: { isComplete?: boolean; nextHops?: NextHops; agreed?: Negotiated } = {}
): Setup {
  const { isComplete = true, nextHops = { 4: V4, 6: V6 }, agreed = negotiated() } = options
  const rib = new AdjRibOut()
  for (const prefix of prefixes) rib.set(interner.intern({ prefix: IpPrefix.parse(prefix) }))
  const lines: string[] = []
  const sink = {
    hasRoom: true,
    send: (_type: string, messages: readonly Uint8Array[]) => {
      for (const bytes of messages) lines.push(textOf(bytes, agreed))
    }
  }
  const encoder = new RibEncoder()
  const shared = { rib, encoder, sink, negotiated: agreed, nextHops, isGracefulShutdown: false }
  const sender = new RouteSender({ ...shared, isComplete })
  sender.start()
  const sent = async (): Promise<readonly string[]> => {
    for (let i = 0; i < 10; i += 1) await nextImmediate()
    return lines.splice(0)
  }
  return { sender, rib, sent, sink }
}

function textOf(bytes: Uint8Array, { encoding }: Negotiated): string {
  const message = decodeMessage(bytes, encoding)
  if (message.type === 'routeRefresh') return `${message.subtype} ${message.family}`
  if (message.type !== 'update') return message.type
  if (message.endOfRib !== undefined) return `end-of-rib ${message.endOfRib}`
  const reached = message.reached.flatMap(({ prefixes }) => prefixes.map((prefix) => `+${prefix.toString()}`))
  return [...message.withdrawn.map((prefix) => `-${prefix.toString()}`), ...reached].join(' ')
}

test('a table takes as few messages as it can, however many batches it is', async () => {
  const hosts = Array.from({ length: 100_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`)
  const agreed = negotiated()
  const encoding = { ...agreed.encoding, maxMessageLength: 4096 }
  const { sent } = setUp(hosts, { isComplete: false, agreed: { ...agreed, encoding } })
  const counts: number[] = []
  for (let lines = await sent(); lines.length > 0; lines = await sent())
    counts.push(...lines.map((line) => line.split(' ').length))
  const [full = 0] = counts
  expect(counts.slice(0, -1)).toEqual(Array.from({ length: Math.ceil(hosts.length / full) - 1 }, () => full))
  // Header, lengths and attributes (ORIGIN, AS_PATH of one, NEXT_HOP) are 23 + 4 + 9 + 7 octets; a host is 5.
  expect(full).toBe(Math.floor((4096 - 43) / 5))
})

test('End-of-RIB follows the routes of each family, and there is one', async () => {
  const { sender, sent, rib } = setUp(['192.0.2.1/32', '2001:db8::7/128'])
  expect(await sent()).toEqual(['+192.0.2.1/32', 'end-of-rib 4', '+2001:db8::7/128', 'end-of-rib 6'])
  rib.delete(interner.intern({ prefix: IpPrefix.parse('192.0.2.1/32') }).key)
  sender.wake()
  expect(await sent()).toEqual(['-192.0.2.1/32'])
})

test('End-of-RIB waits until all routes are known', async () => {
  const { sender, sent } = setUp(['192.0.2.1/32'], { isComplete: false })
  expect(await sent()).toEqual(['+192.0.2.1/32'])
  sender.markComplete()
  expect(await sent()).toEqual(['end-of-rib 4', 'end-of-rib 6'])
})

test('a refresh has a beginning and an end, if both know of them', async () => {
  const { sender, sent } = setUp(['192.0.2.1/32'])
  await sent()
  sender.refresh(4)
  sender.refresh(4)
  expect(await sent()).toEqual(['begin 4', '+192.0.2.1/32', 'end 4'])
  sender.refresh(6)
  expect(await sent()).toEqual(['begin 6', 'end 6'])

  const plain = setUp(['192.0.2.1/32'], { agreed: negotiated({ hasEnhancedRouteRefresh: false }) })
  await plain.sent()
  plain.sender.refresh(4)
  expect(await plain.sent()).toEqual(['+192.0.2.1/32'])
})

test('a refresh before End-of-RIB has neither', async () => {
  const { sender, sent } = setUp(['192.0.2.1/32'], { isComplete: false })
  await sent()
  sender.refresh(4)
  expect(await sent()).toEqual(['+192.0.2.1/32'])
})

test('a family that was not agreed on is neither sent nor refreshed', async () => {
  const agreed = negotiated({ encoding: { ...negotiated().encoding, families: [6] } })
  const nextHops: NextHops = { 4: 'not-negotiated', 6: V6 }
  const { sender, sent } = setUp(['192.0.2.1/32', '2001:db8::7/128'], { agreed, nextHops })
  sender.refresh(4)
  expect(await sent()).toEqual(['+2001:db8::7/128', 'end-of-rib 6'])
  expect(sender.withheldReason(4)).toBe('not-negotiated')
})

test('routes that are kept back go when there is a next hop', async () => {
  const { sender, sent } = setUp(['2001:db8::7/128'], { nextHops: { 4: V4, 6: 'no-next-hop' } })
  expect(await sent()).toEqual(['end-of-rib 4', 'end-of-rib 6'])
  sender.reconfigure({ nextHops: { 4: V4, 6: V6 } })
  expect(await sent()).toEqual(['+2001:db8::7/128'])
})

test('without room nothing is encoded, and what is said meanwhile goes together', async () => {
  const { sender, sent, sink, rib } = setUp(['192.0.2.1/32'])
  sink.hasRoom = false
  expect(await sent()).toEqual([])
  for (const prefix of ['192.0.2.2/32', '192.0.2.3/32']) {
    rib.set(interner.intern({ prefix: IpPrefix.parse(prefix) }))
    sender.wake()
  }
  expect(await sent()).toEqual([])
  expect(rib.pendingCount(4)).toBe(3)
  sink.hasRoom = true
  sender.wake()
  expect((await sent())[0]).toBe('+192.0.2.1/32 +192.0.2.2/32 +192.0.2.3/32')
})

test('who waits for the end is told when all is handed over, when time is up, and when it stops', async () => {
  const { sender, sent, sink } = setUp(['192.0.2.1/32'])
  await sender.drained(60_000)
  expect(await sent()).toContain('+192.0.2.1/32')
  sink.hasRoom = false
  await sender.drained(1)
  const waiting = sender.drained(60_000)
  sender.stop()
  await waiting
  await sender.drained(60_000)
})
