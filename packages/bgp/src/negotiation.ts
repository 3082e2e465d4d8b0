import type { IpFamily, Ipv4Address } from '@clarion-lb/netaddr'
import type {
  Capabilities,
  FqdnCapability,
  NotificationMessage,
  OpenMessage,
  SessionEncoding
} from './messages/model.ts'
import { NOTIFICATION, notification } from './messages/notification.ts'
import { type BgpPeerOptions, DEFAULTS } from './options.ts'

const ERROR = NOTIFICATION.OPEN_MESSAGE_ERROR
const BOTH_FAMILIES: readonly IpFamily[] = [4, 6]
/** RFC 4271 §4.1, RFC 8654 §4. */
const MAX_MESSAGE_LENGTH = 4096
const MAX_EXTENDED_MESSAGE_LENGTH = 65_535
/** Code of the capability of RFC 4760 §8. */
const MULTIPROTOCOL = 1
/** RFC 5492 §5 with the capability of RFC 4760 §8: code 1, length 4, AFI, reserved, SAFI 1. */
const MULTIPROTOCOL_CAPABILITY = { 4: [1, 4, 0, 1, 0, 1], 6: [1, 4, 0, 2, 0, 1] } as const

/** Who we are to a peer. */
export interface LocalIdentity {
  readonly asn: number
  readonly bgpIdentifier: Ipv4Address
  readonly hostName?: string | undefined
}

/** What both OPENs came to. */
export interface Negotiated {
  readonly encoding: SessionEncoding
  readonly localAsn: number
  readonly peerAsn: number
  readonly peerIdentifier: Ipv4Address
  readonly holdTimeMs: number
  readonly hasRouteRefresh: boolean
  /** RFC 7313: a resent table has a beginning and an end. */
  readonly hasEnhancedRouteRefresh: boolean
  /** The peer keeps our routes while we restart (RFC 4724). */
  readonly hasGracefulRestart: boolean
  /** And after a NOTIFICATION, if it is no hard reset (RFC 8538). */
  readonly hasNotificationRestart: boolean
  readonly peerCapabilities: Capabilities
}

/** The OPEN that a peer is sent. `isRestarting`: R of RFC 4724 §3. */
export function buildOpen(options: BgpPeerOptions, local: LocalIdentity, isRestarting: boolean): OpenMessage {
  const families = options.families ?? BOTH_FAMILIES
  const { gracefulRestart } = options
  return {
    type: 'open',
    asn: local.asn,
    holdTimeMs: options.holdTimeMs ?? DEFAULTS.holdTimeMs,
    bgpIdentifier: local.bgpIdentifier,
    capabilities: {
      families,
      hasFourOctetAsn: true,
      hasRouteRefresh: true,
      hasEnhancedRouteRefresh: true,
      hasExtendedMessage: true,
      hasExtendedNextHop: families.includes(4),
      gracefulRestart:
        gracefulRestart === undefined
          ? undefined
          : {
              isRestarting,
              hasNotification: true,
              restartTimeMs: gracefulRestart.restartTimeMs ?? DEFAULTS.restartTimeMs,
              // What forwards packets does not depend on this process, so F is always true.
              families: families.map((family) => ({ family, isForwardingPreserved: true }))
            },
      fqdn: local.hostName === undefined ? undefined : fqdnOf(local.hostName),
      unknown: []
    }
  }
}

function fqdnOf(name: string): FqdnCapability {
  const [hostName = '', ...domain] = name.split('.')
  return { hostName, domainName: domain.join('.') }
}

/**
 * Checks the OPEN of a peer, whose bytes were sound, against what is expected of this peer.
 *
 * @returns what to refuse it with (RFC 4271 §6.2), or `undefined` if it is welcome.
 */
export function refuseOpen(
  open: OpenMessage,
  options: BgpPeerOptions,
  local: LocalIdentity
): NotificationMessage | undefined {
  if (!isExpectedAsn(open.asn, options.asn, local.asn)) return notification(ERROR.code, ERROR.BAD_PEER_AS)
  // RFC 6286 §2.3: within an autonomous system it must be another one than ours.
  if (open.asn === local.asn && open.bgpIdentifier.equals(local.bgpIdentifier))
    return notification(ERROR.code, ERROR.BAD_BGP_IDENTIFIER)
  const offered = familiesOf(open.capabilities)
  const missing = (options.requiredFamilies ?? []).filter((family) => !offered.includes(family))
  if (missing.length === 0) return undefined
  const data = Uint8Array.from(missing.flatMap((family) => MULTIPROTOCOL_CAPABILITY[family]))
  return notification(ERROR.code, ERROR.UNSUPPORTED_CAPABILITY, data)
}

/** What counts for a session: each capability only if both have it. */
export function negotiate(ours: OpenMessage, theirs: OpenMessage): Negotiated {
  const [a, b] = [ours.capabilities, theirs.capabilities]
  const offered = familiesOf(b)
  const hasGracefulRestart = a.gracefulRestart !== undefined && b.gracefulRestart !== undefined
  return {
    encoding: {
      hasFourOctetAsn: a.hasFourOctetAsn && b.hasFourOctetAsn,
      maxMessageLength:
        a.hasExtendedMessage && b.hasExtendedMessage ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
      hasExtendedNextHop: a.hasExtendedNextHop && b.hasExtendedNextHop,
      families: familiesOf(a).filter((family) => offered.includes(family)),
      isExternal: ours.asn !== theirs.asn
    },
    localAsn: ours.asn,
    peerAsn: theirs.asn,
    peerIdentifier: theirs.bgpIdentifier,
    holdTimeMs: Math.min(ours.holdTimeMs, theirs.holdTimeMs),
    hasRouteRefresh: a.hasRouteRefresh && b.hasRouteRefresh,
    hasEnhancedRouteRefresh: a.hasEnhancedRouteRefresh && b.hasEnhancedRouteRefresh,
    hasGracefulRestart,
    hasNotificationRestart: hasGracefulRestart && b.gracefulRestart.hasNotification,
    peerCapabilities: b
  }
}

/**
 * Which of two connections to the same peer is closed (RFC 4271 §6.8): those with the higher identifier keep the one
 * that they made; with equal ones those with the higher AS number (RFC 6286 §2.3).
 */
export function collisionLoser(local: LocalIdentity, peer: LocalIdentity): 'ours' | 'theirs' {
  const difference = local.bgpIdentifier.toNumber() - peer.bgpIdentifier.toNumber() || local.asn - peer.asn
  return difference < 0 ? 'ours' : 'theirs'
}

function isExpectedAsn(asn: number, expected: BgpPeerOptions['asn'], ownAsn: number): boolean {
  if (expected === 'internal') return asn === ownAsn
  if (expected === 'external') return asn !== ownAsn
  return asn === expected
}

/** RFC 4760 §8: who says nothing speaks IPv4 unicast. Who names only families that we do not know has said something. */
function familiesOf({ families, unknown }: Capabilities): readonly IpFamily[] {
  const hasOthers = unknown.some(({ code, value }) => code === MULTIPROTOCOL && value.length === 4)
  return families.length === 0 && !hasOthers ? [4] : families
}
