import { encodeAnnouncement as encodeArpAnnouncement } from '@clarion-lb/arp'
import { MemoryLink, MemorySegment } from '@clarion-lb/link'
import { encodeAnnouncement as encodeNdpAnnouncement, encodeNeighborSolicitation } from '@clarion-lb/ndp'
import { type IpAddress, Ipv4Address, Ipv6Address, MacAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { FramesCore } from './frames-core.ts'
import type { PlaneEvent } from './messages.ts'

const VIP = '192.0.2.1'
const VIP6 = '2001:db8::1'
const OURS = MacAddress.parse('02:00:00:00:00:0a')
const ASKER = MacAddress.parse('02:00:00:00:00:09')
const LINK_LOCAL = { address: Ipv6Address.parse('fe80::a'), prefixLength: 64 }

function setUp({
  exclude,
  addresses = [LINK_LOCAL]
}: {
  exclude?: RegExp
  addresses?: { readonly address: IpAddress; readonly prefixLength: number }[]
} = {}) {
  const segment = new MemorySegment({ delivery: 'manual' })
  const heard: Uint8Array[] = []
  const asker = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: ASKER }],
    isPromiscuous: true,
    onFrame: (frame) => heard.push(frame.slice())
  })
  const events: PlaneEvent[] = []
  const clock = { nowMs: 0 }
  const link: MemoryLink = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: OURS, addresses }],
    onFrame: (frame, index) => core.onFrame(frame, index),
    onInterfaces: (change) => core.onInterfaces(change)
  })
  const core = new FramesCore({
    link,
    exclude,
    onEvent: (event) => events.push(event),
    now: () => clock.nowMs
  })
  asker.start()
  link.start()
  core.start()
  core.work()
  /** Runs the clock to a time, and tells what was sent until then. */
  const until = (endMs: number): string[] => {
    for (;;) {
      const waitMs = core.work()
      if (waitMs === undefined || clock.nowMs + waitMs > endMs) break
      clock.nowMs += waitMs
    }
    clock.nowMs = endMs
    core.work()
    segment.deliver()
    return heard.splice(0).map(describeFrame)
  }
  const ask = (frame: Uint8Array): string[] => {
    asker.send(1, frame)
    segment.deliver()
    return heard.splice(0).map(describeFrame)
  }
  return { core, link, segment, events, until, ask }
}

function describeFrame(frame: Uint8Array): string {
  const source = MacAddress.fromBytes(frame.subarray(6, 12)).toString()
  if (frame[12] === 8) return `arp ${frame[21] === 1 ? 'request' : 'reply'} from ${source}`
  return `na ${(frame[58] ?? 0).toString(16)} from ${source}`
}

function whoHas(address: string): Uint8Array {
  const [request] = encodeArpAnnouncement(ASKER, Ipv4Address.parse(address))
  request.set(Ipv4Address.parse('192.0.2.9').toBytes(), 28)
  return request
}

function solicit(address: string): Uint8Array {
  return encodeNeighborSolicitation({
    mac: ASKER,
    source: Ipv6Address.parse('2001:db8::9'),
    target: Ipv6Address.parse(address)
  })
}

const all = (...addresses: string[]) => ({
  set: addresses.map((address) => ({ address, interfaces: undefined })),
  remove: []
})

test('an address that becomes wanted is announced on its schedule, and answered for', () => {
  const { core, until, ask } = setUp()
  core.apply(all(VIP, VIP6))
  const [mac] = [OURS.toString()]
  expect(until(0)).toEqual([`arp request from ${mac}`, `arp reply from ${mac}`, `na 20 from ${mac}`])
  expect(until(10_000)).toHaveLength(2 * 5 + 2)
  expect(ask(whoHas(VIP))).toEqual([`arp reply from ${mac}`])
  expect(ask(solicit(VIP6))).toEqual([`na 60 from ${mac}`])
  expect(core.counts()).toEqual([
    { address: VIP, requests: 1, replies: 1, gratuitous: 12 },
    { address: VIP6, requests: 1, replies: 1, gratuitous: 3 }
  ])
})

