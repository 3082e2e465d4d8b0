import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import type { LinkInterfacesChange } from './link.ts'
import { MemoryLink } from './memory-link.ts'
import { MemorySegment } from './memory-segment.ts'

const VIP = Ipv4Address.parse('192.0.2.1')
const VIP6 = Ipv6Address.parse('2001:db8::1')
const A = MacAddress.parse('02:00:00:00:00:0a')
const B = MacAddress.parse('02:00:00:00:00:0b')

function arpFor(target: Ipv4Address, to: MacAddress = MacAddress.BROADCAST): Uint8Array {
  const frame = new Uint8Array(60)
  frame.set(to.toBytes())
  frame.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12)
  frame.set(target.toBytes(), 38)
  return frame
}

function solicitationFor(target: Ipv6Address): Uint8Array {
  const frame = new Uint8Array(78)
  frame.set([0x33, 0x33, ...target.solicitedNodeGroup().toBytes().subarray(12)])
  frame.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255], 12)
  frame[54] = 135
  frame.set(target.toBytes(), 62)
  return frame
}

function setUp(segment = new MemorySegment({ delivery: 'manual' })) {
  const heard: string[] = []
  const changes: LinkInterfacesChange[] = []
  const asker = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: A }],
    isPromiscuous: true,
    onFrame: () => heard.push('asker')
  })
  const responder = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: B }],
    onFrame: () => heard.push('responder'),
    onInterfaces: (change) => changes.push(change)
  })
  asker.start()
  responder.start()
  responder.setInterest({ interfaces: [1], arpAddresses: [VIP], ndpAddresses: [VIP6] })
  return { segment, asker, responder, heard, changes }
}

test('what is wanted arrives, in order, and not at the sender', () => {
  const { segment, asker, responder, heard } = setUp()
  expect(asker.send(1, arpFor(VIP))).toBe('sent')
  expect(responder.send(1, arpFor(VIP))).toBe('sent')
  expect(segment.deliver()).toBe(2)
  expect(heard).toEqual(['responder', 'asker'])
})

test('what is not wanted, or for another card, does not', () => {
  const { segment, asker, responder, heard } = setUp()
  asker.send(1, arpFor(Ipv4Address.parse('192.0.2.2')))
  asker.send(1, arpFor(VIP, A))
  segment.deliver()
  expect(heard).toEqual([])
  asker.send(1, arpFor(VIP, B))
  segment.deliver()
  expect(heard).toEqual(['responder'])
  expect(responder.counters()).toMatchObject({ received: 1 })
})

test('what is wanted changes address by address', () => {
  const { segment, asker, responder, heard } = setUp()
  const other = Ipv4Address.parse('192.0.2.2')
  responder.changeInterest({ add: [other], remove: [VIP] })
  asker.send(1, arpFor(VIP))
  asker.send(1, arpFor(other))
  segment.deliver()
  expect(heard).toEqual(['responder'])
})

test('a solicitation arrives while its group is joined, as often as it was', () => {
  const { segment, asker, responder, heard } = setUp()
  const ask = (): number => {
    asker.send(1, solicitationFor(VIP6))
    segment.deliver()
    return heard.length
  }
  expect(ask()).toBe(0)
  responder.joinGroup(1, VIP6.solicitedNodeGroup())
  responder.joinGroup(1, VIP6.solicitedNodeGroup())
  expect(ask()).toBe(1)
  responder.leaveGroup(1, VIP6.solicitedNodeGroup())
  expect(ask()).toBe(2)
  responder.leaveGroup(1, VIP6.solicitedNodeGroup())
  expect(ask()).toBe(2)
})

test('a pulled cable loses frames both ways, is told, and works when it is in again', () => {
  const { segment, asker, responder, heard, changes } = setUp()
  asker.send(1, arpFor(VIP))
  responder.changeInterface(1, { hasCarrier: false })
  segment.deliver()
  expect(heard).toEqual([])
  expect(responder.send(1, arpFor(VIP))).toBe('queue-full')
  responder.changeInterface(1, { hasCarrier: true })
  asker.send(1, arpFor(VIP))
  segment.deliver()
  expect(heard).toEqual(['responder'])
  expect(changes.map(({ changed }) => changed[0]?.after.hasCarrier)).toEqual([false, true])
})

test('an interface that is removed is gone, and comes back under a new index', () => {
  const { segment, responder, changes } = setUp()
  responder.removeInterface(1)
  expect(responder.send(1, arpFor(VIP))).toBe('interface-gone')
  expect(responder.addInterface({ name: 'eth0', segment, mac: B })).toBe(2)
  expect(changes.map(({ added, removed }) => [added.length, removed.length])).toEqual([
    [0, 1],
    [1, 0]
  ])
})

test('each way of not sending is named and counted', () => {
  const { responder } = setUp()
  expect(responder.send(1, new Uint8Array(1515))).toBe('refused')
  expect(responder.send(1, new Uint8Array(13))).toBe('refused')
  expect(responder.send(2, arpFor(VIP))).toBe('interface-gone')
  responder.changeInterface(1, { isUp: false })
  expect(responder.send(1, arpFor(VIP))).toBe('interface-down')
  responder.stop()
  expect(responder.send(1, arpFor(VIP))).toBe('stopped')
  expect(responder.counters()).toMatchObject({
    sent: 0,
    notSent: { refused: 2, 'interface-gone': 1, 'interface-down': 1, stopped: 1, 'queue-full': 0 }
  })
})

test('by default frames arrive by themselves, once the sender has returned', async () => {
  const { asker, heard } = setUp(new MemorySegment())
  asker.send(1, arpFor(VIP))
  expect(heard).toEqual([])
  await expect.poll(() => heard).toEqual(['responder'])
})

test('a storm ends at the limit, and what waits is bounded', () => {
  const segment = new MemorySegment({ delivery: 'manual' })
  const links = [A, B].map((mac) => {
    const link: MemoryLink = new MemoryLink({
      interfaces: [{ name: 'eth0', segment, mac }],
      isPromiscuous: true,
      onFrame: (frame) => void link.send(1, frame)
    })
    link.start()
    return link
  })
  links[0]?.send(1, arpFor(VIP))
  expect(segment.deliver(500)).toBe(500)
  const results = Array.from({ length: 5000 }, () => links[0]?.send(1, arpFor(VIP)))
  expect(results.at(-1)).toBe('queue-full')
  expect(segment.lost).toBeGreaterThan(0)
})

test('run ends with its signal, and stops the link', async () => {
  const { responder } = setUp()
  const ended = new AbortController()
  const running = responder.run(ended.signal)
  ended.abort()
  await running
  expect(responder.send(1, arpFor(VIP))).toBe('stopped')
})
