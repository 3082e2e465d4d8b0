import { once } from 'node:events'
import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { assert, property, uint8Array } from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BgpSpeaker } from './index.ts'
import {
  decodeRouterMessage,
  encodeRouterAdvertisement,
  encodeRouterSolicitation
} from './router-messages.ts'
import type { RouterPort } from './router-port.ts'
import { NeighborDiscovery } from './unnumbered.ts'

const US = { linkLocal: Ipv6Address.parse('fe80::1'), mac: MacAddress.parse('02:00:00:00:00:01') }
const ROUTER = { linkLocal: Ipv6Address.parse('fe80::2'), mac: MacAddress.parse('02:00:00:00:00:02') }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A port whose frames a test writes and reads. */
class FakePort {
  readonly sent: string[] = []
  readonly incoming: Uint8Array[] = []
  isThere = true
  opened = 0
  isOpen = false

  open = (): RouterPort | undefined => {
    if (!this.isThere) return undefined
    this.opened += 1
    this.isOpen = true
    return {
      ...US,
      send: (frame) => {
        const message = decodeRouterMessage(frame)
        this.sent.push(`${message?.type} to ${MacAddress.fromBytes(frame.subarray(0, 6)).toString()}`)
        return this.isThere
      },
      receive: (onFrame) => {
        for (const frame of this.incoming.splice(0)) onFrame(frame)
        return this.isThere
      },
      close: () => {
        this.isOpen = false
      }
    }
  }
}

const TO_ALL = 'advertisement to 33:33:00:00:00:01'
const SOLICITATION = 'solicitation to 33:33:00:00:00:02'

test('messages are read as they were written; of others nothing is read', () => {
  expect(decodeRouterMessage(encodeRouterSolicitation(US))).toEqual({
    type: 'solicitation',
    source: US.linkLocal,
    sourceMac: US.mac
  })
  const advertisement = encodeRouterAdvertisement(US)
  expect(decodeRouterMessage(advertisement)?.type).toBe('advertisement')
  for (const [offset, what] of [
    [12, 'another EtherType'],
    [20, 'another protocol'],
    [21, 'a hop limit less than 255'],
    [54, 'another type'],
    [55, 'a code'],
    [56, 'a wrong checksum'],
    [22, 'a source that is not link-local']
  ] as const) {
    const changed = advertisement.slice()
    changed[offset] = (changed[offset] ?? 0) ^ 0x21
    expect([what, decodeRouterMessage(changed)]).toEqual([what, undefined])
  }
  assert(
    property(uint8Array({ maxLength: 120 }), (tail) => {
      const frame = Uint8Array.of(...advertisement.subarray(0, 54), ...tail)
      decodeRouterMessage(frame)
      decodeRouterMessage(tail)
    })
  )
})

test('we ask, show ourselves now and then, and answer who asks', () => {
  const port = new FakePort()
  const found: string[] = []
  const discovery = new NeighborDiscovery(port.open, (address) => found.push(address.toString()))
  discovery.start()
  vi.advanceTimersByTime(0)
  expect(port.sent.splice(0)).toEqual([TO_ALL, SOLICITATION])
  vi.advanceTimersByTime(20_000)
  expect(port.sent.splice(0)).toEqual([SOLICITATION, SOLICITATION, TO_ALL, TO_ALL])
  port.incoming.push(encodeRouterSolicitation(ROUTER))
  vi.advanceTimersByTime(200)
  expect(port.sent.splice(0)).toEqual(['advertisement to 02:00:00:00:00:02'])
  expect(found).toEqual([])
  port.incoming.push(encodeRouterAdvertisement(US), encodeRouterAdvertisement(ROUTER), new Uint8Array(3))
  vi.advanceTimersByTime(200)
  expect(found).toEqual(['fe80::2'])
  discovery.stop()
  expect(port.isOpen).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})

test('an interface may come late, go, and come again', () => {
  const port = new FakePort()
  port.isThere = false
  const discovery = new NeighborDiscovery(port.open, () => undefined)
  discovery.start()
  vi.advanceTimersByTime(5000)
  expect(port.opened).toBe(0)
  port.isThere = true
  vi.advanceTimersByTime(1000)
  expect(port.opened).toBe(1)
  port.isThere = false
  vi.advanceTimersByTime(3000)
  expect(port.isOpen).toBe(false)
  port.isThere = true
  vi.advanceTimersByTime(1000)
  expect([port.opened, port.isOpen]).toEqual([2, true])
  discovery.stop()
})

test('an unnumbered peer begins when its neighbour is found, and follows it', async () => {
  vi.useRealTimers()
  const tell: ((address: Ipv6Address) => void)[] = []
  let isStopped = false
  const speaker = new BgpSpeaker(
    { asn: 64_501, bgpIdentifier: Ipv4Address.parse('192.0.2.2') },
    {
      discoverNeighbor: (_name, onNeighbor) => {
        tell.push(onNeighbor)
        return () => {
          isStopped = true
        }
      }
    }
  )
  const peer = speaker.addPeer({ name: 'r', interface: 'lo', asn: 'external' })
  await speaker.start()
  expect(peer.status()).toMatchObject({ state: 'idle', address: undefined })
  const change = once(peer, 'stateChange')
  tell[0]?.(ROUTER.linkLocal)
  expect(await change).toEqual(['connect', 'idle'])
  expect(peer.endpoint?.address.toString()).toBe('fe80::2')
  tell[0]?.(US.linkLocal)
  expect(peer.endpoint?.address.toString()).toBe('fe80::1')
  await speaker.stop()
  expect([isStopped, peer.state]).toEqual([true, 'idle'])
})
