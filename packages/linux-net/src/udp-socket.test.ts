import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type IpAddress, type IpFamily, Ipv4Address, Ipv6Address, parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import { ERRNO, LinuxNetError } from './errors.ts'
import { DROP_ALL } from './frame-filters.ts'
import { Poller } from './poller.ts'
import { encodeSocketAddress } from './socket-address.ts'
import { ttlFilter } from './ttl-filter.ts'
import { UdpSocket, type UdpSocketOptions } from './udp-socket.ts'

const FAMILIES: readonly { family: IpFamily; local: IpAddress }[] = [
  { family: 4, local: Ipv4Address.parse('127.0.0.1') },
  { family: 6, local: Ipv6Address.parse('::1') }
]

describe.skipIf(process.platform !== 'linux').each(FAMILIES)('IPv$family', ({ family, local }) => {
  test('a datagram arrives with its source, cut to the room there is', () => {
    const [a, b] = [open({}), open({ maxDatagramBytes: 3 })]
    expect(a.socket.send(Uint8Array.of(1, 2, 3, 4), b.address)).toBe(0)
    expect(receiveAll(b.socket)).toEqual([{ bytes: [1, 2, 3], source: local.toString(), port: a.port }])
    expect(receiveAll(b.socket)).toEqual([])
    close(a, b)
  })

  test('only packets with at least the minimum TTL pass its filter', () => {
    const receiver = open({ filter: ttlFilter({ family, minimumTtl: 255 }) })
    for (const ttl of [64, 254, 255]) {
      const sender = open({ ttl, trafficClass: 0xc0 })
      sender.socket.send(Uint8Array.of(ttl), receiver.address)
      close(sender)
    }
    expect(receiveAll(receiver.socket).map(({ bytes }) => bytes)).toEqual([[255]])
    close(receiver)
  })

  test('a source may have a minimum of its own', () => {
    const exceptions = [
      { source: parseIpAddress(family === 4 ? '192.0.2.1' : '2001:db8::1'), minimumTtl: 1 },
      { source: local, minimumTtl: 100 }
    ]
    const receiver = open({ filter: ttlFilter({ family, minimumTtl: 0, exceptions }) })
    for (const ttl of [99, 100]) {
      const sender = open({ ttl })
      sender.socket.send(Uint8Array.of(ttl), receiver.address)
      close(sender)
    }
    receiver.socket.setFilter(ttlFilter({ family, minimumTtl: 200, exceptions: exceptions.slice(0, 1) }))
    const last = open({ ttl: 199 })
    last.socket.send(Uint8Array.of(199), receiver.address)
    expect(receiveAll(receiver.socket).map(({ bytes }) => bytes)).toEqual([[100]])
    close(receiver, last)
  })

  test('a filter that drops everything is in place before the first packet', () => {
    const [sender, receiver] = [open({}), open({ filter: DROP_ALL, receiveBufferBytes: 1 << 20 })]
    sender.socket.send(Uint8Array.of(1), receiver.address)
    expect(receiveAll(receiver.socket)).toEqual([])
    close(sender, receiver)
  })

  test('dgram takes the descriptor over, and closes it', async () => {
    const [sender, receiver] = [open({}), open({})]
    const handle = createSocket(family === 4 ? 'udp4' : 'udp6')
    handle.bind({ fd: receiver.socket.handOver(), exclusive: true })
    const message = once(handle, 'message')
    sender.socket.send(Uint8Array.of(7), receiver.address)
    expect((await message)[0]).toEqual(Buffer.of(7))
    receiver.socket.close()
    expect(handle.address().port).toBe(receiver.port)
    const closed = once(handle, 'close')
    handle.close()
    await closed
    close(sender)
  })

  test('a second socket is refused the port, unless both say that it is shared', () => {
    const first = open({})
    const again = { family, localAddress: local, localPort: first.port }
    expect(() => UdpSocket.open({ ...again, isShared: true })).toThrow(
      expect.objectContaining({ errno: ERRNO.EADDRINUSE, syscall: 'bind UDP' })
    )
    first.socket.share()
    expect(() => UdpSocket.open(again)).toThrow(LinuxNetError)
    UdpSocket.open({ ...again, isShared: true }).close()
    close(first)
  })

  test('a device is bound to, and an unknown one is named in the error', () => {
    const onLoopback = open({ device: 'lo' })
    const sender = open({ device: 'lo' })
    sender.socket.send(Uint8Array.of(1), onLoopback.address)
    expect(receiveAll(onLoopback.socket)).toHaveLength(1)
    expect(() => open({ device: 'none0' })).toThrow('setsockopt SO_BINDTODEVICE none0: ENODEV')
    close(onLoopback, sender)
  })

  test('a closed socket says so', () => {
    const { socket, address } = open({})
    socket.close()
    socket.close()
    expect(socket.fd).toBe(-1)
    expect(socket.send(Uint8Array.of(1), address)).toBe(ERRNO.EBADF)
    expect(() => socket.receive(() => undefined)).toThrow('recvmmsg UDP: EBADF')
  })

  function open(options: Partial<UdpSocketOptions>): {
    socket: UdpSocket
    port: number
    address: Uint8Array
  } {
    for (;;) {
      const port = 20_000 + Math.floor(Math.random() * 10_000)
      try {
        const socket = UdpSocket.open({ family, localAddress: local, localPort: port, ...options })
        return { socket, port, address: encodeSocketAddress(family, { address: local, port }) }
      } catch (error) {
        if (!(error instanceof LinuxNetError && error.errno === ERRNO.EADDRINUSE)) throw error
      }
    }
  }
})

interface Received {
  readonly bytes: number[]
  readonly source: string
  readonly port: number
}

function receiveAll(socket: UdpSocket): Received[] {
  const received: Received[] = []
  new Poller([socket.fd]).wait(0)
  while (
    socket.receive((bytes, address, port) => {
      const source = socket.family === 4 ? Ipv4Address.fromBytes(address) : Ipv6Address.fromBytes(address)
      received.push({ bytes: [...bytes], source: source.toString(), port })
    }) > 0
  );
  return received
}

function close(...opened: readonly { socket: UdpSocket }[]): void {
  for (const { socket } of opened) socket.close()
}
