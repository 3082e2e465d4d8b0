import type { TcpAoKey } from '@clarion-lb/linux-net'
import type { IpAddress, IpFamily, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'

/** What a speaker is, and where it listens. */
export interface BgpSpeakerOptions {
  /** Autonomous system, 1 to 4294967295. */
  readonly asn: number
  /** Not 0.0.0.0; of each speaker its own (RFC 6286). */
  readonly bgpIdentifier: Ipv4Address
  /** Where peers may connect to. @defaultValue nowhere: only connects */
  readonly listen?: readonly ListenAddress[]
  /**
   * Keeps End-of-RIB back until `markComplete()`, so that after a restart a peer does not take the first routes for all
   * of them (RFC 4724 §4.1). @defaultValue false
   */
  readonly holdsEndOfRib?: boolean
  /**
   * What peers are told is the name of this host, with or without its domain, for their operators: the FQDN capability
   * (draft-walton-bgp-hostname-capability), which has room for 64 octets of each. @defaultValue none
   */
  readonly hostName?: string
}

/** Where a speaker listens. */
export interface ListenAddress {
  /** `::` takes IPv4, too. */
  readonly address: IpAddress
  /** 0 chooses one. @defaultValue 179 */
  readonly port?: number
  /** Name of an interface or VRF. */
  readonly device?: string
}

/** Addresses that peers are told to send packets to. */
export interface NextHopOptions {
  readonly ipv4?: Ipv4Address
  readonly ipv6?: Ipv6Address
  /** Only for peers on the same link (RFC 2545 §3). */
  readonly ipv6LinkLocal?: Ipv6Address
}

/** RFC 4724, as the speaker that restarts. */
export interface GracefulRestartOptions {
  /** How long peers keep our routes; at most 4095 s. @defaultValue 120 s */
  readonly restartTimeMs?: number
  /** The process ran before, and its routes may still be used: the R bit of the first session. @defaultValue false */
  readonly isRestarting?: boolean
}

/** TCP-AO (RFC 5925), for connections that we make. Linux since 6.7, if the kernel is built with it. */
export interface TcpAoOptions {
  readonly type: 'ao'
  /** Master key tuples; the peer chooses among them. */
  readonly keys: readonly TcpAoKey[]
}

/** A neighbour: at an address, or whoever is the router on an interface. */
export type BgpPeerOptions = BgpPeerSettings &
  (
    | {
        readonly address: IpAddress
        /** Of a link-local address: name of its interface. */
        readonly interface?: string
      }
    | {
        /** Unnumbered: the neighbour is found by router advertisements (RFC 4861) on this interface. */
        readonly address?: undefined
        readonly interface: string
      }
  )

export interface BgpPeerSettings {
  /** Unique in its speaker. */
  readonly name: string
  /** @defaultValue 179 */
  readonly port?: number
  /** A number, our own (`'internal'`), or any other (`'external'`). */
  readonly asn: number | 'internal' | 'external'
  /** What this peer is told is our autonomous system, in OPEN and AS_PATH alike. @defaultValue the speaker's */
  readonly localAsn?: number
  /** @defaultValue the speaker's */
  readonly bgpIdentifier?: Ipv4Address
  /** Waits for the peer to connect. @defaultValue false */
  readonly isPassive?: boolean
  /** Source of the connection; a peer that connects must connect to it. */
  readonly localAddress?: IpAddress
  /** Name of an interface or VRF that packets must come and go by. Linux. */
  readonly device?: string
  /** TCP MD5 (RFC 2385), up to 80 octets. Linux. */
  readonly password?: string
  readonly authentication?: TcpAoOptions
  /** The peer is at most so many hops away: what comes from farther is dropped (RFC 5082). 1: on the same link. Linux. */
  readonly ttlSecurityHops?: number
  /** TTL or hop limit of what is sent: 1 keeps a session on its link. @defaultValue the system's. Linux. */
  readonly ttl?: number
  /** 0 turns keepalives off; else at least 3 s, whole seconds. @defaultValue 90 s */
  readonly holdTimeMs?: number
  /** @defaultValue a third of the hold time that was agreed on, which is also the longest */
  readonly keepaliveTimeMs?: number
  /** Longest wait between attempts to connect; the first waits are shorter. @defaultValue 30 s */
  readonly connectRetryMs?: number
  /** @defaultValue 10 s */
  readonly connectTimeoutMs?: number
  /** Families to advertise. Empty: IPv4 for a peer that knows no multiprotocol capability. @defaultValue both */
  readonly families?: readonly IpFamily[]
  /** Of {@link BgpPeerSettings.families}: the session is refused without them (RFC 5492 §5). @defaultValue none */
  readonly requiredFamilies?: readonly IpFamily[]
  /** @defaultValue the session's own address */
  readonly nextHops?: NextHopOptions
  /** Prefixes of one family that the peer may send before the session is ended. @defaultValue no limit */
  readonly maxPrefixes?: number
  /** How long a session stays down for that. @defaultValue 5 minutes */
  readonly maxPrefixesIdleMs?: number
  /** @defaultValue routes go when the session does */
  readonly gracefulRestart?: GracefulRestartOptions
}

/** @internal */
export const DEFAULTS = {
  port: 179,
  holdTimeMs: 90_000,
  connectRetryMs: 30_000,
  connectTimeoutMs: 10_000,
  maxPrefixesIdleMs: 300_000,
  restartTimeMs: 120_000
} as const

const MAX_ASN = 0xffff_ffff
const MAX_HOLD_TIME_MS = 65_535_000
const MAX_RESTART_TIME_MS = 4_095_000

/** Thrown for options that cannot work, before anything is done. */
export class BgpOptionsError extends Error {
  override readonly name = 'BgpOptionsError'
  readonly code = 'ERR_BGP_OPTIONS'
  /** The option that is wrong. */
  readonly option: string

  constructor(option: string, message: string, options?: ErrorOptions) {
    super(`${option}: ${message}`, options)
    this.option = option
  }
}

/** @throws {@link BgpOptionsError} */
export function checkSpeakerOptions(options: BgpSpeakerOptions): void {
  checkAsn('asn', options.asn)
  checkIdentifier(options.bgpIdentifier)
}

/** @throws {@link BgpOptionsError} */
export function checkPeerOptions(options: BgpPeerOptions): void {
  const { asn, localAsn, bgpIdentifier, address, holdTimeMs = DEFAULTS.holdTimeMs } = options
  if (typeof asn === 'number') checkAsn('asn', asn)
  if (localAsn !== undefined) checkAsn('localAsn', localAsn)
  if (bgpIdentifier !== undefined) checkIdentifier(bgpIdentifier)
  if (options.authentication !== undefined) checkAuthentication(options.authentication, options)
  // RFC 4271 §4.2.
  checkInteger('holdTimeMs', holdTimeMs / 1000, 0, MAX_HOLD_TIME_MS / 1000)
  if (holdTimeMs === 1000 || holdTimeMs === 2000)
    throw new BgpOptionsError('holdTimeMs', 'is 0 or at least 3000')
  checkInteger('port', options.port ?? DEFAULTS.port, 1, 65_535)
  if (options.ttl !== undefined) checkInteger('ttl', options.ttl, 1, 255)
  if (options.ttlSecurityHops !== undefined) checkInteger('ttlSecurityHops', options.ttlSecurityHops, 1, 254)
  if (options.ttl !== undefined && options.ttlSecurityHops !== undefined)
    throw new BgpOptionsError('ttl', 'is 255 with ttlSecurityHops')
  const restartTimeMs = options.gracefulRestart?.restartTimeMs ?? DEFAULTS.restartTimeMs
  checkInteger('gracefulRestart.restartTimeMs', restartTimeMs / 1000, 0, MAX_RESTART_TIME_MS / 1000)
  if (Buffer.byteLength(options.password ?? '') > 80)
    throw new BgpOptionsError('password', 'is longer than 80 octets')
  if (address?.family === 6 && address.isLinkLocal && options.interface === undefined)
    throw new BgpOptionsError('interface', 'a link-local address needs one')
  if (
    address !== undefined &&
    options.localAddress !== undefined &&
    options.localAddress.family !== address.family
  )
    throw new BgpOptionsError('localAddress', 'is not of the family of the address')
}

function checkAuthentication({ keys }: TcpAoOptions, { password = '', isPassive }: BgpPeerOptions): void {
  if (password !== '')
    throw new BgpOptionsError('authentication', 'a password is TCP MD5: one excludes the other')
  if (isPassive === true)
    throw new BgpOptionsError(
      'authentication',
      'TCP-AO is for connections that we make, and isPassive makes none'
    )
  if (keys.length === 0) throw new BgpOptionsError('authentication.keys', 'is empty')
  for (const { sendId, receiveId, key } of keys) {
    checkInteger('authentication.keys.sendId', sendId, 0, 255)
    checkInteger('authentication.keys.receiveId', receiveId, 0, 255)
    checkInteger('authentication.keys.key', key.length, 1, 80)
  }
}

function checkAsn(option: string, asn: number): void {
  // RFC 7607 refuses 0.
  checkInteger(option, asn, 1, MAX_ASN)
}

function checkIdentifier(identifier: Ipv4Address): void {
  if (identifier.isUnspecified) throw new BgpOptionsError('bgpIdentifier', 'is 0.0.0.0 (RFC 6286 §2.1)')
}

function checkInteger(option: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new BgpOptionsError(option, `${value} is not an integer from ${min} to ${max}`)
}
