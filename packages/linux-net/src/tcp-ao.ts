import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { check, libc } from './libc.ts'
import { encodeSocketAddress } from './socket-address.ts'

const IPPROTO_TCP = 6
const TCP_AO_ADD_KEY = 38
/** Octets of struct tcp_ao_add of linux/tcp.h, and of its key. */
const AO_ADD_BYTES = 288
const MAX_KEY_BYTES = 80
const OFFSET = {
  algorithm: 128,
  prefix: 202,
  sendId: 203,
  receiveId: 204,
  macLength: 205,
  keyLength: 207,
  key: 208
}
/** Both algorithms of RFC 5926 are cut to 96 bits. */
const MAC_BYTES = 12
/** The kernel's names. */
const ALGORITHM = { 'hmac-sha-1-96': 'hmac(sha1)', 'aes-128-cmac-96': 'cmac(aes128)' } as const

/** A master key tuple of TCP-AO (RFC 5925 §3.1), for connections to one peer. */
export interface TcpAoKey {
  /** KeyID of segments that are sent, 0 to 255. */
  readonly sendId: number
  /** KeyID of segments that are received, 0 to 255. */
  readonly receiveId: number
  /** RFC 5926 §3. */
  readonly algorithm: keyof typeof ALGORITHM
  /** Up to 80 octets. */
  readonly key: Uint8Array
}

/**
 * Adds a key to a socket that is not connected yet: its segments carry it, and what comes without one is dropped. Several
 * may be added; the peer chooses.
 *
 * @param fd of a socket of this family
 * @param peer an IPv4 one on an IPv6 socket is taken as its mapped address
 * @throws LinuxNetError: ENOPROTOOPT where the kernel is built without TCP-AO (before 6.7, or without CONFIG_TCP_AO);
 *   EINVAL for a longer key
 */
export function addTcpAoKey(fd: number, family: IpFamily, peer: IpAddress, key: TcpAoKey): void {
  const bytes = encodeTcpAoKey(family, peer, key)
  const result = libc().setsockopt(fd, IPPROTO_TCP, TCP_AO_ADD_KEY, bytes, bytes.length)
  check('setsockopt TCP_AO_ADD_KEY', result)
}

/** @internal */
export function encodeTcpAoKey(family: IpFamily, peer: IpAddress, key: TcpAoKey): Uint8Array {
  const bytes = new Uint8Array(AO_ADD_BYTES)
  bytes.set(encodeSocketAddress(family, { address: peer }))
  bytes.set(new TextEncoder().encode(ALGORITHM[key.algorithm]), OFFSET.algorithm)
  bytes[OFFSET.prefix] = peer.family === 4 ? 32 : 128
  bytes[OFFSET.sendId] = key.sendId
  bytes[OFFSET.receiveId] = key.receiveId
  bytes[OFFSET.macLength] = MAC_BYTES
  // A key that is too long is left to the kernel to refuse.
  bytes[OFFSET.keyLength] = Math.min(key.key.length, 255)
  bytes.set(key.key.subarray(0, MAX_KEY_BYTES), OFFSET.key)
  return bytes
}
