import type { BgpMessage } from './messages/model.ts'

export type MessageCounters = Readonly<Record<BgpMessage['type'], number>>

/** Of a peer, over all its sessions; they only grow. */
export interface BgpPeerCounters {
  readonly sent: MessageCounters
  readonly received: MessageCounters
  /** Received UPDATEs of which something was malformed, and treated as RFC 7606 says. */
  readonly malformedUpdates: number
  /** Sessions that became Established. */
  readonly sessions: number
}

/** @internal */
export interface MutableCounters {
  readonly sent: Record<BgpMessage['type'], number>
  readonly received: Record<BgpMessage['type'], number>
  malformedUpdates: number
  sessions: number
}

/** @internal */
export function zeroCounters(): MutableCounters {
  const zero = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }
  return { sent: { ...zero }, received: { ...zero }, malformedUpdates: 0, sessions: 0 }
}