test('an address that is no longer wanted is not answered for, and its announcements end', () => {
  const { core, until, ask } = setUp()
  core.apply(all(VIP, VIP6))
  until(0)
  core.apply({ set: [], remove: [VIP, VIP6, '192.0.2.77'] })
  expect(until(10_000)).toEqual([])
  expect([ask(whoHas(VIP)), ask(solicit(VIP6))]).toEqual([[], []])
})

test('wanting the same again announces nothing', () => {
  const { core, until } = setUp()
  core.apply(all(VIP))
  until(10_000)
  core.apply(all(VIP))
  expect(until(20_000)).toEqual([])
})

test('only the interfaces that an address names are used, and that can change', () => {
  const { core, until, ask } = setUp()
  core.apply({ set: [{ address: VIP, interfaces: ['eth1'] }], remove: [] })
  expect([until(0), ask(whoHas(VIP))]).toEqual([[], []])
  core.apply({ set: [{ address: VIP, interfaces: ['eth1', 'eth0'] }], remove: [] })
  expect(until(0)).toHaveLength(2)
  expect(ask(whoHas(VIP))).toHaveLength(1)
  core.apply({ set: [{ address: VIP, interfaces: [] }], remove: [] })
  expect([until(10_000), ask(whoHas(VIP))]).toEqual([[], []])
})

test('a cable that is in again, a new interface and a rename are announced on', () => {
  const { core, link, segment, until } = setUp()
  core.apply({ set: [{ address: VIP, interfaces: ['eth0', 'lan1'] }], remove: [] })
  until(10_000)
  link.changeInterface(1, { hasCarrier: false })
  expect(until(11_000)).toEqual([])
  link.changeInterface(1, { hasCarrier: true })
  expect(until(11_000)).toHaveLength(2)
  until(20_000)
  const mac = MacAddress.parse('02:00:00:00:00:0c')
  link.addInterface({ name: 'eth7', segment, mac })
  expect(until(21_000)).toEqual([])
  link.changeInterface(2, { name: 'lan1' })
  expect(until(21_000)).toEqual([`arp request from ${mac.toString()}`, `arp reply from ${mac.toString()}`])
})

test('an interface that goes down and comes back is answered on again', () => {
  const { core, link, until, ask } = setUp()
  core.apply(all(VIP, VIP6))
  until(10_000)
  link.changeInterface(1, { isUp: false })
  until(11_000)
  link.changeInterface(1, { isUp: true })
  expect(until(11_000)).toHaveLength(3)
  expect([ask(whoHas(VIP)), ask(solicit(VIP6))].map((replies) => replies.length)).toEqual([1, 1])
  expect(core.counts()[0]).toMatchObject({ requests: 1, gratuitous: 14 })
})

test.each([
  ['192.0.2.10', true],
  ['2001:db8::10', false]
])('the interface of the node %s has no cable while it is down, whatever another one has', (text, isKept) => {
  const { core, link, segment } = setUp()
  const address = { address: parseIpAddress(text), prefixLength: 24 }
  link.changeInterface(1, { addresses: [LINK_LOCAL, address] })
  link.addInterface({ name: 'eth1', segment, mac: MacAddress.parse('02:00:00:00:00:0e') })
  const states = [core.hasCarrier(text)]
  link.changeInterface(1, { isUp: false, addresses: isKept ? [address] : [] })
  states.push(core.hasCarrier(text))
  link.changeInterface(1, { isUp: true, addresses: [LINK_LOCAL, address] })
  states.push(core.hasCarrier(text))
  expect(states).toEqual([true, false, true])
})

