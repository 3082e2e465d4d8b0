import type { AccusationReason } from './message.ts'

/** A member is there. */
export interface LivenessAlive {
  readonly id: string
  readonly incarnation: number
  /**
   * - `'joined'`: nothing was known of it
   * - `'restarted'`: another process of it is there; if it was alive, its end was not noticed otherwise
   * - `'returned'`: it was dead or had left, and is the same process
   */
  readonly reason: 'joined' | 'restarted' | 'returned'
}

/** One member accuses another one, which may refute it. */
export interface LivenessSuspected {
  readonly id: string
  readonly incarnation: number
  /** Id of the accuser; its key in hexadecimal if it is no member here. */
  readonly accuser: string
  readonly reason: AccusationReason
}

/** Nobody accuses the member any more. */
export interface LivenessRefuted {
  readonly id: string
  readonly incarnation: number
}

/** The verdict: enough members accuse this one. */
export interface LivenessDead {
  readonly id: string
  readonly incarnation: number
  /** Ids of those whose accusations made the verdict; keys in hexadecimal of those that are no members here. */
  readonly accusers: readonly string[]
  readonly reason: AccusationReason
  /** Since its last answer to this member; `undefined` if there was none since this member watches it, or if others do. */
  readonly silentMs: number | undefined
}

/** A member said that it stops. */
export interface LivenessLeft {
  readonly id: string
  readonly incarnation: number
}

/** No member answers this one: it is cut off, or all others are down. It makes no verdicts while two others may live. */
export interface LivenessIsolated {
  /** Since the last answer of anybody. */
  readonly silentMs: number
}

/** Somebody answers again. */
export interface LivenessConnected {
  /** Who does. */
  readonly id: string
}

/** Others held this member dead; it has refuted that. Until they know, somebody else may do its work. */
export interface LivenessJudged {
  /** Who said so. */
  readonly by: string
  /** Ids of those who made the verdict; keys in hexadecimal of those that are no members here. */
  readonly accusers: readonly string[]
  readonly reason: AccusationReason
  /** Those who did were dead in the eyes of this member: a network that was in two halves. */
  readonly isMutual: boolean
}

/** What a {@link LivenessCore} tells. */
export type LivenessEvent =
  | { readonly type: 'alive'; readonly detail: LivenessAlive }
  | { readonly type: 'suspected'; readonly detail: LivenessSuspected }
  | { readonly type: 'refuted'; readonly detail: LivenessRefuted }
  | { readonly type: 'dead'; readonly detail: LivenessDead }
  | { readonly type: 'left'; readonly detail: LivenessLeft }
  | { readonly type: 'isolated'; readonly detail: LivenessIsolated }
  | { readonly type: 'connected'; readonly detail: LivenessConnected }
  | { readonly type: 'judged'; readonly detail: LivenessJudged }
