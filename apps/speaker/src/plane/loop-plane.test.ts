import { encodeAnnouncement } from '@clarion-lb/arp'
import { MemoryLink, MemorySegment } from '@clarion-lb/link'
import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLoopPlane } from './create-plane.ts'
import type { Plane } from './plane.ts'

const VIP = Ipv4Address.parse('192.0.2.1')
const OURS = MacAddress.parse('02:00:00:00:00:0a')
const OTHER = MacAddress.parse('02:00:00:00:00:0b')

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A plane on a segment, and another host that counts what it hears. */
async function setUp(): Promise<{
  readonly plane: Plane
  readonly claim: () => void
  readonly heard: () => number
}> {
  const segment = new MemorySegment()
  let heard = 0
  const other = new MemoryLink({
    interfaces: [{ name: 'eth0', segment, mac: OTHER }],
    isPromiscuous: true,
    onFrame: () => {
      heard += 1
    }
  })
  other.start()
  const plane = createLoopPlane(
    { node: 'n1', takeBackMs: 0, excludeSource: undefined, onEvent: () => undefined },
    (handlers) => new MemoryLink({ ...handlers, interfaces: [{ name: 'eth0', segment, mac: OURS }] })
  )
  await plane.start()
  plane.apply({ set: [{ address: VIP.toString(), interfaces: undefined }], remove: [] })
  await vi.advanceTimersByTimeAsync(10_000)
  return {
    plane,
    claim: () => {
      heard = 0
      for (const frame of encodeAnnouncement(OTHER, VIP)) other.send(1, frame)
    },
    heard: () => heard
  }
}

test('what a frame has to be answered with later is sent when it is time', async () => {
  const { plane, claim, heard } = await setUp()
  claim()
  await vi.advanceTimersByTimeAsync(1000)
  expect(heard()).toBe(0)
  await vi.advanceTimersByTimeAsync(1000)
  expect(heard()).toBe(2)
  await plane.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('after the end nothing is sent any more', async () => {
  const { plane, claim, heard } = await setUp()
  claim()
  await plane.stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(heard()).toBe(0)
})
