import type { LivenessEvent } from './events.ts'
import type { Health } from './health.ts'
import type { Membership } from './membership.ts'
import type { Message } from './message.ts'
import type { LivenessParameters } from './parameters.ts'

/** What the core wants done. */
export type LivenessEffect =
  | {
      readonly type: 'send'
      /** Key of the receiver. */
      readonly to: bigint
      readonly sequence: number
      readonly message: Message
      /** A ping of a watched member: if its port is closed, that is worth knowing. */
      readonly isProbe: boolean
    }
  | { readonly type: 'event'; readonly event: LivenessEvent }

/** What happened at one member, counted since its start. */
export interface LivenessCoreCounters {
  datagramsSent: number
  datagramsReceived: number
  /** Of senders that are not in the list. */
  strangers: number
  /** Seen before, or too old. */
  replayed: number
  /** Of a process that must prove first that it is there now. */
  unverified: number
  /** Of a former life of a member, or one whose clock went back. */
  stale: number
  /** Times that this member was too late to trust its eyes. */
  pauses: number
  /** Accusations that this member made. */
  accusations: number
  /** Times that this member refuted what was said of it. */
  refutations: number
  /** Verdicts, learned or made. */
  deaths: number
}

/** What the parts of the core share. */
export interface CoreState {
  readonly selfId: string
  readonly self: bigint
  readonly boot: bigint
  readonly parameters: LivenessParameters
  /** From 0 to below 1. */
  readonly random: () => number
  readonly members: Membership
  readonly health: Health
  readonly counters: LivenessCoreCounters
  readonly effects: LivenessEffect[]
  nowMs: number
  incarnation: number
  isLeaving: boolean
  /** When anybody last answered; pauses of this process are left out. */
  anybodyMs: number
  /** When anybody last answered, without any credit; and first. */
  answeredMs: number | undefined
  firstAnsweredMs: number | undefined
  /** When this member may accuse again, after answers came with a gap. */
  trustedFromMs: number
  isIsolated: boolean
}

/**
 * Whether there may be a second one to accuse a member. Those that had their time to appear, and did not, are none, but only in
 * the eyes of who was connected for a while itself: it may have lost its network before it heard them.
 */
export function hasSecondAccuser(state: CoreState): boolean {
  const { members, nowMs, parameters, answeredMs = 0, firstAnsweredMs = 0 } = state
  const { joinTimeoutMs, backPatienceMs } = parameters
  const wasConnected = answeredMs - firstAnsweredMs >= backPatienceMs
  let there = 0
  for (const { knowledge, listedMs } of members.active) {
    if (knowledge.standing === 'alive' || !wasConnected || nowMs - listedMs < joinTimeoutMs) there += 1
    // One is the accused.
    if (there > 1) return true
  }
  return false
}

export function emit(state: CoreState, event: LivenessEvent): void {
  state.effects.push({ type: 'event', event })
}

export function newCounters(): LivenessCoreCounters {
  return {
    datagramsSent: 0,
    datagramsReceived: 0,
    strangers: 0,
    replayed: 0,
    unverified: 0,
    stale: 0,
    pauses: 0,
    accusations: 0,
    refutations: 0,
    deaths: 0
  }
}
