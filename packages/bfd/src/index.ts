/**
 * Bidirectional Forwarding Detection: codec, state machine, sessions over UDP (RFC 5880, RFC 5881, RFC 5883).
 *
 * @packageDocumentation
 */
export type { BfdAuthentication } from './authentication.ts'
export type {
  AuthenticationSection,
  BfdAuthenticationType,
  BfdDigestType,
  DigestSection,
  SimplePasswordSection
} from './authentication-section.ts'
export { type BfdClock, SYSTEM_CLOCK } from './clock.ts'
export { BFD_TRANSITION_CHANNEL, type BfdTransitionMessage } from './diagnostics.ts'
export {
  BfdDecodeError,
  type BfdDecodeReason,
  BfdOptionsError,
  type BfdOptionsReason
} from './errors.ts'
export {
  type BfdChangeReason,
  type BfdEffect,
  type BfdEvent,
  type BfdStateChange,
  type BfdTransition,
  step
} from './fsm.ts'
export { BFD_PORT, type BfdParameterOptions, type BfdSessionOptions } from './options.ts'
export {
  BFD_PACKET_LENGTH,
  type BfdControlPacket,
  BfdDiagnostic,
  type BfdSessionState,
  decodeControlPacket,
  encodeControlPacket
} from './packet.ts'
export {
  BfdSession,
  type BfdSessionControl,
  type BfdSessionCounters,
  type BfdSessionEvents,
  type BfdSessionStatus
} from './session.ts'
export {
  type BfdLeaveOptions,
  BfdSpeaker,
  type BfdSpeakerCounters,
  type BfdSpeakerOptions
} from './speaker.ts'
export type {
  BfdReceiver,
  BfdSender,
  BfdTransport,
  OnPacket,
  PacketSource,
  ReceiveEndpoint,
  SendEndpoint,
  TtlPolicy
} from './transport.ts'
export {
  type BfdParameters,
  type BfdVariables,
  detectionTimeUs,
  initialVariables,
  isTransmitting,
  jittered,
  SLOW_INTERVAL_US,
  type TransmitWindow,
  transmitIntervalUs
} from './variables.ts'
