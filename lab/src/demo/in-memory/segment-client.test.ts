import { ArpResponder, encodeAnnouncement as encodeArpAnnouncement } from '@clarion-lb/arp'
import { MemoryLink, MemorySegment } from '@clarion-lb/link'
import { encodeAnnouncement as encodeNdpAnnouncement, NdpResponder } from '@clarion-lb/ndp'
import { type IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE, etherTypeOf } from '@clarion-lb/wire'
import { expect, test } from 'vitest'
import { SegmentClient } from './segment-client.ts'

const A = MacAddress.parse('02:00:00:00:00:0a')
const B = MacAddress.parse('02:00:00:00:00:0b')
const VIP4 = Ipv4Address.parse('192.0.2.1')
const VIP6 = Ipv6Address.parse('2001:db8::1')

/** A host on the segment that answers for an address of each family, and announces what it is told to. */
function addHost(segment: MemorySegment, mac: MacAddress) {
  const arp = new ArpResponder({ mac })
  const ndp = new NdpResponder({ mac })
  const link: MemoryLink = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac }],
    isPromiscuous: true,
    onFrame: (frame) => {
      const reply = (etherTypeOf(frame) === ETHER_TYPE.ARP ? arp : ndp).receive(frame, 0)
      if (reply !== undefined) link.send(1, reply)
    }
  })
  link.start()
  return {
    answerFor: () => {
      arp.add(VIP4)
      ndp.add(VIP6)
    },
    announce: (address: IpAddress) => {
      const frames =
        address.family === 4 ? encodeArpAnnouncement(mac, address) : [encodeNdpAnnouncement(mac, address)]
      for (const frame of frames) link.send(1, frame)
    }
  }
}

function setUp() {
  const segment = new MemorySegment({ delivery: 'manual' })
  const client = new SegmentClient({
    segment,
    mac: MacAddress.parse('02:00:00:00:00:64'),
    ipv4: Ipv4Address.parse('192.0.2.100'),
    ipv6: Ipv6Address.parse('2001:db8::100')
  })
  client.start()
  return { segment, client, a: addHost(segment, A), b: addHost(segment, B) }
}

const families = [
  ['IPv4', VIP4],
  ['IPv6', VIP6]
] as const

test.each(families)(
  'an %s address is asked for and resolves to the host that answers',
  async (_name, vip) => {
    const { segment, client, b } = setUp()
    b.answerFor()
    const resolved = client.resolve(vip.toString(), AbortSignal.timeout(5000))
    segment.deliver()
    expect(await resolved).toBe(B.toString())
    expect(client.neighbourOf(vip.toString())).toBe(B.toString())
  }
)

test.each(families)('an announcement moves an %s address that is known, at once', async (_name, vip) => {
  const { segment, client, a, b } = setUp()
  a.answerFor()
  const resolved = client.resolve(vip.toString(), AbortSignal.timeout(5000))
  segment.deliver()
  await resolved
  b.announce(vip)
  segment.deliver()
  expect(client.neighbourOf(vip.toString())).toBe(B.toString())
})

test.each(families)('an announcement of an %s address that nobody asked for makes no entry', (_name, vip) => {
  const { segment, client, b } = setUp()
  b.announce(vip)
  expect(segment.deliver()).toBeGreaterThan(0)
  expect(client.neighbourOf(vip.toString())).toBeUndefined()
})

test('it asks again while nobody answers, and gives up with its signal', async () => {
  const { segment, client, a } = setUp()
  const ended = new AbortController()
  const waiting = client.resolve('192.0.2.99', ended.signal)
  const resolved = client.resolve(VIP4.toString(), AbortSignal.timeout(5000))
  // The first question is gone before there is anybody to hear it.
  segment.deliver()
  a.answerFor()
  const timer = setInterval(() => segment.deliver(), 10)
  expect(await resolved).toBe(A.toString())
  clearInterval(timer)
  ended.abort()
  expect(await waiting).toBeUndefined()
})
