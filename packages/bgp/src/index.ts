/**
 * A BGP speaker: codec, state machine, sessions, Adj-RIB-Out (RFC 4271 and what came after).
 *
 * @packageDocumentation
 */
export type { BgpPeerCounters, MessageCounters } from './counters.ts'
export {
  BGP_MESSAGE_CHANNEL,
  BGP_TRANSITION_CHANNEL,
  type BgpMessageTrace,
  type BgpTransition
} from './diagnostics.ts'
export { BgpDecodeError, type BgpDecodeReason } from './errors.ts'
export type { BgpState } from './fsm-types.ts'
export {
  decodeMessage,
  encodeEndOfRib,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  encodeReach,
  encodeRouteRefresh,
  encodeUnreach,
  type ReachRequest,
  type UnreachRequest
} from './messages/codec.ts'
export { MessageFramer, type MessageFramerOptions } from './messages/framer.ts'
export type {
  AsPathSegment,
  BgpMessage,
  Capabilities,
  FqdnCapability,
  GracefulRestartCapability,
  KeepaliveMessage,
  LargeCommunity,
  NextHop,
  NotificationMessage,
  OpenMessage,
  Origin,
  PathAttributes,
  Reach,
  RouteRefreshMessage,
  SessionEncoding,
  UnknownAttribute,
  UnknownCapability,
  UpdateMessage,
  UpdateProblem
} from './messages/model.ts'
export { describeNotification, NOTIFICATION, shutdownTextOf } from './messages/notification.ts'
export type { Negotiated } from './negotiation.ts'
export type { WithheldReason } from './next-hops.ts'
export {
  BgpOptionsError,
  type BgpPeerOptions,
  type BgpPeerSettings,
  type BgpSpeakerOptions,
  type GracefulRestartOptions,
  type ListenAddress,
  type NextHopOptions,
  type TcpAoOptions
} from './options.ts'
export { BgpPeer } from './peer.ts'
export type { StopOptions } from './peer-context.ts'
export type { BgpCloseReason, BgpFamilyStatus, BgpPeerEvents, BgpPeerStatus } from './peer-events.ts'
export type { AdvertisedAttributes, Advertisement } from './routes.ts'
export { BgpSpeaker, type BgpSpeakerEnvironment } from './speaker.ts'
export type { PeerEndpoint } from './transport.ts'
export type { DiscoverNeighbor } from './unnumbered.ts'
