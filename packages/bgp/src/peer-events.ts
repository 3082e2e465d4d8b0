import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import type { BgpPeerCounters } from './counters.ts'
import type { BgpState, SessionEnd } from './fsm-types.ts'
import type { NotificationMessage, UpdateMessage } from './messages/model.ts'
import { describeNotification, shutdownTextOf } from './messages/notification.ts'
import type { Negotiated } from './negotiation.ts'
import type { WithheldReason } from './next-hops.ts'

/** Why a connection, or an attempt to make one, is over. */
export interface BgpCloseReason {
  readonly by: 'local' | 'peer' | 'network'
  /** That was sent, or received. */
  readonly notification: NotificationMessage | undefined
  /** What the operator of the peer wrote (RFC 9003): not to be trusted, but printable. */
  readonly text: string | undefined
  /** One line for people. */
  readonly message: string
  readonly wasEstablished: boolean
}

/** Events of a `BgpPeer`, with their arguments. */
export interface BgpPeerEvents {
  established: [negotiated: Negotiated]
  /** A connection, or an attempt, is over. If it was Established, what the peer sent counts no more. */
  closed: [reason: BgpCloseReason]
  stateChange: [state: BgpState, previous: BgpState]
  /** Of an Established session, valid for as long as that is. */
  update: [update: UpdateMessage]
}

/** What is known of one family. */
export interface BgpFamilyStatus {
  /** Routes that the peer is to be told, that it was told, and changes that it was not told yet. */
  readonly wanted: number
  readonly advertised: number
  readonly pending: number
  /** Prefixes that the peer sent. */
  readonly received: number
  /** Why routes are kept back; `undefined` also while there is no session. */
  readonly withheld: WithheldReason | undefined
}

/** A peer at a moment. */
export interface BgpPeerStatus {
  readonly name: string
  readonly state: BgpState
  /** Since when, on the clock of `Date.now()`. */
  readonly sinceMs: number
  /** `undefined`: an unnumbered one that was not found yet. */
  readonly address: IpAddress | undefined
  readonly negotiated: Negotiated | undefined
  readonly families: Readonly<Record<IpFamily, BgpFamilyStatus>>
  readonly counters: BgpPeerCounters
  readonly lastClose: BgpCloseReason | undefined
  /** Until the next attempt; `undefined` if none is waited for. */
  readonly retryInMs: number | undefined
}

/** @internal */
export function closeReasonOf(end: SessionEnd, wasEstablished: boolean): BgpCloseReason {
  const nothing = { notification: undefined, text: undefined, wasEstablished }
  switch (end.cause) {
    case 'notification-sent':
    case 'notification-received': {
      const { notification } = end
      return {
        by: end.cause === 'notification-sent' ? 'local' : 'peer',
        notification,
        text: shutdownTextOf(notification),
        message: describeNotification(notification),
        wasEstablished
      }
    }
    case 'connection':
      return { by: 'network', message: end.message ?? 'closed by the peer', ...nothing }
    case 'stopped':
      return { by: 'local', message: 'closed without a notification', ...nothing }
    case 'send-hold':
      return { by: 'local', message: 'the peer reads nothing (RFC 9687)', ...nothing }
    case 'collision':
      return { by: 'local', message: 'there is another connection (RFC 4271 §6.8)', ...nothing }
  }
}
