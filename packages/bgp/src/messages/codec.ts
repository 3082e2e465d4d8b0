import type { IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import type {
  BgpMessage,
  NextHop,
  NotificationMessage,
  OpenMessage,
  PathAttributes,
  RouteRefreshMessage,
  SessionEncoding
} from './model.ts'

/** What decoding depends on. */
export type DecodeContext = SessionEncoding

/** Before OPENs are exchanged: the plain messages of RFC 4271. */
export const INITIAL_ENCODING: SessionEncoding = {
  hasFourOctetAsn: false,
  maxMessageLength: 4096,
  hasExtendedNextHop: false,
  families: [4],
  isExternal: true
}

export function decodeMessage(_bytes: Uint8Array, _encoding: DecodeContext): BgpMessage {
  throw new Error('not yet')
}

export function encodeOpen(_open: Omit<OpenMessage, 'type'>): Uint8Array {
  throw new Error('not yet')
}

export function encodeNotification(_notification: Omit<NotificationMessage, 'type'>): Uint8Array {
  throw new Error('not yet')
}

export function encodeKeepalive(): Uint8Array {
  throw new Error('not yet')
}

/** @param refresh with a known family */
export function encodeRouteRefresh(_refresh: {
  readonly family: IpFamily
  readonly subtype: RouteRefreshMessage['subtype']
}): Uint8Array {
  throw new Error('not yet')
}

export function encodeEndOfRib(_family: IpFamily, _encoding: SessionEncoding): Uint8Array {
  throw new Error('not yet')
}

/** Routes that share attributes and a next hop. */
export interface ReachRequest {
  readonly family: IpFamily
  readonly nextHop: NextHop
  readonly attributes: PathAttributes
  readonly prefixes: readonly IpPrefix[]
  readonly encoding: SessionEncoding
}

export interface UnreachRequest {
  readonly family: IpFamily
  readonly prefixes: readonly IpPrefix[]
  readonly encoding: SessionEncoding
}

export function encodeReach(_request: ReachRequest): Uint8Array[] {
  throw new Error('not yet')
}

export function encodeUnreach(_request: UnreachRequest): Uint8Array[] {
  throw new Error('not yet')
}
