import type { BfdParameterOptions } from '@clarion-lb/bfd'
import type {
  AdvertisedAttributes,
  BgpFamilyStatus,
  BgpPeerCounters,
  BgpPeerSettings,
  BgpState,
  StopOptions
} from '@clarion-lb/bgp'

/** A speaker; addresses as text, here and below. */
export interface SpeakerSpec {
  readonly asn: number
  readonly bgpIdentifier: string
  readonly listen: readonly string[]
  readonly holdsEndOfRib?: boolean
}

/** A peer of the speaker. */
export interface PeerSpec extends Omit<BgpPeerSettings, 'localAddress' | 'nextHops' | 'bgpIdentifier'> {
  readonly address?: string
  readonly interface?: string
  readonly localAddress?: string
  readonly nextHops?: { readonly ipv4?: string; readonly ipv6?: string }
}

export interface RouteSpec {
  readonly prefix: string
  readonly attributes?: AdvertisedAttributes
}

export interface BfdSpec extends BfdParameterOptions {
  /** Of one session. */
  readonly name: string
  readonly remoteAddress: string
  readonly localAddress?: string
  readonly interface?: string
  readonly hops?: 'single' | 'multi'
  readonly minimumTtl?: number
  /** A peer of the speaker whose session is ended when this one goes down. */
  readonly protects?: string
}

/** A peer at a moment. */
export interface PeerReport {
  readonly state: BgpState
  readonly families: Readonly<Record<4 | 6, BgpFamilyStatus>>
  readonly counters: BgpPeerCounters
  readonly hasGracefulRestart: boolean | undefined
  /** The last ends of connections and attempts, the newest first. */
  readonly closes: readonly CloseReport[]
  /** Prefixes that the peer has told and not withdrawn. */
  readonly received: readonly string[]
}

export interface CloseReport {
  readonly by: 'local' | 'peer' | 'network'
  readonly message: string
  readonly text: string | undefined
  readonly code: number | undefined
  readonly subcode: number | undefined
}

export interface BfdReport {
  readonly state: string
  readonly transmitIntervalMs: number
  readonly detectionTimeMs: number | undefined
  readonly remoteDiagnostic: number
  readonly upEvents: number
  readonly downEvents: number
  /** Why it went down, in order. */
  readonly downReasons: readonly string[]
  /** On the clock of `Date.now()`. */
  readonly lastDownMs: number | undefined
}

/** What the process holds. */
export interface ResourceReport {
  /** Kinds of what keeps the loop alive. */
  readonly active: readonly string[]
  readonly openFiles: number
  /** After a collection. */
  readonly heapBytes: number
}

/** What a test can have its driver do: arguments and result. */
export interface Commands {
  readonly start: [speaker: SpeakerSpec, result: void]
  readonly addPeer: [peer: PeerSpec, result: void]
  readonly removePeer: [request: { readonly name: string; readonly stop: StopOptions }, result: void]
  readonly advertise: [
    request: { readonly peer: string; readonly routes: readonly RouteSpec[] },
    result: void
  ]
  readonly markComplete: [nothing: undefined, result: void]
  readonly peer: [name: string, result: PeerReport]
  readonly stop: [stop: StopOptions, result: void]
  readonly addBfd: [session: BfdSpec, result: void]
  readonly removeBfd: [name: string, result: void]
  readonly setBfd: [request: { readonly name: string; readonly administrative: 'down' | 'up' }, result: void]
  readonly bfd: [name: string, result: BfdReport]
  readonly resources: [nothing: undefined, result: ResourceReport]
}

export type CommandName = keyof Commands

/** A command of a test. */
export type ToDriver = {
  [Name in CommandName]: { readonly id: number; readonly command: Name; readonly argument: Commands[Name][0] }
}[CommandName]

/** What commands came to. */
export type Reply = {
  [Name in CommandName]: {
    readonly type: 'reply'
    readonly id: number
    readonly command: Name
    readonly result: Commands[Name][1]
  }
}[CommandName]

/** What a driver tells its test. */
export type FromDriver =
  | { readonly type: 'ready' }
  | Reply
  | { readonly type: 'reply'; readonly id: number; readonly command: 'failed'; readonly message: string }
