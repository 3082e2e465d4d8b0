/**
 * A failure detector: who of these members is alive.
 *
 * @packageDocumentation
 */
export { type LivenessClock, SYSTEM_CLOCK } from './clock.ts'
export { LivenessCore, type LivenessCoreEvent, type LivenessCoreOptions } from './core.ts'
export type { LivenessCoreCounters, LivenessEffect } from './core-state.ts'
export {
  LIVENESS_DROP_CHANNEL,
  LIVENESS_VERDICT_CHANNEL,
  type LivenessDropMessage,
  type LivenessVerdictMessage
} from './diagnostics.ts'
export {
  LivenessDecodeError,
  type LivenessDecodeReason,
  LivenessOptionsError,
  type LivenessOptionsReason
} from './errors.ts'
export type {
  LivenessAlive,
  LivenessConnected,
  LivenessDead,
  LivenessEvent,
  LivenessIsolated,
  LivenessJudged,
  LivenessLeft,
  LivenessRefuted,
  LivenessSuspected
} from './events.ts'
export { firstIncarnation, lifeOf } from './incarnation.ts'
export type { Accusation, Knowledge, Standing } from './knowledge.ts'
export { Liveness } from './liveness.ts'
export { memberKey } from './member-key.ts'
export type { MemberName } from './membership.ts'
export type { AccusationReason, Echo, Envelope, Message, Rumor, RumorKind } from './message.ts'
export type { LivenessCounters, LivenessEvents, LivenessMember, LivenessOptions } from './options.ts'
export { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES } from './packet.ts'
export { type LivenessParameterOptions, type LivenessParameters, parseParameters } from './parameters.ts'
export { PolledClock } from './polled-clock.ts'
export { PolledTransport, type PolledTransportOptions } from './polled-transport.ts'
export { decodeEnvelope, MAX_DATAGRAM_BYTES, Sealer } from './sealing.ts'
export type { LivenessAddress, LivenessTransport, TransportListener } from './transport.ts'
export { UdpTransport, type UdpTransportOptions } from './udp-transport.ts'
export type { LivenessVerdict } from './verdict.ts'
