import { Ipv4Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { LinuxNetError } from './errors.ts'
import { addTcpAoKey, encodeTcpAoKey, type TcpAoKey } from './tcp-ao.ts'
import { TcpSocket } from './tcp-socket.ts'

const PEER = Ipv4Address.parse('192.0.2.1')
const KEY: TcpAoKey = {
  sendId: 61,
  receiveId: 84,
  algorithm: 'aes-128-cmac-96',
  key: new TextEncoder().encode('testvector')
}

test('a key is written as struct tcp_ao_add of linux/tcp.h', () => {
  const bytes = encodeTcpAoKey(4, PEER, KEY)
  const text = Buffer.from(bytes)
  expect(bytes).toHaveLength(288)
  // The address begins with its family in the order of the machine; then port, and the address itself.
  expect(text.subarray(2, 8).toString('hex')).toBe('0000c0000201')
  expect(text.subarray(128, 140).toString('latin1')).toBe('cmac(aes128)')
  // ifindex, flags, reserved2: none; prefix 32, SendID, RecvID, MAC of 96 bits, no key flags, length of the key.
  expect(text.subarray(192, 208).toString('hex')).toBe('00000000000000000000203d540c000a')
  expect(text.subarray(208, 218).toString('latin1')).toBe('testvector')
  expect(bytes.subarray(218).every((byte) => byte === 0)).toBe(true)
})

test.skipIf(process.platform !== 'linux')('the kernel takes it, or says that it cannot', () => {
  const socket = TcpSocket.open({ family: 4 })
  let refused: unknown
  try {
    addTcpAoKey(socket.fd, 4, PEER, KEY)
  } catch (error) {
    refused = error
  } finally {
    socket.close()
  }
  expect(
    refused === undefined || (refused instanceof LinuxNetError && refused.reason === 'ENOPROTOOPT')
  ).toBe(true)
})
