/**
 * Neighbour Discovery codec, responder and announcements (RFC 4861).
 *
 * @packageDocumentation
 */
export { ANNOUNCEMENT_DELAYS_MS, DEFEND_INTERVAL_MS, encodeAnnouncement } from './announcement.ts'
export { NDP_ANSWER_CHANNEL, NDP_CONFLICT_CHANNEL, type NdpAnswer } from './diagnostics.ts'
export { NdpDecodeError, type NdpDecodeReason } from './errors.ts'
export {
  decodeNeighborMessage,
  encodeNeighborAdvertisement,
  encodeNeighborSolicitation,
  type NeighborAdvertisement,
  type NeighborAdvertisementFields,
  type NeighborMessage,
  type NeighborSolicitation,
  type NeighborSolicitationFields
} from './packet.ts'
export {
  type AddressCounters,
  type NdpConflict,
  type NdpConflictKind,
  NdpResponder,
  type NdpResponderOptions,
  type ResponderCounters
} from './responder.ts'
