import { Socket } from 'node:dgram'
import { UdpSocket, unsupportedReason } from '@clarion-lb/linux-net'
import { parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProbeSockets } from './probe-sockets.ts'

const BYTES = Uint8Array.of(1)
const LOOPBACK = { address: parseIpAddress('127.0.0.1'), port: 9 }

function probes(): { sockets: ProbeSockets; unsent: Uint8Array[]; opened: () => number } {
  const unsent: Uint8Array[] = []
  const sockets = new ProbeSockets({
    localAddress: () => undefined,
    device: undefined,
    trafficClass: 0,
    onRefused: () => undefined,
    onUnsent: (bytes) => void unsent.push(bytes)
  })
  onTestFinished(() => sockets.close())
  const open = vi.spyOn(UdpSocket, 'open')
  return { sockets, unsent, opened: () => open.mock.calls.length }
}

/** The next datagram of a connected socket fails. */
function failNext(code: string): void {
  const error = Object.assign(new Error(code), { code })
  const send: Pick<Socket, 'send'> = Socket.prototype
  vi.spyOn(send, 'send').mockImplementationOnce((_bytes, ...[callback]: readonly unknown[]) => {
    if (isCallback(callback)) callback(error)
  })
}

function isCallback(value: unknown): value is (error: Error) => void {
  return typeof value === 'function'
}

describe.skipIf(unsupportedReason() !== undefined)(
  `probe sockets (${unsupportedReason() ?? 'supported'})`,
  () => {
    test.each([
      ['ENETUNREACH', { opened: 2, unsent: [BYTES] }],
      ['ENOBUFS', { opened: 1, unsent: [] }],
      ['ECONNREFUSED', { opened: 1, unsent: [] }]
    ])('after %s', async (code, expected) => {
      const { sockets, unsent, opened } = probes()
      await vi.waitUntil(() => sockets.send(BYTES, LOOPBACK, 1n))
      failNext(code)
      await vi.waitUntil(() => sockets.send(BYTES, LOOPBACK, 1n))
      sockets.send(BYTES, LOOPBACK, 1n)
      expect({ opened: opened(), unsent }).toEqual(expected)
    })

    test('what could not be connected is tried again', async () => {
      const { sockets, opened } = probes()
      // The kernel refuses to connect to a broadcast address.
      const nowhere = { address: parseIpAddress('127.255.255.255'), port: 9 }
      await vi.waitFor(() => {
        expect(sockets.send(BYTES, nowhere, 1n)).toBe(false)
        expect(opened()).toBeGreaterThan(2)
      })
    })
  }
)
