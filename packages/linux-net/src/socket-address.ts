import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { IS_LITTLE_ENDIAN } from './libc.ts'

/** Room for any address (`struct sockaddr_storage`). */
export const SOCKADDR_STORAGE_BYTES = 128

const AF_INET = 2
const AF_INET6 = 10
const SOCKADDR_IN_BYTES = 16
const SOCKADDR_IN6_BYTES = 28

/** Where a socket is, or is to be, bound or connected. */
export interface SocketAddress {
  /** Default: any. An IPv4 address for an IPv6 socket becomes its mapped one (RFC 4291 §2.5.5.2). */
  readonly address?: IpAddress | undefined
  readonly port?: number
  /** Of a link-local address. */
  readonly interfaceIndex?: number
}

/**
 * `struct sockaddr_in` (family, port, address[4], zero[8]) or `struct sockaddr_in6` (family, port, flow label u32,
 * address[16], scope u32): family and scope in the order of the host, the rest in that of the network.
 */
export function encodeSocketAddress(family: IpFamily, options: SocketAddress): Uint8Array {
  const { address, port = 0, interfaceIndex = 0 } = options
  const bytes = new Uint8Array(family === 4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, IS_LITTLE_ENDIAN)
  view.setUint16(2, port)
  if (family === 4) {
    if (address?.family === 4) bytes.set(address.toBytes(), 4)
    return bytes
  }
  if (address?.family === 6) bytes.set(address.toBytes(), 8)
  else if (address !== undefined) {
    bytes.set([0xff, 0xff], 18)
    bytes.set(address.toBytes(), 20)
  }
  view.setUint32(24, interfaceIndex, IS_LITTLE_ENDIAN)
  return bytes
}
