import type { LivenessCounters, LivenessEvent } from '@clarion-lb/liveness'
import type { Absence } from './peer-table.ts'
import type { Seclusion } from './seclusion.ts'

/** An address that this node is a candidate of. Addresses cross threads as text. */
export interface WantedAddress {
  readonly address: string
  /** Names of interfaces; `undefined`: every one that is fit for it. */
  readonly interfaces: readonly string[] | undefined
  /** Names of nodes in the order of the election. @defaultValue this node alone */
  readonly candidates?: readonly string[] | undefined
}

/** An address that others are candidates of, and this node is not any more. */
export interface HandedOver {
  readonly address: string
  readonly candidates: readonly string[]
}

/** Difference of what is wanted. `set` also changes what an address has that is there. */
export interface WantedChange {
  readonly set: readonly WantedAddress[]
  readonly handOver?: readonly HandedOver[]
  readonly remove: readonly string[]
}

/** Another node that may have a speaker. */
export interface PlaneMember {
  readonly name: string
  /** Where its speaker is reached, as text. */
  readonly address: string
  /** The life of its speaker that told, by another way than the cable, that the cable is out; see `lifeOf`. */
  readonly unpluggedLifeMs?: number | undefined
}

/** How the thread finds out who is alive. */
export interface LivenessSettings {
  /** UDP, the same on all nodes. */
  readonly port: number
  /** All times of the failure detector are that many times longer. */
  readonly patience: number
  /** The first seals, all open. */
  readonly keys: readonly Uint8Array[]
  /** All nodes; this one may be among them. */
  readonly members: readonly PlaneMember[]
}

/** What the thread starts with and keeps. */
export interface PlaneIdentity {
  /** Name of this node. */
  readonly node: string
  /** So long a node that comes, or comes back, leaves its addresses with those that have them, in milliseconds. */
  readonly takeBackMs: number
}

/**
 * Why an address came to this node: its owner is gone, or all others are (`'isolation'`); it is this node's own
 * (`'takeBack'`); nobody had it, or the candidates are others now (`'assignment'`).
 */
export type TakeOverCause = Absence | 'isolation' | 'takeBack' | 'assignment'

/** What changed of what this node answers for. */
export interface HoldingsChange {
  readonly taken: readonly { readonly address: string; readonly cause: TakeOverCause }[]
  readonly released: readonly string[]
}

/** For one address, since it is answered for. */
export interface AddressCounts {
  readonly address: string
  readonly requests: number
  readonly replies: number
  /** Frames of announcements. */
  readonly gratuitous: number
}

/** An interface of this node as far as announcements are concerned. */
export interface PlaneInterface {
  readonly name: string
  /** `undefined`: addresses are announced on it. Else why not. */
  readonly unfitBecause: string | undefined
  /** The cable is in. */
  readonly hasCarrier: boolean
}

/** What the frames thread tells. */
export type PlaneEvent =
  /** The interfaces that are not excluded by name; sent at the start and on every change. */
  | { readonly type: 'interfaces'; readonly interfaces: readonly PlaneInterface[] }
  | {
      readonly type: 'conflict'
      readonly address: string
      readonly interface: string
      readonly mac: string
      readonly kind: 'claim' | 'probe'
    }
  | ({ readonly type: 'holdings' } & HoldingsChange)
  /** What the failure detector tells, after addresses have moved. */
  | { readonly type: 'liveness'; readonly event: LivenessEvent }
  /** All others are known, or had their time: who was not heard has no speaker. */
  | { readonly type: 'gathered' }
  | { readonly type: 'seclusion'; readonly seclusion: Seclusion }
  /** The cable is out, in this life of the failure detector; or it is in again. */
  | { readonly type: 'carrier'; readonly unpluggedLifeMs: number | undefined }
  /** The failure detector cannot work. It is tried again. */
  | { readonly type: 'livenessFailed'; readonly message: string }

/** What is counted, for who scrapes. */
export interface PlaneCounts {
  readonly addresses: readonly AddressCounts[]
  /** `undefined`: the failure detector does not run. */
  readonly liveness: LivenessCounts | undefined
}

export interface LivenessCounts extends LivenessCounters {
  /** How much later than it was due the thread woke, at worst since the last question, in milliseconds. */
  readonly latenessMs: number
}

/** To the frames thread. */
export type FramesRequest =
  | { readonly type: 'change'; readonly change: WantedChange }
  | { readonly type: 'liveness'; readonly settings: LivenessSettings | undefined }
  | { readonly type: 'counts'; readonly id: number }
  | { readonly type: 'stop' }

/** From the frames thread. */
export type FramesAnswer =
  | { readonly type: 'ready'; readonly wakeFd: number }
  | { readonly type: 'event'; readonly event: PlaneEvent }
  | { readonly type: 'counts'; readonly id: number; readonly counts: PlaneCounts }
  | { readonly type: 'stopped' }

/** What comes from another thread has no type. */
export function isFramesRequest(message: unknown): message is FramesRequest {
  return typeof message === 'object' && message !== null && 'type' in message
}

/** What comes from another thread has no type. */
export function isFramesAnswer(message: unknown): message is FramesAnswer {
  return typeof message === 'object' && message !== null && 'type' in message
}
