import type { IpRange } from '@clarion-lb/netaddr'

/** Matches the labels of one object (Kubernetes LabelSelector). */
export interface Selector {
  /** Canonical text: equal selectors have equal text, whatever the order of their parts. */
  readonly text: string
  matches(labels: Readonly<Record<string, string>> | undefined): boolean
}

/** Who may be given addresses of a pool that is reserved (`spec.serviceAllocation`). */
export interface ServiceAllocation {
  /** Lower wins; 0 or less means none, which comes last. */
  readonly priority: number
  /** Namespaces by name, and those that matched a namespace selector. `undefined`: every namespace. */
  readonly namespaces: ReadonlySet<string> | undefined
  /** One of them must match the Service's labels. Empty: every Service. */
  readonly serviceSelectors: readonly Selector[]
}

/** An `IPAddressPool` that can be used. */
export interface Pool {
  readonly name: string
  /** As listed, each entry one range; the order is the order of allocation. */
  readonly ranges: readonly IpRange[]
  readonly autoAssign: boolean
  readonly avoidBuggyIps: boolean
  readonly serviceAllocation: ServiceAllocation | undefined
  readonly l2Advertisements: readonly L2Advertisement[]
  readonly bgpAdvertisements: readonly BgpAdvertisement[]
}

/** An `L2Advertisement`, attached to the pools that it selects. */
export interface L2Advertisement {
  readonly name: string
  /** Names of the nodes that may announce. Every known node that a node selector matches. */
  readonly nodes: ReadonlySet<string>
  /** `undefined`: every interface. */
  readonly interfaces: readonly string[] | undefined
  /** One of them must match the Service's labels. Empty: every Service. */
  readonly serviceSelectors: readonly Selector[]
  /** Sum of `preferredNodeSelectors` weights, by node; nodes without a score are absent. */
  readonly preferenceScores: ReadonlyMap<string, number>
}

/** A BGP community: RFC 1997, or RFC 8092 when `type` is `large`. */
export type Community =
  | { readonly type: 'standard'; readonly value: number }
  | {
      readonly type: 'large'
      readonly globalAdministrator: number
      readonly localData1: number
      readonly localData2: number
    }

/** A `BGPAdvertisement`, attached to the pools that it selects. */
export interface BgpAdvertisement {
  readonly name: string
  readonly nodes: ReadonlySet<string>
  readonly aggregationLength: number
  readonly aggregationLengthV6: number
  readonly localPref: number
  /** In order (`compareCommunities`), each once, at most 63. */
  readonly communities: readonly Community[]
  /** Names of `BGPPeer` objects; empty: every peer. */
  readonly peers: readonly string[]
  readonly serviceSelectors: readonly Selector[]
}

/** A `BGPPeer`. Durations in milliseconds; `undefined` where the object left the choice to us. */
export interface Peer {
  readonly name: string
  readonly myAsn: number
  readonly peerAsn: number | 'internal' | 'external'
  readonly localAsn: number | undefined
  readonly peerAddress: string | undefined
  readonly interface: string | undefined
  readonly sourceAddress: string | undefined
  readonly peerPort: number
  readonly holdTimeMs: number | undefined
  readonly keepaliveTimeMs: number | undefined
  readonly connectTimeMs: number | undefined
  readonly routerId: string | undefined
  readonly nodes: ReadonlySet<string>
  readonly password: string | undefined
  readonly bfdProfile: string | undefined
  readonly enableGracefulRestart: boolean
  readonly ebgpMultiHop: boolean
  readonly vrf: string | undefined
  readonly dualStackAddressFamily: boolean
}

/** A `BFDProfile`. `undefined`: the default of the BFD speaker. */
export interface BfdProfile {
  readonly name: string
  readonly receiveIntervalMs: number | undefined
  readonly transmitIntervalMs: number | undefined
  readonly detectMultiplier: number | undefined
  readonly echoIntervalMs: number | undefined
  readonly echoMode: boolean
  readonly passiveMode: boolean
  readonly minimumTtl: number | undefined
}

/** Everything that the decisions read. Pools are in order of name. */
export interface Config {
  readonly pools: readonly Pool[]
  readonly peers: readonly Peer[]
  readonly bfdProfiles: readonly BfdProfile[]
}

/** Something in the configuration that cannot be used, or surely was not meant. */
export interface Problem {
  /** `error`: the object (or the part named) is left out. `warning`: it is used as it is. */
  readonly severity: 'error' | 'warning'
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  /** Path of the field, as `spec.addresses[1]`. */
  readonly field: string
  /** The value that was refused, as text. */
  readonly value: string | undefined
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
  /**
   * MetalLB's admission webhooks let such an object pass, always or in its native mode: it may have been there for long,
   * or what it names may still come. An API server should warn of it, not refuse it.
   */
  readonly acceptedBy?: 'metallb' | 'metallb-native'
}
