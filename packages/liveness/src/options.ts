import type { IpAddress } from '@clarion-lb/netaddr'
import type { LivenessClock } from './clock.ts'
import type { LivenessCoreCounters } from './core-state.ts'
import type {
  LivenessAlive,
  LivenessConnected,
  LivenessDead,
  LivenessIsolated,
  LivenessJudged,
  LivenessLeft,
  LivenessRefuted,
  LivenessSuspected
} from './events.ts'
import type { LivenessParameterOptions } from './parameters.ts'
import type { LivenessTransport } from './transport.ts'

/** Another member, and where it is reached. */
export interface LivenessMember {
  /** Unique among the members, the same in the eyes of all; 1–253 characters. */
  readonly id: string
  readonly address: IpAddress
  readonly port: number
}

export interface LivenessOptions {
  /** Of this member; 1–253 characters. */
  readonly id: string
  /** The first seals what is sent; all open what comes. 1 to 4, of at least 16 octets each; copied. */
  readonly keys: readonly Uint8Array[]
  /** To be bound, 0–65 535; 0 lets the system choose. */
  readonly port: number
  /** Members of its family alone are reached. Default: any address of both families. */
  readonly localAddress?: IpAddress | undefined
  /** Name of an interface or VRF that datagrams come and go by; link-local addresses need it. */
  readonly device?: string | undefined
  readonly parameters?: LivenessParameterOptions | undefined
  /** Default: UDP by the options above. */
  readonly transport?: LivenessTransport | undefined
  readonly clock?: LivenessClock | undefined
  /** From 0 to below 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined
}

/** What a `Liveness` emits, after what it holds has changed. Listeners must not throw. */
export interface LivenessEvents {
  alive: [detail: LivenessAlive]
  suspected: [detail: LivenessSuspected]
  refuted: [detail: LivenessRefuted]
  dead: [detail: LivenessDead]
  left: [detail: LivenessLeft]
  isolated: [detail: LivenessIsolated]
  connected: [detail: LivenessConnected]
  judged: [detail: LivenessJudged]
}

export interface LivenessCounters extends Readonly<LivenessCoreCounters> {
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Datagrams that the system did not take. */
  readonly sendErrors: number
  /** Datagrams that none of the keys opens. */
  readonly unauthenticated: number
  /** Datagrams of another version, another length, or with nonsense inside. */
  readonly malformed: number
}
