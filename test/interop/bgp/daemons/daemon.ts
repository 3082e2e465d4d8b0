/** The foreign daemons of the matrix. */
export type DaemonId = 'frr' | 'bird' | 'gobgp' | 'openbgpd'

export type Family = 4 | 6

/** BFD of a session, as the daemon has it. */
export interface DaemonBfd {
  readonly intervalMs: number
  readonly multiplier: number
  readonly hops: 'single' | 'multi'
  /** Name of a profile that holds these values, where the daemon has profiles. */
  readonly profile?: string
}

/** A BFD session that belongs to no BGP session. */
export interface DaemonBfdPeer extends DaemonBfd {
  /** Ours. */
  readonly address: string
  /** The daemon's. */
  readonly localAddress: string
}

/** A session as the daemon's operator would write it down, in no daemon's own language. */
export interface DaemonPeer {
  /** Letters and digits only. */
  readonly name: string
  /** Ours. Absent: whoever is on {@link DaemonPeer.interface}. */
  readonly address?: string
  /** The daemon's. */
  readonly localAddress?: string
  /** Unnumbered. */
  readonly interface?: string
  /** Our autonomous system. */
  readonly asn: number
  readonly families: readonly Family[]
  readonly holdTimeS: number
  /** Waits for us to connect. */
  readonly isPassive?: boolean
  readonly password?: string
  /** RFC 5082, one hop. */
  readonly hasTtlSecurity?: boolean
  /** RFC 8950. */
  readonly hasExtendedNextHop?: boolean
  readonly maxPrefixes?: number
  readonly bfd?: DaemonBfd
}

/** A daemon as a whole. */
export interface DaemonConfig {
  readonly asn: number
  readonly routerId: string
  readonly peers: readonly DaemonPeer[]
  readonly bfdPeers?: readonly DaemonBfdPeer[]
  /** What it originates. */
  readonly routes: readonly string[]
}

/** A way to a prefix, as the daemon has learned it. Communities as `1:2`, `1:2:3` and `rt:1:2`, in order. */
export interface DaemonPath {
  readonly nextHops: readonly string[]
  readonly asPath: readonly number[]
  readonly localPref: number | undefined
  readonly med: number | undefined
  readonly communities: readonly string[]
  readonly largeCommunities: readonly string[]
  readonly extendedCommunities: readonly string[]
  /** Kept over a restart of the peer (RFC 4724). */
  readonly isStale: boolean
}

/** A running foreign daemon. What asks it something asks the way its operator would. */
export interface Daemon {
  readonly id: DaemonId
  /** As it names itself. */
  version(): Promise<string>
  /** @throws with its log, if it does not come up */
  start(config: DaemonConfig): Promise<void>
  stop(): Promise<void>
  paths(prefix: string): Promise<readonly DaemonPath[]>
  /** `'established'`, or what the daemon calls it otherwise. */
  sessionState(peer: DaemonPeer): Promise<string>
  /** Ends the session by the operator's command. */
  resetSession(peer: DaemonPeer): Promise<void>
  /** Ends what the daemon waits for after a session that went wrong, if it can be told to. */
  forgive(peer: DaemonPeer): Promise<void>
  requestRefresh(peer: DaemonPeer, family: Family): Promise<void>
  /** Ends the session for good, with a text for us (RFC 9003). */
  shutDown(peer: DaemonPeer, text: string): Promise<void>
  /** What it tells its operator about the session and its end, its log included. */
  report(peer: DaemonPeer): Promise<string>
  /** Stops all its processes where they are, and lets them go on. */
  freeze(): void
  thaw(): void
  /** The last that it wrote. */
  log(): string
}

/** A daemon that has BFD, too. */
export interface BfdDaemon extends Daemon {
  /** `'up'`, `'down'`, …; `undefined` if there is no session with this address of ours. */
  bfdState(address: string): Promise<string | undefined>
  /** Ends the session as an operator does, so that we are told that it is no failure, and begins it again. */
  setBfd(peer: DaemonBfdPeer, administrative: 'down' | 'up'): Promise<void>
}
