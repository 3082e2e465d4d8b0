import { channel } from 'node:diagnostics_channel'

/** One solicitation was answered. Published only while somebody subscribes. */
export interface NdpAnswer {
  /** The advertisement, Ethernet header included; valid only during the call. */
  readonly reply: Uint8Array
}

/** Messages are {@link NdpAnswer}s. */
export const NDP_ANSWER_CHANNEL: string = 'clarion:ndp:answer'
/** Messages are `NdpConflict`s. */
export const NDP_CONFLICT_CHANNEL: string = 'clarion:ndp:conflict'

/** @internal */
export const answerChannel = channel(NDP_ANSWER_CHANNEL)
/** @internal */
export const conflictChannel = channel(NDP_CONFLICT_CHANNEL)
