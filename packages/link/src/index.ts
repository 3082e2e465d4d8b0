/**
 * Ethernet frames in and out of an interface, and the list of interfaces as it changes.
 *
 * @packageDocumentation
 */

export { CapLink, type CapLinkOptions } from './cap-link.ts'
export {
  availableBackends,
  type BackendAvailability,
  type CreateLinkOptions,
  createLink,
  type LinkBackend
} from './create-link.ts'
export { LinkBackendError } from './errors.ts'
export type {
  Link,
  LinkAddress,
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterestChange,
  LinkInterface,
  LinkInterfacesChange,
  PollableLink,
  SendResult
} from './link.ts'
export { type MemoryInterfaceOptions, MemoryLink, type MemoryLinkOptions } from './memory-link.ts'
export { MemorySegment, type MemorySegmentOptions, type SegmentPort } from './memory-segment.ts'
export { PacketLink, type PacketLinkOptions, wakeLink } from './packet-link.ts'
export { SegmentServer, type SegmentServerOptions, type ServedPort } from './segment-server.ts'
export { SocketLink, type SocketLinkOptions } from './socket-link.ts'
export { TransmitSchedule, type TransmitScheduleOptions } from './transmit-schedule.ts'
