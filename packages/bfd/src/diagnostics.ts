import { channel } from 'node:diagnostics_channel'
import type { BfdStateChange } from './fsm.ts'

/** A session changed its state. */
export interface BfdTransitionMessage extends BfdStateChange {
  /** Text of the peer's address. */
  readonly remoteAddress: string
  readonly device: string | undefined
  readonly localDiscriminator: number
}

/** Messages are {@link BfdTransitionMessage}s. */
export const BFD_TRANSITION_CHANNEL: string = 'clarion:bfd:transition'

/** @internal */
export const transitionChannel = channel(BFD_TRANSITION_CHANNEL)
