import { connect, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import {
  addTcpAoKey,
  LinuxNetError,
  setTcpMd5Key,
  setTcpOptions,
  type TcpOptions,
  TcpSocket,
  unsupportedReason
} from '@clarion-lb/linux-net'
import { type IpAddress, type IpFamily, Ipv6Address } from '@clarion-lb/netaddr'
import { BgpOptionsError, type BgpPeerOptions, DEFAULTS } from './options.ts'

/** RFC 4594 §3.2: network control, CS6. */
const TRAFFIC_CLASS = 0xc0
const MAX_TTL = 255
/** Stands for a neighbour that is not found yet. */
const ANY_LINK_LOCAL = Ipv6Address.parse('fe80::1')
const LINUX_OPTIONS = ['password', 'authentication', 'ttlSecurityHops', 'ttl', 'device'] as const

/** Where a peer is. */
export interface PeerEndpoint {
  readonly address: IpAddress
  /** Name of the interface of a link-local address. */
  readonly zone: string | undefined
}

/** @throws BgpOptionsError for what this system has no sockets for. */
export function checkTransport(options: BgpPeerOptions): void {
  const reason = unsupportedReason()
  if (reason === undefined) {
    checkTcpAo(options)
    return
  }
  const option = LINUX_OPTIONS.find((name) => options[name] !== undefined)
  if (option !== undefined) throw new BgpOptionsError(option, `cannot be had here: ${reason}`)
}

/** Whether the kernel takes TCP-AO keys can only be tried. */
function checkTcpAo({ authentication, address }: BgpPeerOptions): void {
  const [key] = authentication?.keys ?? []
  if (key === undefined) return
  const family = address?.family ?? 6
  const socket = TcpSocket.open({ family })
  try {
    addTcpAoKey(socket.fd, family, address ?? ANY_LINK_LOCAL, key)
  } catch (error) {
    if (!(error instanceof LinuxNetError)) throw error
    const because = error.reason === 'ENOPROTOOPT' ? 'this kernel is built without TCP-AO' : error.message
    throw new BgpOptionsError('authentication', because, { cause: error })
  } finally {
    socket.close()
  }
}

/**
 * Begins to connect. On Linux from a socket of our own making, with key, TTL, device and traffic class; elsewhere from
 * an ordinary one.
 *
 * @throws LinuxNetError
 */
export function dial(endpoint: PeerEndpoint, options: BgpPeerOptions): Socket {
  const { address, zone } = endpoint
  const { localAddress, port = DEFAULTS.port } = options
  const host = zone === undefined ? address.toString() : `${address.toString()}%${zone}`
  if (unsupportedReason() !== undefined) {
    const from = localAddress === undefined ? {} : { localAddress: localAddress.toString() }
    return connect({ host, port, noDelay: true, ...from })
  }
  const prepared = TcpSocket.open({
    family: address.family,
    ...tcpOptions(options),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(localAddress === undefined
      ? {}
      : { localAddress, interfaceIndex: zone === undefined ? 0 : interfaceIndexOf(zone) })
  })
  try {
    const key = keyOf(options)
    if (key !== undefined) setTcpMd5Key(prepared.fd, address.family, address, key)
    for (const one of options.authentication?.keys ?? [])
      addTcpAoKey(prepared.fd, address.family, address, one)
    return new Socket({ fd: prepared.fd }).setNoDelay(true).connect({ host, port })
  } catch (error) {
    prepared.close()
    throw error
  }
}

/**
 * Gives a connection that was accepted the options of its peer; the key is its listener's.
 *
 * @throws LinuxNetError
 */
export function prepareAccepted(socket: Socket, options: BgpPeerOptions): void {
  socket.setNoDelay(true)
  const fd = fdOf(socket)
  if (unsupportedReason() === undefined && fd !== undefined)
    setTcpOptions(fd, socket.localFamily === 'IPv6' ? 6 : 4, tcpOptions(options))
}

/**
 * Changes the key of a connection in use. Nothing gets through until the peer has changed it, too.
 *
 * @returns whether it could be done.
 */
export function rekey(socket: Socket, peer: IpAddress, options: BgpPeerOptions): boolean {
  const fd = fdOf(socket)
  if (fd === undefined || unsupportedReason() !== undefined) return false
  const family: IpFamily = socket.localFamily === 'IPv6' ? 6 : 4
  try {
    setTcpMd5Key(fd, family, peer, keyOf(options))
    return true
  } catch {
    return false
  }
}

/** RFC 5082 §3: the least that what comes from this peer may have; 0: anything. */
export function minTtlOf({ ttlSecurityHops }: BgpPeerOptions): number {
  return ttlSecurityHops === undefined ? 0 : MAX_TTL + 1 - ttlSecurityHops
}

/** As octets; `undefined`: none. */
export function keyOf(options: BgpPeerOptions): Uint8Array | undefined {
  const { password = '' } = options
  return password === '' ? undefined : new TextEncoder().encode(password)
}

/** What Node tells of an address, with or without a zone; `undefined` for what is no address. */
export function splitZone(text: string | undefined): readonly [address: string, zone: string | undefined] {
  const [address = '', zone] = (text ?? '').split('%')
  return [address, zone]
}

function tcpOptions(options: BgpPeerOptions): TcpOptions {
  const { ttlSecurityHops, ttl, holdTimeMs = DEFAULTS.holdTimeMs } = options
  return {
    trafficClass: TRAFFIC_CLASS,
    // A peer that acknowledges nothing for so long would have been given up by its hold timer, too.
    ...(holdTimeMs === 0 ? {} : { userTimeoutMs: holdTimeMs }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(ttlSecurityHops === undefined ? {} : { ttl: MAX_TTL, minTtl: minTtlOf(options) })
  }
}

/** Node keeps it to itself: absent in a future version, nothing is set. */
function fdOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return undefined
  const fd: unknown = Reflect.get(handle, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

function interfaceIndexOf(name: string): number {
  for (const address of networkInterfaces()[name] ?? [])
    if (address.family === 'IPv6' && address.scopeid !== undefined && address.scopeid > 0)
      return address.scopeid
  return 0
}
