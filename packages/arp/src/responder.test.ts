import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ArpConflict, ArpOperation, type ArpPacket, ArpResponder, encodeArpFrame } from './index.ts'

const OURS = MacAddress.parse('02:00:00:00:00:0a')
const ASKER = MacAddress.parse('02:00:00:00:00:09')
const OTHER = MacAddress.parse('02:00:00:00:00:0b')
const VIP = Ipv4Address.parse('192.0.2.1')
const ASKER_IP = Ipv4Address.parse('192.0.2.9')
const ZERO_IP = Ipv4Address.parse('0.0.0.0')

const REQUEST: ArpPacket = {
  operation: ArpOperation.request,
  senderMac: ASKER,
  senderIp: ASKER_IP,
  targetMac: MacAddress.ZERO,
  targetIp: VIP
}

function request(change: Partial<ArpPacket> = {}, destination = MacAddress.BROADCAST): Uint8Array {
  return encodeArpFrame(destination, { ...REQUEST, ...change })
}

function responder(): { responder: ArpResponder; conflicts: ArpConflict[] } {
  const conflicts: ArpConflict[] = []
  const it = new ArpResponder({ mac: OURS, onConflict: (conflict) => conflicts.push(conflict) })
  it.add(VIP)
  return { responder: it, conflicts }
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')

describe('ArpResponder answers', () => {
  test('a broadcast request, to the asker alone, padded to 60 bytes', () => {
    // RFC 826: opcode 2, sender and target exchanged, our hardware address put in.
    const golden = `02000000000902000000000a08060001080006040002${'02000000000a'}c0000201${'020000000009'}c0000209${'00'.repeat(18)}`
    expect(hex(responder().responder.receive(request(), 0))).toBe(golden)
  })

  test('a unicast poll to our hardware address (RFC 1122 §2.3.2.1)', () => {
    expect(responder().responder.receive(request({}, OURS), 0)?.length).toBe(60)
  })

  test('a probe, whose sender address is zero (RFC 5227 §2.1.1)', () => {
    const reply = responder().responder.receive(request({ senderIp: ZERO_IP }), 0)
    expect(hex(reply?.subarray(38, 42))).toBe('00000000')
  })

  test('with the new hardware address once the interface has another', () => {
    const { responder: it } = responder()
    it.setMac(OTHER)
    expect(hex(it.receive(request(), 0)?.subarray(6, 12))).toBe('02000000000b')
  })

  test('no more once the address is removed', () => {
    const { responder: it } = responder()
    expect([it.remove(VIP), it.remove(VIP), it.has(VIP)]).toEqual([true, false, false])
    expect(it.receive(request(), 0)).toBeUndefined()
  })

  test('and counts by address', () => {
    const { responder: it } = responder()
    it.receive(request(), 0)
    it.receive(request({ senderMac: MacAddress.ZERO }), 0)
    expect(it.countersOf(VIP)).toEqual({ requests: 2, replies: 1 })
    expect(it.countersOf(ASKER_IP)).toBeUndefined()
  })
})

const FRAME = request()

describe('ArpResponder says nothing to', () => {
  const withByte = (offset: number, value: number): Uint8Array => {
    const copy = FRAME.slice()
    copy[offset] = value
    return copy
  }
  const tagged = new Uint8Array([...FRAME.subarray(0, 12), 0x81, 0, 0, 5, ...FRAME.subarray(12)])
  test.each([
    ['an empty frame', new Uint8Array(0), 'malformed'],
    ['half a header', FRAME.subarray(0, 13), 'malformed'],
    ['a frame one byte short', FRAME.subarray(0, 41), 'malformed'],
    ['a VLAN-tagged frame', tagged, 'notArp'],
    ['another protocol', withByte(13, 0), 'notArp'],
    ['another hardware type', withByte(15, 6), 'malformed'],
    ['another protocol type', withByte(16, 0x86), 'malformed'],
    ['another hardware length', withByte(18, 8), 'malformed'],
    ['another protocol length', withByte(19, 16), 'malformed'],
    ['operation 0', withByte(21, 0), 'malformed'],
    ['operation 257', withByte(20, 1), 'malformed'],
    ['a sender that is a group', request({ senderMac: MacAddress.parse('01:00:5e:00:00:01') }), 'malformed'],
    ['a sender of zero', request({ senderMac: MacAddress.ZERO }), 'malformed'],
    ['a reply', request({ operation: ArpOperation.reply }), 'notForUs'],
    ['a frame for another host', request({}, OTHER), 'notForUs'],
    ['a frame for a group', request({}, MacAddress.parse('01:00:5e:00:00:01')), 'notForUs'],
    ['a request for another address', request({ targetIp: ASKER_IP }), 'notForUs'],
    ['our own announcement', request({ senderMac: OURS, senderIp: VIP }), 'notForUs']
  ] as const)('%s', (_what, frame, counter) => {
    const { responder: it } = responder()
    expect(it.receive(frame, 0)).toBeUndefined()
    const all = { answered: 0, malformed: 0, notArp: 0, notForUs: 0, claims: 0 }
    expect(it.counters()).toEqual({ ...all, [counter]: 1 })
  })
})

describe('a claim by another host', () => {
  const claim = request({ senderMac: OTHER, senderIp: VIP })

  test('is a conflict when it is repeated after the grace, and told once', () => {
    const { responder: it, conflicts } = responder()
    for (const nowMs of [0, 999]) it.receive(claim, nowMs)
    expect(conflicts).toEqual([])
    for (const nowMs of [1000, 2000, 3000]) it.receive(claim, nowMs)
    expect(conflicts.map(({ address, mac }) => `${address.toString()} ${mac.toString()}`)).toEqual([
      '192.0.2.1 02:00:00:00:00:0b'
    ])
  })

  test('is told each time, also before it is a conflict', () => {
    const claims: string[] = []
    const it = new ArpResponder({ mac: OURS, onClaim: (address) => claims.push(address.toString()) })
    it.add(VIP)
    it.receive(claim, 0)
    it.receive(request(), 1)
    it.receive(claim, 2)
    expect(claims).toEqual(['192.0.2.1', '192.0.2.1'])
  })

  test('by reply counts as well, and the claimant gets no answer', () => {
    const { responder: it } = responder()
    const reply = { operation: ArpOperation.reply, senderMac: OTHER, senderIp: VIP, targetIp: ASKER_IP }
    expect(it.receive(request(reply), 0)).toBeUndefined()
    expect(it.counters().claims).toBe(1)
  })

  test('is forgotten when the address leaves and comes back', () => {
    const { responder: it, conflicts } = responder()
    it.receive(claim, 0)
    it.remove(VIP)
    it.add(VIP)
    it.receive(claim, 5000)
    expect(conflicts).toEqual([])
  })
})

test('a million mutated frames: no throw, and every one is counted', () => {
  const { responder: it } = responder()
  const frame = request()
  let state = 0x2545_f491
  const random = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  const total = 1_000_000
  for (let i = 0; i < total; i += 1) {
    const offset = random(42)
    const before = frame[offset] ?? 0
    frame[offset] = random(256)
    it.receive(random(8) === 0 ? frame.subarray(0, random(61)) : frame, i)
    // Most mutations stay for a while, so that they pile up; from time to time the frame is made good again.
    if (random(3) === 0) frame[offset] = before
    if (random(50) === 0) frame.set(FRAME)
  }
  const { answered, malformed, notArp, notForUs, claims } = it.counters()
  expect(answered + malformed + notArp + notForUs + claims).toBe(total)
  expect(answered).toBeGreaterThan(1000)
})

test('whatever is received, what is sent is a reply for our address to a single host', () => {
  const { responder: it } = responder()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 42, maxLength: 60 }), fc.nat(28), (noise, keep) => {
      const frame = FRAME.slice()
      frame.set(noise.subarray(0, 42 - keep), keep)
      const reply = it.receive(frame, 0)
      if (reply === undefined) return
      expect(hex(reply.subarray(28, 32))).toBe('c0000201')
      expect((reply[0] ?? 1) & 1).toBe(0)
    })
  )
  expect(it.receive(request(), 0)).toBeDefined()
})
