import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ipv4Address, MacAddress } from '@clarion-lb/netaddr'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CapCapture, filterFor } from './cap-capture.ts'
import { resolveCap } from './cap-link.ts'
import { availableBackends } from './create-link.ts'
import { LinkBackendError } from './errors.ts'
import type { LinkInterface } from './link.ts'

/**
 * Stands in for the native module: it hears what it sends, aborts its process as `cap` does when the interface goes down
 * (here: when it is to send a frame that begins with 0xdd), and cannot open `missing0`.
 */
const FAKE = `
  exports.Cap = class {
    open(device, filter, size, buffer) {
      if (device === 'missing0') throw new Error('No such device exists')
      this.buffer = buffer
      return 'ETHERNET'
    }
    on(event, listener) { this.listener = listener }
    send(frame, length) {
      if (frame[0] === 0xdd) process.abort()
      if (frame[0] === 0xee) throw new Error('send: No buffer space available')
      frame.copy(this.buffer)
      this.listener(length, false)
    }
  }
`
const ETH0: LinkInterface = {
  index: 3,
  name: 'eth0',
  mac: MacAddress.parse('02:00:00:00:00:0a'),
  mtu: 1500,
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
  isBroadcast: true,
  isNoArp: false,
  masterIndex: undefined,
  addresses: []
}
const INTEREST = { interfaces: [3], arpAddresses: [Ipv4Address.parse('192.0.2.1')], ndpAddresses: [] }

let directory: string
const events: string[] = []
let capture: CapCapture | undefined

function start(device: LinkInterface = ETH0): CapCapture {
  capture = new CapCapture({
    interface: device,
    modulePath: join(directory, 'cap.cjs'),
    interest: INTEREST,
    onFrame: (frame) => events.push(`frame ${frame.length}`),
    onNotSent: () => events.push('not sent'),
    onRestart: () => events.push('restart'),
    onFault: (message) => events.push(message)
  })
  capture.start()
  return capture
}

function frame(target: number, first = 0xff): Uint8Array {
  const bytes = new Uint8Array(60)
  bytes[0] = first
  bytes.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12)
  bytes.set([192, 0, 2, target], 38)
  return bytes
}

async function happens(event: string | RegExp): Promise<void> {
  const fits = (text: string): boolean => (typeof event === 'string' ? text === event : event.test(text))
  await vi.waitFor(() => expect(events.some(fits)).toBe(true), { timeout: 20_000, interval: 10 })
}

beforeEach(async () => {
  events.length = 0
  directory = await mkdtemp(join(tmpdir(), 'clarion-link-'))
  await writeFile(join(directory, 'cap.cjs'), FAKE)
})

afterEach(async () => {
  capture?.stop()
  await rm(directory, { recursive: true })
})

test('frames that are wanted come through, the others end in the child', { timeout: 30_000 }, async () => {
  const running = start()
  await vi.waitFor(() => expect(running.send(frame(9))).toBe('sent'), { timeout: 20_000 })
  running.send(frame(1))
  await happens('frame 60')
  expect(events).toEqual(['frame 60'])
  running.send(frame(1, 0xee))
  await happens('not sent')
})

test('a child that is aborted is replaced, and this process goes on', { timeout: 60_000 }, async () => {
  const running = start()
  await vi.waitFor(() => expect(running.send(frame(9))).toBe('sent'), { timeout: 20_000 })
  const before = running.pid
  running.send(frame(1, 0xdd))
  await happens(/eth0 ended with SIGABRT/)
  await happens('restart')
  await vi.waitFor(() => expect(running.send(frame(1))).toBe('sent'), { timeout: 20_000 })
  await happens('frame 60')
  expect(running.pid).not.toBe(before)
})

test('an interface that cannot be opened is a fault that says why', { timeout: 30_000 }, async () => {
  const running = start({ ...ETH0, name: 'missing0' })
  await happens('No such device exists')
  expect(running.send(frame(1))).toBe('interface-down')
})

test('nothing is started for an interface that is down, and at once when it comes up', () => {
  const running = start({ ...ETH0, isUp: false })
  expect(running.pid).toBeUndefined()
  running.update(ETH0)
  expect(running.pid).toBeGreaterThan(0)
})

test('libpcap is asked for what it can tell apart: not our own, and for us or for many', () => {
  expect(filterFor(ETH0)).toBe(
    '(arp or (icmp6 and (ip6[40] == 135 or ip6[40] == 136))) and not ether src 02:00:00:00:00:0a and (ether multicast or ether dst 02:00:00:00:00:0a)'
  )
})

test('without the package the error names it and the remedy', () => {
  expect(() => resolveCap(directory)).toThrow(LinkBackendError)
  expect(() => resolveCap(directory)).toThrow(/npm install cap/)
  const cap = availableBackends(directory).find(({ backend }) => backend === 'cap')
  expect(cap?.isAvailable === false ? cap.reason : '').toContain('npm install cap')
})
