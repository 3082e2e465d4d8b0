import { channel } from 'node:diagnostics_channel'
import type { BgpState } from './fsm-types.ts'

/** One step of a session's state machine that changed its state. */
export interface BgpTransition {
  readonly peer: string
  readonly connection: 'outgoing' | 'incoming'
  readonly from: BgpState
  readonly to: BgpState
  /** Type of the event. */
  readonly event: string
}

/** One message, as it is on the wire. Published only while somebody subscribes. */
export interface BgpMessageTrace {
  readonly peer: string
  readonly direction: 'sent' | 'received'
  /** Header included; valid only during the call. */
  readonly bytes: Uint8Array
}

/** Messages are {@link BgpTransition}s. */
export const BGP_TRANSITION_CHANNEL: string = 'clarion:bgp:transition'
/** Messages are {@link BgpMessageTrace}s. */
export const BGP_MESSAGE_CHANNEL: string = 'clarion:bgp:message'

/** @internal */
export const transitionChannel = channel(BGP_TRANSITION_CHANNEL)
/** @internal */
export const messageChannel = channel(BGP_MESSAGE_CHANNEL)
