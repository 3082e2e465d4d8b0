import { channel } from 'node:diagnostics_channel'
import type { LivenessDecodeReason } from './errors.ts'
import type { LivenessEvent } from './events.ts'

/** A member tells something of another one, or of itself. */
export interface LivenessVerdictMessage {
  /** Id of who tells it. */
  readonly by: string
  readonly event: LivenessEvent
}

/** A datagram was dropped before it was looked into. */
export interface LivenessDropMessage {
  /** Id of who dropped it. */
  readonly by: string
  readonly reason: LivenessDecodeReason
}

/** Messages are {@link LivenessVerdictMessage}s. */
export const LIVENESS_VERDICT_CHANNEL: string = 'clarion:liveness:verdict'
/** Messages are {@link LivenessDropMessage}s. */
export const LIVENESS_DROP_CHANNEL: string = 'clarion:liveness:drop'

/** @internal */
export const verdictChannel = channel(LIVENESS_VERDICT_CHANNEL)
/** @internal */
export const dropChannel = channel(LIVENESS_DROP_CHANNEL)
