import { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeNeighborMessage,
  encodeAnnouncement,
  encodeNeighborAdvertisement,
  encodeNeighborSolicitation,
  type NdpConflict,
  NdpDecodeError,
  NdpResponder
} from './index.ts'
import { writeChecksum } from './packet.ts'

const OURS = MacAddress.parse('02:00:00:00:00:0a')
const ASKER = MacAddress.parse('02:00:00:00:00:09')
const OTHER = MacAddress.parse('02:00:00:00:00:0b')
const VIP = Ipv6Address.parse('2001:db8::1')
const TWIN = Ipv6Address.parse('2001:db8:1::1')
const ASKER_IP = Ipv6Address.parse('2001:db8::9')
const NONE = Ipv6Address.parse('::')

const SOLICITATION = { mac: ASKER, source: ASKER_IP, target: VIP }
const FRAME = encodeNeighborSolicitation(SOLICITATION)
const PROBE = encodeNeighborSolicitation({ ...SOLICITATION, source: NONE })

function responder(): { responder: NdpResponder; conflicts: string[] } {
  const conflicts: string[] = []
  const onConflict = ({ kind, address, mac }: NdpConflict): void => {
    conflicts.push(`${kind} ${address.toString()} ${mac.toString()}`)
  }
  const it = new NdpResponder({ mac: OURS, onConflict })
  it.add(VIP)
  return { responder: it, conflicts }
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')

describe('NdpResponder answers', () => {
  test('a solicitation with a link-layer address: solicited, override, never router', () => {
    // RFC 4861 §4.4, with the checksum of RFC 8200 §8.1 computed apart from this code: flags 6000 0000.
    const golden = [
      '02000000000902000000000a86dd',
      '6000000000203aff',
      '20010db8000000000000000000000001',
      '20010db8000000000000000000000009',
      '88008a6360000000',
      '20010db8000000000000000000000001',
      '020102000000000a'
    ].join('')
    expect(hex(responder().responder.receive(FRAME, 0))).toBe(golden)
  })

  test('a unicast poll without a link-layer address, to the hardware address that it came from', () => {
    const poll = encodeNeighborSolicitation({
      ...SOLICITATION,
      destination: VIP,
      destinationMac: OURS,
      hasSourceLinkLayer: false
    })
    const reply = decodeNeighborMessage(responder().responder.receive(poll, 0) ?? new Uint8Array(0))
    expect(reply).toMatchObject({ type: 'advertisement', isSolicited: true, isOverride: true })
    expect(reply.destination.equals(ASKER_IP)).toBe(true)
  })

  test('duplicate address detection, to all nodes, and tells of it once for a host', () => {
    const { responder: it, conflicts } = responder()
    const reply = it.receive(PROBE, 0)
    expect(hex(reply?.subarray(0, 6))).toBe('333300000001')
    expect(decodeNeighborMessage(reply ?? new Uint8Array(0))).toMatchObject({
      isSolicited: false,
      isOverride: true,
      isRouter: false
    })
    it.receive(PROBE, 1)
    expect(conflicts).toEqual(['probe 2001:db8::1 02:00:00:00:00:09'])
  })

  test('each of two addresses with the same low bits', () => {
    const { responder: it } = responder()
    expect([it.has(TWIN), it.add(TWIN), it.add(TWIN)]).toEqual([false, true, false])
    const ask = (target: Ipv6Address): string | undefined =>
      hex(it.receive(encodeNeighborSolicitation({ ...SOLICITATION, target }), 0)?.subarray(62, 78))
    expect([ask(VIP), ask(TWIN)]).toEqual([hex(VIP.toBytes()), hex(TWIN.toBytes())])
    expect([it.remove(VIP), it.remove(VIP), ask(VIP), ask(TWIN) !== undefined]).toEqual([
      true,
      false,
      undefined,
      true
    ])
  })

  test('with the new hardware address once the interface has another, and counts by address', () => {
    const { responder: it } = responder()
    it.setMac(OTHER)
    expect(hex(it.receive(FRAME, 0)?.subarray(6, 12))).toBe('02000000000b')
    expect(it.countersOf(VIP)).toEqual({ requests: 1, replies: 1 })
    expect(it.countersOf(TWIN)).toBeUndefined()
  })
})

/** With other bytes, and the checksum made right again. */
function changed(frame: Uint8Array, ...changes: readonly [offset: number, value: number][]): Uint8Array {
  const copy = frame.slice()
  for (const [offset, value] of changes) copy[offset] = value
  copy[56] = 0
  copy[57] = 0
  writeChecksum(copy, frame.length - 54)
  return copy
}

const ADVERTISEMENT = encodeNeighborAdvertisement({
  mac: OTHER,
  target: VIP,
  destination: Ipv6Address.parse('ff02::1'),
  destinationMac: MacAddress.parse('33:33:00:00:00:01'),
  isSolicited: true,
  isOverride: true
})
const wrongChecksum = FRAME.slice()
wrongChecksum[57] = (FRAME[57] ?? 0) ^ 1

const INVALID = [
  ['an empty frame', new Uint8Array(0), 'not-neighbor-discovery'],
  ['a frame one byte short of its target', FRAME.subarray(0, 77), 'truncated'],
  ['a frame without the options that it announces', FRAME.subarray(0, 80), 'truncated'],
  ['IPv4', changed(FRAME, [12, 8], [13, 0]), 'not-neighbor-discovery'],
  ['a VLAN-tagged frame', changed(FRAME, [12, 0x81], [13, 0]), 'not-neighbor-discovery'],
  ['a hop-by-hop header', changed(FRAME, [20, 0]), 'not-neighbor-discovery'],
  ['an echo request', changed(FRAME, [54, 128]), 'not-neighbor-discovery'],
  ['version 5', changed(FRAME, [14, 0x50]), 'not-neighbor-discovery'],
  ['hop limit 254', changed(FRAME, [21, 254]), 'hop-limit'],
  ['code 1', changed(FRAME, [55, 1]), 'code'],
  ['a multicast target', changed(FRAME, [62, 0xff]), 'target'],
  ['an option of length 0', changed(FRAME, [79, 0]), 'option-length'],
  ['an option that ends behind the message', changed(FRAME, [79, 2]), 'option-length'],
  ['a wrong checksum', wrongChecksum, 'checksum'],
  ['a probe to a unicast address', changed(PROBE, [38, 0x20]), 'unspecified-source'],
  [
    'a probe with a link-layer address',
    encodeNeighborSolicitation({ ...SOLICITATION, source: NONE, hasSourceLinkLayer: true }),
    'unspecified-source'
  ],
  ['a solicited advertisement to a group', ADVERTISEMENT, 'solicited-flag']
] as const

describe('what RFC 4861 §7.1 does not allow', () => {
  test.each(INVALID)('%s is refused by name, and gets no answer', (_what, frame, reason) => {
    expect(() => decodeNeighborMessage(frame)).toThrow(
      expect.objectContaining({ code: 'ERR_NDP_DECODE', reason })
    )
    const { responder: it } = responder()
    expect(it.receive(frame, 0)).toBeUndefined()
    const counter = reason === 'not-neighbor-discovery' ? 'notNeighborDiscovery' : 'malformed'
    expect(it.counters()).toMatchObject({ [counter]: 1, answered: 0 })
  })

  test.each([
    ['another target', encodeNeighborSolicitation({ ...SOLICITATION, target: ASKER_IP }), 'notForUs'],
    ['another host', encodeNeighborSolicitation({ ...SOLICITATION, destinationMac: OTHER }), 'notForUs'],
    ['ourselves', encodeNeighborSolicitation({ ...SOLICITATION, mac: OURS }), 'notForUs'],
    ['a group as asker', changed(FRAME, [80, 1]), 'malformed'],
    ['a group as source', changed(FRAME, [22, 0xff]), 'malformed']
  ] as const)('%s gets no answer', (_what, frame, counter) => {
    const { responder: it } = responder()
    expect(it.receive(frame, 0)).toBeUndefined()
    expect(it.counters()).toMatchObject({ [counter]: 1 })
  })
})

test('an advertisement of our address by another host, repeated after the grace, is a conflict told once', () => {
  const { responder: it, conflicts } = responder()
  for (const nowMs of [0, 999]) it.receive(encodeAnnouncement(OTHER, VIP), nowMs)
  expect(conflicts).toEqual([])
  for (const nowMs of [1000, 2000]) it.receive(encodeAnnouncement(OTHER, VIP), nowMs)
  it.receive(encodeAnnouncement(OURS, VIP), 3000)
  expect(conflicts).toEqual(['claim 2001:db8::1 02:00:00:00:00:0b'])
  expect(it.counters()).toMatchObject({ claims: 4, answered: 0 })
})

test('an advertisement of our address by another host is told each time, also before it is a conflict', () => {
  const claims: string[] = []
  const it = new NdpResponder({ mac: OURS, onClaim: (address) => claims.push(address.toString()) })
  it.add(VIP)
  for (const mac of [OTHER, OURS, OTHER]) it.receive(encodeAnnouncement(mac, VIP), 0)
  expect(claims).toEqual(['2001:db8::1', '2001:db8::1'])
})

test('an announcement is unsolicited, overrides, and goes to all nodes', () => {
  const message = decodeNeighborMessage(encodeAnnouncement(OURS, VIP))
  expect(message).toMatchObject({ isSolicited: false, isOverride: true, isRouter: false })
  expect(message.destination.toString()).toBe('ff02::1')
})

test('decoding what was encoded gives the same', () => {
  const address = fc.bigInt({ min: 1n, max: (1n << 127n) - 1n }).map((value) => Ipv6Address.fromBigInt(value))
  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => MacAddress.fromBytes(bytes))
  fc.assert(
    fc.property(address, address, mac, (source, target, sender) => {
      const message = decodeNeighborMessage(encodeNeighborSolicitation({ mac: sender, source, target }))
      expect(message).toMatchObject({ type: 'solicitation', sourceMac: sender, sourceLinkLayer: sender })
      expect([message.source.toString(), message.target.toString()]).toEqual([
        source.toString(),
        target.toString()
      ])
    })
  )
})

