import type { IpFamily, IpPrefix, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'

/** Any message, decoded. `update` is what RFC 7606 makes of the bytes. */
export type BgpMessage =
  | OpenMessage
  | UpdateMessage
  | NotificationMessage
  | KeepaliveMessage
  | RouteRefreshMessage

/** RFC 4271 §4.2, its optional parameters taken apart (RFC 5492, RFC 9072). */
export interface OpenMessage {
  readonly type: 'open'
  /** The four-octet capability's if it is there (RFC 6793), else the field's. */
  readonly asn: number
  /** Whole seconds on the wire; 0 turns keepalives off. */
  readonly holdTimeMs: number
  readonly bgpIdentifier: Ipv4Address
  readonly capabilities: Capabilities
}

/** What a speaker says it can do. */
export interface Capabilities {
  /** Unicast families of the multiprotocol capability (RFC 4760). Empty: only IPv4, the old way. */
  readonly families: readonly IpFamily[]
  /** RFC 6793. */
  readonly hasFourOctetAsn: boolean
  /** RFC 2918. */
  readonly hasRouteRefresh: boolean
  /** RFC 7313. */
  readonly hasEnhancedRouteRefresh: boolean
  /** RFC 8654: messages of up to 65535 octets. */
  readonly hasExtendedMessage: boolean
  /** RFC 8950: IPv4 unicast prefixes with an IPv6 next hop. */
  readonly hasExtendedNextHop: boolean
  readonly gracefulRestart: GracefulRestartCapability | undefined
  /** draft-walton-bgp-hostname-capability: names for people. */
  readonly fqdn: FqdnCapability | undefined
  /** Every other one, as it came: code and value. Not sent back. */
  readonly unknown: readonly UnknownCapability[]
}

/** RFC 4724 §3, with the N bit of RFC 8538 §2. */
export interface GracefulRestartCapability {
  /** R: this is the first session after a restart. */
  readonly isRestarting: boolean
  /** N: a NOTIFICATION does not end graceful restart. */
  readonly hasNotification: boolean
  /** At most 4095 s on the wire. */
  readonly restartTimeMs: number
  /** Families whose routes are kept; `isForwardingPreserved` is F. */
  readonly families: readonly { readonly family: IpFamily; readonly isForwardingPreserved: boolean }[]
}

export interface FqdnCapability {
  readonly hostName: string
  readonly domainName: string
}

export interface UnknownCapability {
  readonly code: number
  readonly value: Uint8Array
}

/** RFC 4271 §4.3 and RFC 4760, after the checks of RFC 7606. */
export interface UpdateMessage {
  readonly type: 'update'
  /** Prefixes to forget: those that were withdrawn, and those of an announcement that is treated as a withdrawal. */
  readonly withdrawn: readonly IpPrefix[]
  /** Prefixes to reach, by next hop: the IPv4 field, MP_REACH_NLRI, or both. */
  readonly reached: readonly Reach[]
  /** Attributes of {@link UpdateMessage.reached}; `undefined` if nothing is reached. */
  readonly attributes: PathAttributes | undefined
  /** End-of-RIB for this family (RFC 4724 §2). */
  readonly endOfRib: IpFamily | undefined
  /** What was wrong, and what was done about it. Empty for a sound message. */
  readonly problems: readonly UpdateProblem[]
}

export interface Reach {
  readonly nextHop: NextHop
  readonly prefixes: readonly IpPrefix[]
}

/** IPv6 has two when the peer is on the same link (RFC 2545 §3). */
export type NextHop =
  | { readonly global: Ipv4Address }
  | { readonly global: Ipv6Address; readonly linkLocal?: Ipv6Address }

/** How a malformed attribute was handled (RFC 7606 §2). A session reset is a thrown `BgpDecodeError` instead. */
export interface UpdateProblem {
  readonly action: 'treat-as-withdraw' | 'attribute-discard'
  /** Type code of the attribute; `undefined`: the attributes as a whole. */
  readonly attribute: number | undefined
  readonly message: string
}

/** RFC 4271 §4.3: 0, 1 and 2 on the wire. */
export type Origin = 'igp' | 'egp' | 'incomplete'

/** RFC 4271 §4.3, RFC 5065. */
export interface AsPathSegment {
  readonly type: 'set' | 'sequence' | 'confed-sequence' | 'confed-set'
  readonly asns: readonly number[]
}

/** RFC 8092. */
export interface LargeCommunity {
  readonly globalAdministrator: number
  readonly localData1: number
  readonly localData2: number
}

/** Attributes of a route, next hop and MP_REACH_NLRI not included. Absent lists are empty. */
export interface PathAttributes {
  readonly origin: Origin
  /** Four-octet numbers: AS4_PATH is merged in (RFC 6793 §4.2.3). */
  readonly asPath: readonly AsPathSegment[]
  readonly med: number | undefined
  readonly localPref: number | undefined
  readonly isAtomicAggregate: boolean
  readonly aggregator: { readonly asn: number; readonly address: Ipv4Address } | undefined
  /** RFC 1997, each a 32-bit number. */
  readonly communities: readonly number[]
  /** RFC 4360, each a 64-bit number. */
  readonly extendedCommunities: readonly bigint[]
  readonly largeCommunities: readonly LargeCommunity[]
  /** Optional transitive ones that are not known here, as they came. */
  readonly unknown: readonly UnknownAttribute[]
}

export interface UnknownAttribute {
  readonly flags: number
  readonly type: number
  readonly value: Uint8Array
}

/** RFC 4271 §4.5. */
export interface NotificationMessage {
  readonly type: 'notification'
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array
}

export interface KeepaliveMessage {
  readonly type: 'keepalive'
}

/** RFC 2918 §3, RFC 7313 §3.2. */
export interface RouteRefreshMessage {
  readonly type: 'routeRefresh'
  /** `undefined`: a family that is not known here; ignored. */
  readonly family: IpFamily | undefined
  readonly subtype: 'request' | 'begin' | 'end'
}

/** What both sides agreed on in their OPENs, as far as messages look different for it. */
export interface SessionEncoding {
  readonly hasFourOctetAsn: boolean
  /** Octets of the largest message: 4096, or 65535 (RFC 8654). */
  readonly maxMessageLength: number
  /** IPv4 prefixes travel in MP_REACH_NLRI with an IPv6 next hop (RFC 8950). */
  readonly hasExtendedNextHop: boolean
  /** Families that were agreed on. */
  readonly families: readonly IpFamily[]
  /** The peer is of another autonomous system: decides which attributes are legal (RFC 7606 §7). */
  readonly isExternal: boolean
}
