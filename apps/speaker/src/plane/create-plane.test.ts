import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArpOperation, decodeArpPacket, encodeArpFrame } from '@clarion-lb/arp'
import { MemoryLink, MemorySegment, SegmentServer } from '@clarion-lb/link'
import { decodeNeighborMessage, encodeNeighborSolicitation } from '@clarion-lb/ndp'
import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { ETHERNET_HEADER_LENGTH } from '@clarion-lb/wire'
import { afterEach, expect, test } from 'vitest'
import { createPlane } from './create-plane.ts'
import type { PlaneEvent } from './messages.ts'

const NODE_MAC = MacAddress.parse('02:00:00:00:01:02')
const ASKER_MAC = MacAddress.parse('02:00:00:00:01:64')
const VIP4 = Ipv4Address.parse('192.0.2.1')
const VIP6 = Ipv6Address.parse('2001:db8::1')
const WANTED = { set: [VIP4, VIP6].map((vip) => ({ address: vip.toString(), interfaces: undefined })) }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

/** A served segment with the port of node-2, a plane on it, and a host that asks. */
async function setUp(excludeSource?: string) {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-plane-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const path = join(directory, 'segment.sock')
  const segment = new MemorySegment()
  const addresses = [{ address: Ipv6Address.parse('fe80::2'), prefixLength: 64 }]
  const ports = [{ name: 'node-2', interface: 'eth0', mac: NODE_MAC, addresses }]
  const server = new SegmentServer({ segment, path, ports })
  await server.start()
  cleanups.push(() => server.stop())
  const heard: Uint8Array[] = []
  const asker = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: ASKER_MAC }],
    isPromiscuous: true,
    onFrame: (frame) => heard.push(frame.slice())
  })
  asker.start()
  const events: PlaneEvent[] = []
  const plane = createPlane({
    backend: { type: 'socket', path },
    node: 'node-2',
    takeBackMs: 0,
    excludeSource,
    onEvent: (event) => events.push(event),
    onRestart: () => undefined
  })
  cleanups.push(() => plane.stop())
  await plane.start()
  const toAsker = () => heard.filter((frame) => MacAddress.fromBytes(frame.subarray(0, 6)).equals(ASKER_MAC))
  return { asker, plane, events, heard, toAsker }
}

const request = encodeArpFrame(MacAddress.BROADCAST, {
  operation: ArpOperation.request,
  senderMac: ASKER_MAC,
  senderIp: Ipv4Address.parse('192.0.2.100'),
  targetMac: MacAddress.ZERO,
  targetIp: VIP4
})
const source = Ipv6Address.parse('2001:db8::100')
const solicitation = encodeNeighborSolicitation({ mac: ASKER_MAC, source, target: VIP6 })

test('on a served segment a plane is the port of its node, and answers for what is wanted', async () => {
  const { asker, plane, heard, toAsker } = await setUp()
  plane.apply({ ...WANTED, remove: [] })
  await expect.poll(() => heard.length).toBeGreaterThan(2)
  asker.send(1, request)
  asker.send(1, solicitation)
  await expect.poll(() => toAsker()).toHaveLength(2)
  const [reply, advertisement] = toAsker()
  expect(decodeArpPacket((reply ?? new Uint8Array()).subarray(ETHERNET_HEADER_LENGTH))).toMatchObject({
    operation: ArpOperation.reply,
    senderMac: NODE_MAC,
    senderIp: VIP4
  })
  expect(decodeNeighborMessage(advertisement ?? new Uint8Array())).toMatchObject({
    type: 'advertisement',
    isSolicited: true,
    targetLinkLayer: NODE_MAC
  })
})

test('the interface of a served segment can be excluded by its name', async () => {
  const { plane, events } = await setUp('^eth')
  plane.apply({ ...WANTED, remove: [] })
  // The first is from before the port was attached.
  const told = () => events.filter(({ type }) => type === 'interfaces')
  await expect.poll(() => told().length).toBeGreaterThan(1)
  expect(told().at(-1)).toEqual({ type: 'interfaces', interfaces: [] })
  expect((await plane.counts()).addresses.map(({ gratuitous }) => gratuitous)).toEqual([0, 0])
})
