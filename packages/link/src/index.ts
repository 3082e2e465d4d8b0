/**
 * Ethernet frames in and out of an interface, and the list of interfaces as it changes.
 *
 * @packageDocumentation
 */
export type {
  Link,
  LinkAddress,
  LinkCounters,
  LinkHandlers,
  LinkInterest,
  LinkInterface,
  LinkInterfacesChange,
  PollableLink,
  SendResult
} from './link.ts'
