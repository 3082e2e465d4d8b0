import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { LinuxNetError } from './errors.ts'
import { encodeSocketAddress } from './socket-address.ts'
import { setTcpMd5Key, setTcpOptions, TcpSocket } from './tcp-socket.ts'

const LINUX = { skip: process.platform !== 'linux' }
const LOOPBACK = Ipv4Address.parse('127.0.0.1')
const KEY = new TextEncoder().encode('correct horse')

test('an IPv4 address for an IPv6 socket is written as its mapped one', () => {
  const bytes = encodeSocketAddress(6, { address: LOOPBACK, port: 179, interfaceIndex: 3 })
  expect(Buffer.from(bytes.subarray(2, 24)).toString('hex')).toBe(
    '00b30000000000000000000000000000ffff7f000001'
  )
  expect(bytes).toHaveLength(28)
  expect(encodeSocketAddress(4, { address: LOOPBACK })).toHaveLength(16)
})

test.skipIf(LINUX.skip).each([
  { name: 'IPv4', family: 4, local: '127.0.0.1', isDualStack: false },
  { name: 'IPv6', family: 6, local: '::1', isDualStack: false },
  { name: 'mapped IPv4 on an IPv6 listener', family: 6, local: '127.0.0.1', isDualStack: true }
] as const)('both ends with the same key talk: $name', async ({ family, local, isDualStack }) => {
  const address = local === '::1' ? Ipv6Address.parse(local) : Ipv4Address.parse(local)
  const clientFamily = address.family
  const listener = TcpSocket.open({ family, localPort: 0, isDualStack, ttl: 255 })
  setTcpMd5Key(listener.fd, family, address, KEY)
  const server = createServer((socket) => socket.end('hello'))
  server.listen({ fd: listener.fd })
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0

  const dialed = TcpSocket.open({
    family: clientFamily,
    localAddress: address,
    ttl: 255,
    minTtl: 255,
    trafficClass: 0xc0,
    userTimeoutMs: 3000
  })
  setTcpMd5Key(dialed.fd, clientFamily, address, KEY)
  const client = new Socket({ fd: dialed.fd })
  client.connect({ host: local, port })
  expect(String((await once(client, 'data'))[0])).toBe('hello')
  client.destroy()

  // The key is gone from the listener: segments with one are dropped, those without are welcome.
  setTcpMd5Key(listener.fd, family, address, undefined)
  const plain = connect({ host: local, port })
  expect(String((await once(plain, 'data'))[0])).toBe('hello')
  plain.destroy()
  server.close()
})

test('what the kernel refuses is told with its name', LINUX, () => {
  const socket = TcpSocket.open({ family: 4 })
  expect(() => setTcpMd5Key(socket.fd, 4, LOOPBACK, undefined)).toThrow('setsockopt TCP_MD5SIG: ENOENT')
  expect(() => setTcpMd5Key(socket.fd, 4, LOOPBACK, new Uint8Array(81))).toThrow(
    'setsockopt TCP_MD5SIG: EINVAL'
  )
  expect(() => setTcpOptions(socket.fd, 4, { minTtl: 256 })).toThrow('setsockopt IP_MINTTL: EINVAL')
  socket.close()
  socket.close()
  expect(socket.fd).toBe(-1)
  expect(() => TcpSocket.open({ family: 4, localAddress: Ipv4Address.parse('192.0.2.1') })).toThrow(
    LinuxNetError
  )
  expect(() => TcpSocket.open({ family: 4, device: 'no-such-device' })).toThrow(
    /SO_BINDTODEVICE no-such-device: (ENODEV|EPERM)/
  )
})
