import { IpPrefix, Ipv4Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { AdjRibOut } from './adj-rib-out.ts'
import { decodeMessage } from './messages/codec.ts'
import type { SessionEncoding } from './messages/model.ts'
import { RibEncoder, type UpdateContext } from './rib-encoder.ts'
import { RouteInterner } from './routes.ts'

const encoding: SessionEncoding = {
  hasFourOctetAsn: true,
  maxMessageLength: 4096,
  hasExtendedNextHop: false,
  families: [4, 6],
  isExternal: true
}
const CONTEXT: UpdateContext = {
  encoding,
  localAsn: 64_501,
  nextHop: { global: Ipv4Address.parse('192.0.2.1') },
  family: 4,
  isGracefulShutdown: false
}

function tableOf(interner: RouteInterner, count: number): AdjRibOut {
  const rib = new AdjRibOut()
  for (let i = 0; i < count; i += 1) {
    const prefix = IpPrefix.of(Ipv4Address.fromNumber(0x0a00_0000 + i), 32)
    rib.set(interner.intern({ prefix, attributes: { med: i % 3 } }))
  }
  rib.activate(4)
  return rib
}

function drain(rib: AdjRibOut, encoder: RibEncoder, context: UpdateContext): readonly Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let batch = rib.take(4); batch !== undefined; batch = rib.take(4))
    messages.push(...encoder.encode(batch, context))
  return messages
}

test('many peers with the same table are one encoding, and share its bytes', () => {
  const interner = new RouteInterner()
  const encoder = new RibEncoder()
  const first = drain(tableOf(interner, 5000), encoder, CONTEXT)
  const { encodings } = encoder
  for (let peer = 0; peer < 8; peer += 1) {
    const messages = drain(tableOf(interner, 5000), encoder, { ...CONTEXT })
    expect(messages.every((message, i) => message === first[i])).toBe(true)
  }
  expect(encoder.encodings).toBe(encodings)
  const prefixes = first.flatMap((bytes) => {
    const message = decodeMessage(bytes, encoding)
    return message.type === 'update' ? message.reached.flatMap((reach) => reach.prefixes) : []
  })
  expect(new Set(prefixes.map((prefix) => prefix.toString())).size).toBe(5000)
})

test('a peer for which the bytes are different gets its own', () => {
  const interner = new RouteInterner()
  const encoder = new RibEncoder()
  const seen = new Set<string>()
  const contexts: readonly UpdateContext[] = [
    CONTEXT,
    { ...CONTEXT, localAsn: 64_502 },
    { ...CONTEXT, nextHop: { global: Ipv4Address.parse('192.0.2.2') } },
    { ...CONTEXT, isGracefulShutdown: true },
    { ...CONTEXT, encoding: { ...encoding, hasFourOctetAsn: false } },
    { ...CONTEXT, encoding: { ...encoding, isExternal: false } }
  ]
  for (const context of contexts)
    for (const bytes of drain(tableOf(interner, 1), encoder, context))
      seen.add(Buffer.from(bytes).toString('hex'))
  expect(seen.size).toBe(contexts.length)
})

test('one changed route is one message of less than 200 octets, encoded once', () => {
  const interner = new RouteInterner()
  const encoder = new RibEncoder()
  const ribs = [tableOf(interner, 1000), tableOf(interner, 1000)]
  for (const rib of ribs) drain(rib, encoder, CONTEXT)
  const { encodings } = encoder
  const change = { prefix: IpPrefix.parse('10.0.0.5/32'), attributes: { communities: [1] } }
  for (const rib of ribs) {
    rib.set(interner.intern(change))
    const messages = drain(rib, encoder, CONTEXT)
    expect(messages).toHaveLength(1)
    expect(messages[0]?.length).toBeLessThan(200)
  }
  expect(encoder.encodings).toBe(encodings + 1)
})

test('what is kept is bounded', () => {
  const interner = new RouteInterner()
  const encoder = new RibEncoder(10_000)
  drain(tableOf(interner, 20_000), encoder, CONTEXT)
  expect(encoder.cachedBytes).toBeLessThanOrEqual(10_000)
})
