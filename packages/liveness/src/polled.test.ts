import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { LinuxNetError, Poller, UdpSocket, unsupportedReason } from '@clarion-lb/linux-net'
import { parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { LivenessDead } from './events.ts'
import { Liveness } from './liveness.ts'
import { PolledClock } from './polled-clock.ts'
import { PolledTransport } from './polled-transport.ts'

const KEY = new Uint8Array(32).fill(1)
const ADDRESS = parseIpAddress('127.0.0.1')
/** The transport binds any address, so that ports have to differ; these are below those that the system gives out. */
const FIRST_PORT = 17_475

interface Polled {
  readonly liveness: Liveness
  readonly clock: PolledClock
  readonly transport: PolledTransport
  readonly poller: () => Poller
}

function start(id: string, port: number): Polled {
  const clock = new PolledClock()
  let poller = new Poller([])
  const transport = new PolledTransport({
    port,
    onDescriptors: (descriptors) => {
      poller = new Poller(descriptors)
    }
  })
  const parameters = { periodMs: 100, silenceMs: 600 }
  const liveness = new Liveness({ id, keys: [KEY], port, clock, transport, parameters })
  onTestFinished(() => liveness.abandon())
  liveness.start()
  return { liveness, clock, transport, poller: () => poller }
}

/** All take turns, as if each had a thread: until it is enough, or ten seconds have passed. */
function runUntil(members: readonly Polled[], isEnough: () => boolean): void {
  const endMs = performance.now() + 10_000
  while (!isEnough() && performance.now() < endMs)
    for (const { clock, transport, poller } of members) {
      if (poller().wait(1) > 0) transport.drain()
      clock.run()
    }
}

describe.skipIf(unsupportedReason() !== undefined)(`polled (${unsupportedReason() ?? 'supported'})`, () => {
  test('members without an event loop find each other, one whose port is refused, and one that leaves', () => {
    const members = ['a', 'b', 'c'].map((id, i) => start(id, FIRST_PORT + i))
    const list = members.map(({ liveness }) => ({ id: liveness.id, address: ADDRESS, port: liveness.port }))
    for (const { liveness } of members) liveness.setMembers(list)
    const [a, b, c] = members
    if (a === undefined || b === undefined || c === undefined) throw new Error('unreachable')
    const holds = (by: Polled, id: string, standing: string): boolean =>
      by.liveness.verdictOf(id)?.standing === standing
    runUntil(members, () => ['b', 'c'].every((id) => holds(a, id, 'alive')) && holds(b, 'c', 'alive'))
    const dead: LivenessDead[] = []
    a.liveness.on('dead', (detail) => dead.push(detail))
    c.liveness.abandon()
    runUntil([a, b], () => dead.length > 0)
    expect(dead).toMatchObject([{ id: 'c', reason: 'refused' }])
    void b.liveness.stop()
    runUntil([a, b], () => holds(a, 'b', 'left'))
    expect(holds(a, 'b', 'left')).toBe(true)
    runUntil([a, b], () => b.liveness.port === 0)
    expect(b.liveness.port).toBe(0)
  })

  test.each([
    ['the address that it was connected from is gone', 101, { opened: 2 }],
    ['there is no room for it now', 105, { opened: 1 }]
  ])('a probe that cannot be sent since %s', async (_, errno, { opened }) => {
    const received: number[] = []
    const receiver = createSocket('udp4', (bytes) => received.push(...bytes)).bind(0, '127.0.0.1')
    onTestFinished(() => void receiver.close())
    await once(receiver, 'listening')
    const transport = new PolledTransport({ port: FIRST_PORT + 3, onDescriptors: () => undefined })
    transport.open({ onDatagram: () => undefined, onRefused: () => undefined })
    onTestFinished(() => transport.close())
    const open = vi.spyOn(UdpSocket, 'open')
    const to = { address: ADDRESS, port: receiver.address().port }
    expect(transport.probe(Uint8Array.of(1), to, 7n)).toBe(0)
    vi.spyOn(UdpSocket.prototype, 'send').mockReturnValueOnce(errno)
    // What another socket can send goes by the ordinary one, and the next probe by a new one.
    const isReplaced = opened > 1
    expect(transport.probe(Uint8Array.of(2), to, 7n)).toBe(isReplaced ? 0 : errno)
    expect(transport.probe(Uint8Array.of(3), to, 7n)).toBe(0)
    expect(open).toHaveBeenCalledTimes(opened)
    await expect.poll(() => received).toEqual(isReplaced ? [1, 2, 3] : [1, 3])
  })

  test('what was heard may open a socket: what waits by the other family is read all the same', async () => {
    const port = FIRST_PORT + 4
    const heard: number[] = []
    const transport = new PolledTransport({ port, onDescriptors: () => undefined })
    transport.open({
      onDatagram: ([first = 0]) => {
        heard.push(first)
        transport.probe(Uint8Array.of(0), { address: ADDRESS, port: 9 }, BigInt(first))
      },
      onRefused: () => undefined
    })
    onTestFinished(() => transport.close())
    for (const [i, type, address] of [
      [4, 'udp4', '127.0.0.1'],
      [6, 'udp6', '::1']
    ] as const) {
      const socket = createSocket(type)
      onTestFinished(() => void socket.close())
      await new Promise((resolve) => {
        socket.send(Uint8Array.of(i), port, address, resolve)
      })
    }
    transport.drain()
    expect(heard).toEqual([4, 6])
  })

  test('a host that cannot be reached while its refusals are read disturbs nobody', () => {
    const transport = new PolledTransport({ port: FIRST_PORT + 5, onDescriptors: () => undefined })
    transport.open({ onDatagram: () => undefined, onRefused: () => undefined })
    onTestFinished(() => transport.close())
    transport.probe(Uint8Array.of(1), { address: ADDRESS, port: 9 }, 7n)
    // The refusal is there at once, by loopback.
    vi.spyOn(UdpSocket.prototype, 'takeError').mockReturnValueOnce(0)
    const receive = vi.spyOn(UdpSocket.prototype, 'receive').mockImplementationOnce(() => {
      throw new LinuxNetError('recvmmsg UDP', 113)
    })
    transport.drain()
    expect(receive).toHaveBeenCalledTimes(1)
  })

  test('a port that the system chooses is refused: the families would have two', () => {
    expect(() => new PolledTransport({ port: 0, onDescriptors: () => undefined })).toThrow(
      expect.objectContaining({ code: 'ERR_LIVENESS_OPTIONS', field: 'port' })
    )
  })

  test('a port that another program has is refused, and nothing stays open', () => {
    const { liveness } = start('a', FIRST_PORT)
    const told: (readonly number[])[] = []
    const transport = new PolledTransport({
      port: liveness.port,
      onDescriptors: (descriptors) => told.push(descriptors)
    })
    const listener = { onDatagram: () => undefined, onRefused: () => undefined }
    expect(() => transport.open(listener)).toThrow('EADDRINUSE')
    expect([transport.port, told]).toEqual([0, []])
  })
})

test('deadlines are called when they are due, once, and not after they are cancelled', () => {
  const clock = new PolledClock()
  const called: string[] = []
  clock.after(0, () => called.push('now'))
  const cancel = clock.after(0, () => called.push('never'))
  clock.after(60_000, () => called.push('later'))
  cancel()
  expect(clock.waitMs()).toBe(0)
  clock.run()
  clock.run()
  expect(called).toEqual(['now'])
  expect(clock.waitMs()).toBeGreaterThan(50_000)
})
