import { channel } from 'node:diagnostics_channel'

/** One request was answered. Published only while somebody subscribes; the values are those of the frame. */
export interface ArpAnswer {
  /** IPv4 address as a number. */
  readonly address: number
  /** The reply, Ethernet header included; valid only during the call. */
  readonly reply: Uint8Array
}

/** Messages are {@link ArpAnswer}s. */
export const ARP_ANSWER_CHANNEL: string = 'clarion:arp:answer'
/** Messages are `ArpConflict`s. */
export const ARP_CONFLICT_CHANNEL: string = 'clarion:arp:conflict'

/** @internal */
export const answerChannel = channel(ARP_ANSWER_CHANNEL)
/** @internal */
export const conflictChannel = channel(ARP_CONFLICT_CHANNEL)
