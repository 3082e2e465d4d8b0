/**
 * ARP codec, responder and announcements (RFC 826, RFC 5227).
 *
 * @packageDocumentation
 */
export { ANNOUNCEMENT_DELAYS_MS, DEFEND_INTERVAL_MS, encodeAnnouncement } from './announcement.ts'
export { ARP_ANSWER_CHANNEL, ARP_CONFLICT_CHANNEL, type ArpAnswer } from './diagnostics.ts'
export { ArpDecodeError, type ArpDecodeReason } from './errors.ts'
export { encodeArpFrame } from './frame.ts'
export {
  ARP_PACKET_LENGTH,
  ArpOperation,
  type ArpPacket,
  decodeArpPacket,
  encodeArpPacket
} from './packet.ts'
export {
  type AddressCounters,
  type ArpConflict,
  ArpResponder,
  type ArpResponderOptions,
  type ResponderCounters
} from './responder.ts'