test('an address that went to another interface has the cable of that one; on an excluded one, that of any', () => {
  const { core, link, segment } = setUp({ exclude: /^veth/ })
  const addresses = [{ address: parseIpAddress('192.0.2.10'), prefixLength: 24 }]
  link.changeInterface(1, { addresses })
  expect(core.hasCarrier('192.0.2.10')).toBe(true)
  link.changeInterface(1, { isUp: false, addresses: [] })
  link.addInterface({ name: 'br0', segment, mac: MacAddress.parse('02:00:00:00:00:0e'), addresses })
  expect(core.hasCarrier('192.0.2.10')).toBe(true)
  link.changeInterface(2, { hasCarrier: false })
  expect(core.hasCarrier('192.0.2.10')).toBe(false)
  link.changeInterface(2, { name: 'veth0' })
  link.changeInterface(1, { isUp: true })
  expect(core.hasCarrier('192.0.2.10')).toBe(true)
})

test('IPv6 waits for a link-local address', () => {
  const { core, link, until } = setUp({ addresses: [] })
  core.apply(all(VIP6))
  expect(until(0)).toEqual([])
  link.changeInterface(1, { addresses: [LINK_LOCAL] })
  expect(until(0)).toHaveLength(1)
})

test('excluded interfaces do not exist', () => {
  const { core, link, segment, until, events } = setUp({ exclude: /^veth/ })
  core.apply(all(VIP))
  until(10_000)
  link.addInterface({ name: 'veth1', segment, mac: MacAddress.parse('02:00:00:00:00:0d') })
  expect(until(20_000)).toEqual([])
  expect(events.at(-1)).toEqual({
    type: 'interfaces',
    interfaces: [{ name: 'eth0', unfitBecause: undefined, hasCarrier: true }]
  })
})

test('an unfit interface is told with the reason', () => {
  const { link, events } = setUp()
  link.changeInterface(1, { isUp: false })
  expect(events.at(-1)).toEqual({
    type: 'interfaces',
    interfaces: [{ name: 'eth0', unfitBecause: 'is down', hasCarrier: true }]
  })
})

function claimOf(mac: string): Uint8Array {
  return encodeArpAnnouncement(MacAddress.parse(mac), Ipv4Address.parse(VIP))[0]
}

test('an address that another host claims for a moment is announced again when it has done so', () => {
  const { core, until, ask, events } = setUp()
  core.apply(all(VIP, VIP6))
  until(20_000)
  ask(claimOf(ASKER.toString()))
  ask(encodeNdpAnnouncement(ASKER, Ipv6Address.parse(VIP6)))
  expect(until(20_900)).toEqual([])
  ask(claimOf(ASKER.toString()))
  const ours = OURS.toString()
  expect(until(22_399)).toEqual([`na 20 from ${ours}`])
  expect(until(60_000)).toEqual([`arp request from ${ours}`, `arp reply from ${ours}`])
  expect(events.filter(({ type }) => type === 'conflict')).toEqual([])
})

test('an address that another host claims, and that is not wanted any more, is left to it', () => {
  const { core, until, ask } = setUp()
  core.apply(all(VIP))
  until(20_000)
  ask(claimOf(ASKER.toString()))
  core.apply({ set: [], remove: [VIP] })
  expect(until(60_000)).toEqual([])
})

test('nobody is reached by an address on an interface that is down, has no cable, or is not among its own', () => {
  const { core, link } = setUp()
  core.apply({ set: [{ address: VIP, interfaces: ['eth0'] }], remove: [] })
  expect([core.isAble(VIP), core.isAble('192.0.2.77')]).toEqual([true, false])
  link.changeInterface(1, { hasCarrier: false })
  expect(core.isAble(VIP)).toBe(false)
  link.changeInterface(1, { hasCarrier: true, isUp: false })
  expect(core.isAble(VIP)).toBe(false)
  link.changeInterface(1, { isUp: true })
  expect(core.isAble(VIP)).toBe(true)
  core.apply({ set: [{ address: VIP, interfaces: ['eth1'] }], remove: [] })
  expect(core.isAble(VIP)).toBe(false)
})

