import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { afterEach, expect, test } from 'vitest'
import { MemoryLink } from './memory-link.ts'
import { MemorySegment } from './memory-segment.ts'
import { SegmentServer } from './segment-server.ts'
import { encodeNotice, RecordReader } from './segment-wire.ts'
import { SocketLink } from './socket-link.ts'

const VIP = Ipv4Address.parse('192.0.2.1')
const MAC = MacAddress.parse('02:00:00:00:00:0b')
const LINK_LOCAL = { address: Ipv6Address.parse('fe80::b'), prefixLength: 64 }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

function arpFor(target: Ipv4Address): Uint8Array {
  const frame = new Uint8Array(60)
  frame.fill(0xff, 0, 6)
  frame.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12)
  frame.set(target.toBytes(), 38)
  return frame
}

async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-link-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const path = join(directory, 'segment.sock')
  const segment = new MemorySegment()
  const ports = [{ name: 'node-1', interface: 'eth0', mac: MAC, addresses: [LINK_LOCAL] }]
  const serve = async (): Promise<SegmentServer> => {
    const server = new SegmentServer({ segment, path, ports })
    await server.start()
    cleanups.push(() => server.stop())
    return server
  }
  const heardHere: number[] = []
  const here = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: MacAddress.parse('02:00:00:00:00:0a') }],
    isPromiscuous: true,
    onFrame: (frame) => heardHere.push(frame.length)
  })
  here.start()
  const heardThere: number[] = []
  const there = new SocketLink({ path, port: 'node-1', onFrame: (frame) => heardThere.push(frame.length) })
  cleanups.push(() => there.stop())
  const interfaceThere = () => [...there.interfaces().values()][0]
  return { path, serve, here, there, heardHere, heardThere, interfaceThere }
}

test('the port has the interface that the server says, and frames go both ways', async () => {
  const { serve, here, there, heardHere, heardThere, interfaceThere } = await setUp()
  await serve()
  there.start()
  await expect.poll(() => interfaceThere()).toMatchObject({ name: 'eth0', hasCarrier: true })
  expect(interfaceThere()?.mac?.equals(MAC)).toBe(true)
  const index = interfaceThere()?.index ?? 0
  there.setInterest({ interfaces: [index], arpAddresses: [VIP], ndpAddresses: [] })
  here.send(1, arpFor(Ipv4Address.parse('192.0.2.2')))
  here.send(1, arpFor(VIP))
  await expect.poll(() => heardThere).toEqual([60])
  expect(there.send(index, arpFor(VIP))).toBe('sent')
  await expect.poll(() => heardHere).toEqual([60])
})

test('a pulled cable is seen at the other end, and nothing goes through', async () => {
  const { serve, here, there, heardThere, interfaceThere } = await setUp()
  const server = await serve()
  there.start()
  await expect.poll(() => interfaceThere()).toBeDefined()
  const index = interfaceThere()?.index ?? 0
  there.setInterest({ interfaces: [index], arpAddresses: [VIP], ndpAddresses: [] })
  server.setCarrier('node-1', false)
  here.send(1, arpFor(VIP))
  await expect.poll(() => interfaceThere()?.hasCarrier).toBe(false)
  expect(there.send(index, arpFor(VIP))).toBe('queue-full')
  server.setCarrier('node-1', true)
  await expect.poll(() => interfaceThere()?.hasCarrier).toBe(true)
  expect(heardThere).toEqual([])
})

test('without a server there is no interface; when it comes back, there is one', async () => {
  const { serve, there, interfaceThere } = await setUp()
  there.start()
  expect([interfaceThere(), there.send(1, arpFor(VIP))]).toEqual([undefined, 'interface-gone'])
  const server = await serve()
  await expect.poll(() => interfaceThere()).toBeDefined()
  await server.stop()
  await expect.poll(() => interfaceThere()).toBeUndefined()
  await serve()
  await expect.poll(() => interfaceThere()?.index).toBeGreaterThan(1)
})

test('a server stops although somebody is connected who has not said which port it is', async () => {
  const { serve, path } = await setUp()
  const server = await serve()
  const stranger = connect(path)
  await once(stranger, 'connect')
  const closed = once(stranger, 'close')
  await server.stop()
  await closed
  expect(stranger.destroyed).toBe(true)
})

test('a port that the server does not know is refused', async () => {
  const { serve, path } = await setUp()
  await serve()
  const stranger = connect(path)
  const closed = once(stranger, 'close')
  stranger.write(encodeNotice({ type: 'attach', port: 'node-9' }))
  await closed
  expect(stranger.destroyed).toBe(true)
})

test('a link that is stopped while it connects leaves no connection behind', async () => {
  const { there, path } = await setUp()
  const count = { accepted: 0, open: 0 }
  const server = createServer((socket) => {
    count.accepted += 1
    count.open += 1
    socket.resume().on('close', () => (count.open -= 1))
  })
  cleanups.push(() => server.close())
  await once(server.listen(path), 'listening')
  there.start()
  there.stop()
  // Accepted after the link's own.
  const last = connect(path)
  await once(last, 'connect')
  last.destroy()
  await expect.poll(() => count).toEqual({ accepted: 2, open: 0 })
})

test('what the server says of the interface later is taken over', async () => {
  const { there, path } = await setUp()
  const server = createServer((socket) => {
    const notice = { type: 'interface', name: 'eth0', mac: MAC.toString(), addresses: [] } as const
    socket.write(encodeNotice({ ...notice, hasCarrier: true }))
    const addresses = [{ address: 'fe80::b', prefixLength: 64 }]
    socket.write(encodeNotice({ ...notice, addresses, hasCarrier: true }))
    cleanups.push(() => socket.destroy())
  })
  cleanups.push(() => server.close())
  await once(server.listen(path), 'listening')
  there.start()
  const known = (): readonly string[] | undefined =>
    [...there.interfaces().values()][0]?.addresses.map(({ address }) => address.toString())
  await expect.poll(known).toEqual(['fe80::b'])
})

test.each([
  ['a length of zero', [0, 0, 0, 0, 1]],
  ['a length that nobody sends', [0xff, 0, 0, 0, 1]],
  ['a notice that is no JSON', [0, 0, 0, 2, 0, 0x7b]],
  ['a notice of no known type', [0, 0, 0, 3, 0, 0x7b, 0x7d]]
])('%s is refused', (_what, bytes) => {
  const handlers = { onNotice: () => undefined, onFrame: () => undefined }
  expect(() => new RecordReader().push(Uint8Array.from(bytes), handlers)).toThrow(/record|JSON|notice/)
})