test('hostile bytes throw NdpDecodeError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(78), (noise, keep) => {
      const frame = FRAME.slice()
      frame.set(noise.subarray(0, Math.max(0, FRAME.length - keep)), keep)
      try {
        expect(decodeNeighborMessage(frame).target.isMulticast).toBe(false)
      } catch (error) {
        expect(error).toBeInstanceOf(NdpDecodeError)
      }
    })
  )
})

test('a million mutated frames: no throw, and every one is counted', () => {
  const { responder: it } = responder()
  const frame = FRAME.slice()
  let state = 0x2545_f491
  const random = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  const total = 1_000_000
  for (let i = 0; i < total; i += 1) {
    const offset = random(frame.length)
    const before = frame[offset] ?? 0
    frame[offset] = random(256)
    if (random(2) === 0) {
      frame[56] = 0
      frame[57] = 0
      writeChecksum(frame, 32)
    }
    it.receive(random(8) === 0 ? frame.subarray(0, random(frame.length)) : frame, i)
    if (random(3) === 0) frame[offset] = before
    if (random(20) === 0) frame.set(FRAME)
  }
  const { answered, malformed, notNeighborDiscovery, notForUs, claims } = it.counters()
  expect(answered + malformed + notNeighborDiscovery + notForUs + claims).toBeGreaterThanOrEqual(total)
  expect(answered).toBeGreaterThan(1000)
})