test('what a node says on one interface is no claim of another host on the next one', () => {
  const { core, link, segment, until, events } = setUp()
  link.addInterface({
    name: 'eth1',
    segment,
    mac: MacAddress.parse('02:00:00:00:00:0b'),
    addresses: [LINK_LOCAL]
  })
  core.apply(all(VIP, VIP6))
  const frames = until(30_000)
  expect(frames).toHaveLength(2 * (2 * 6 + 3))
  core.ask([VIP, VIP6])
  // The questions, and nothing that comes of them.
  expect(until(60_000).filter((frame) => !frame.startsWith('arp request'))).toHaveLength(2 * 3)
  expect(events.filter(({ type }) => type === 'conflict')).toEqual([])
})

test('who is asked whether he has an address claims it by his answer; who has it not is silent', () => {
  const segment = new MemorySegment({ delivery: 'manual' })
  const claims: string[] = []
  const create = (name: string, number: string): FramesCore => {
    const mac = MacAddress.parse(`02:00:00:00:00:${number}`)
    const own = { address: Ipv4Address.parse(`192.0.2.${number}`), prefixLength: 24 }
    const addresses = [own, { address: Ipv6Address.parse(`fe80::${number}`), prefixLength: 64 }]
    const link: MemoryLink = new MemoryLink({
      interfaces: [{ name: 'eth0', segment, mac, addresses }],
      onFrame: (frame, index) => core.onFrame(frame, index)
    })
    const onClaim = (address: string): void => void claims.push(`${name} hears of ${address}`)
    const core = new FramesCore({ link, exclude: undefined, onEvent: () => undefined, now: () => 0, onClaim })
    link.start()
    core.start()
    return core
  }
  const [asker, owner] = [create('asker', '21'), create('owner', '22')]
  for (const core of [owner, asker]) {
    core.apply(all(VIP, VIP6, ...(core === asker ? ['192.0.2.3'] : [])))
    core.work()
  }
  segment.deliver()
  claims.length = 0
  asker.ask([VIP, VIP6, '192.0.2.3', '192.0.2.77'])
  asker.work()
  segment.deliver()
  expect(claims).toEqual([`asker hears of ${VIP}`, `asker hears of ${VIP6}`])
})

test('with a host that insists there is no battle', () => {
  const { core, until, ask } = setUp()
  core.apply(all(VIP))
  until(20_000)
  let sent = 0
  for (let nowMs = 20_000; nowMs < 3_620_000; nowMs += 2000) {
    const frames = until(nowMs)
    sent += frames.length
    ask(claimOf(ASKER.toString()))
  }
  // Two frames each: one defence, and some dozen times in the hour after ever longer intervals.
  expect(sent).toBeLessThan(2 * 20)
})

test('a conflict is told, and the address defended, not more than once in ten seconds', () => {
  const { core, until, ask, events } = setUp()
  core.apply(all(VIP))
  until(20_000)
  const claim = (mac: string): string[] => ask(claimOf(mac))
  claim('02:00:00:00:00:66')
  until(21_000)
  claim('02:00:00:00:00:66')
  expect(events.at(-1)).toMatchObject({ type: 'conflict', address: VIP, interface: 'eth0', kind: 'claim' })
  expect(until(21_000)).toHaveLength(2)
  claim('02:00:00:00:00:67')
  until(22_500)
  claim('02:00:00:00:00:67')
  expect(until(22_500)).toEqual([])
  expect(events.filter(({ type }) => type === 'conflict')).toHaveLength(2)
})

test('a thousand addresses are paced: a hundred frames in ten milliseconds', () => {
  const { core, until } = setUp()
  core.apply(all(...Array.from({ length: 1000 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 255}`)))
  expect(until(0)).toHaveLength(100)
  expect(until(10)).toHaveLength(100)
  expect(until(199)).toHaveLength(1800)
})
