import type { BgpPeerCounters, BgpState, LargeCommunity } from '@clarion-lb/bgp'
import type { IpFamily } from '@clarion-lb/netaddr'

/** A router to have a session with. Addresses cross threads as text; equal peers are equal as JSON. */
export interface WantedPeer {
  readonly name: string
  /** What it is told is our autonomous system. */
  readonly localAsn: number
  readonly asn: number | 'internal' | 'external'
  /** `undefined`: whoever is the router on the interface. */
  readonly address?: string | undefined
  readonly interface?: string | undefined
  readonly sourceAddress?: string | undefined
  readonly vrf?: string | undefined
  readonly port: number
  readonly holdTimeMs?: number | undefined
  readonly keepaliveTimeMs?: number | undefined
  readonly connectTimeMs?: number | undefined
  /** `undefined`: the IPv4 address that it is reached from. */
  readonly routerId?: string | undefined
  readonly password?: string | undefined
  readonly isMultihop: boolean
  readonly families: readonly IpFamily[]
  readonly hasGracefulRestart: boolean
  readonly bfd?: WantedBfd | undefined
}

/** Parameters of the BFD session with a peer; what is absent is the default of the `bfd` package. */
export interface WantedBfd {
  readonly profile: string
  readonly receiveIntervalMs?: number | undefined
  readonly transmitIntervalMs?: number | undefined
  readonly detectMultiplier?: number | undefined
  readonly passiveMode: boolean
  /** Of packets that come over several hops. */
  readonly minimumTtl?: number | undefined
}

/** A route as it crosses threads: the same object for all peers that are told it. */
export interface RouteMessage {
  readonly prefix: string
  /** `undefined`: the default, 100. */
  readonly localPref: number | undefined
  readonly communities: readonly number[]
  readonly largeCommunities: readonly LargeCommunity[]
}

/** Difference of what one peer is told. */
export interface RoutesChange {
  readonly peer: string
  readonly set: readonly RouteMessage[]
  /** Prefixes. */
  readonly remove: readonly string[]
}

/** How the sessions end: for good, or until a new process takes over. */
export interface SessionsEnd {
  /**
   * `'leave'`: others are asked to prefer other ways first (RFC 8326). `'restart'`: peers with graceful restart keep the
   * routes.
   */
  readonly mode: 'leave' | 'restart'
  /** For the operators of the peers (RFC 9003). */
  readonly text: string
}

/** A peer at a moment. */
export interface PeerState {
  readonly name: string
  /** `address:port`, as MetalLB's metrics name it; the interface of an unnumbered one. */
  readonly label: string
  readonly vrf: string
  readonly bgp: BgpState
  /** `undefined`: no BFD. */
  readonly bfd: 'adminDown' | 'down' | 'init' | 'up' | undefined
  /** Why it has no session, or does not tell all routes; `undefined`: all is well. */
  readonly problem: string | undefined
}

/** What the metrics of a peer are made of. */
export interface PeerCounts extends PeerState {
  readonly messages: BgpPeerCounters
  readonly advertised: number
  readonly pending: number
  readonly received: number
  readonly bfdCounters:
    | {
        readonly packetsReceived: number
        readonly packetsSent: number
        readonly upEvents: number
        readonly downEvents: number
      }
    | undefined
}

/** To the sessions thread. */
export type SessionsRequest =
  /** All of them. */
  | { readonly type: 'peers'; readonly peers: readonly WantedPeer[] }
  | { readonly type: 'routes'; readonly changes: readonly RoutesChange[] }
  /** All routes are given. */
  | { readonly type: 'complete' }
  /** Whether peers are to prefer other ways (RFC 8326). */
  | { readonly type: 'shutdown'; readonly isGraceful: boolean }
  | { readonly type: 'counts'; readonly id: number }
  | { readonly type: 'stop'; readonly end: SessionsEnd }

/** From the sessions thread. */
export type SessionsAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'state'; readonly state: PeerState }
  | { readonly type: 'counts'; readonly id: number; readonly counts: readonly PeerCounts[] }

/** What comes from another thread has no type. */
export function isSessionsRequest(message: unknown): message is SessionsRequest {
  return typeof message === 'object' && message !== null && 'type' in message
}

/** What comes from another thread has no type. */
export function isSessionsAnswer(message: unknown): message is SessionsAnswer {
  return typeof message === 'object' && message !== null && 'type' in message
}
