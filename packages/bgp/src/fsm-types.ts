import type {
  NotificationMessage,
  OpenMessage,
  RouteRefreshMessage,
  UpdateMessage
} from './messages/model.ts'

/** RFC 4271 §8.2.2. */
export type BgpState = 'idle' | 'connect' | 'active' | 'openSent' | 'openConfirm' | 'established'

/**
 * - `connectRetry`: RFC 4271 §8.1.3; in Connect it bounds the attempt, in Active the wait for the next one
 * - `hold`, `keepalive`: RFC 4271 §4.4, §6.5
 * - `idleHold`: how long a peer stays Idle after a failure (DampPeerOscillations)
 * - `sendHold`: RFC 9687
 * - `stability`: Established for so long is no oscillation
 */
export type TimerName = 'connectRetry' | 'hold' | 'keepalive' | 'idleHold' | 'sendHold' | 'stability'

/** What happens to a session, with the event numbers of RFC 4271 §8.1 (29: RFC 9687 §3). */
export type FsmEvent =
  /** 1, 3 to 7: whether it is passive is in the {@link FsmConfig}. */
  | { readonly type: 'start' }
  /** 2. Without a notification the connection is only closed: the peer may keep our routes (RFC 4724). */
  | { readonly type: 'stop'; readonly notification: NotificationMessage | undefined }
  /** 8: as 2, and it starts again by itself, after `idleHoldMs` or else the damped time. */
  | {
      readonly type: 'automaticStop'
      readonly notification: NotificationMessage | undefined
      readonly idleHoldMs: number | undefined
    }
  /** 9. */
  | { readonly type: 'connectRetryTimerExpired' }
  /** 10. */
  | { readonly type: 'holdTimerExpired' }
  /** 11. */
  | { readonly type: 'keepaliveTimerExpired' }
  /** 13. */
  | { readonly type: 'idleHoldTimerExpired' }
  /** 29. */
  | { readonly type: 'sendHoldTimerExpired' }
  | { readonly type: 'stabilityTimerExpired' }
  /** 16 and 17: ours was accepted, or we accepted. */
  | { readonly type: 'tcpConnected' }
  /** 18. */
  | { readonly type: 'tcpFailed'; readonly message: string | undefined }
  /** 19. */
  | { readonly type: 'openReceived'; readonly open: OpenMessage }
  /** 21. */
  | { readonly type: 'headerRefused'; readonly notification: NotificationMessage }
  /** 22. */
  | { readonly type: 'openRefused'; readonly notification: NotificationMessage }
  /** 23. */
  | { readonly type: 'collisionLost' }
  /** 24 and 25. */
  | { readonly type: 'notificationReceived'; readonly notification: NotificationMessage }
  /** 26. */
  | { readonly type: 'keepaliveReceived' }
  /** 27. */
  | { readonly type: 'updateReceived'; readonly update: UpdateMessage }
  /** 28: an UPDATE, or a ROUTE-REFRESH (RFC 7313 §5), that a session cannot live with. */
  | { readonly type: 'updateRefused'; readonly notification: NotificationMessage }
  /** RFC 2918 §4: like an UPDATE, as far as the state goes. */
  | { readonly type: 'refreshReceived'; readonly refresh: RouteRefreshMessage }

/** What the driver does, in this order. */
export type FsmEffect =
  | { readonly type: 'connect' }
  /** What was sent before is flushed. */
  | { readonly type: 'close' }
  | { readonly type: 'sendOpen' }
  | { readonly type: 'sendKeepalive' }
  | { readonly type: 'sendNotification'; readonly notification: NotificationMessage }
  /** A jittered one lasts 0.75 to 1 times as long (RFC 4271 §10). A running one begins anew. */
  | {
      readonly type: 'startTimer'
      readonly timer: TimerName
      readonly durationMs: number
      readonly isJittered: boolean
    }
  | { readonly type: 'stopTimer'; readonly timer: TimerName }
  | { readonly type: 'stopAllTimers' }
  /** The routes can be sent. */
  | { readonly type: 'establish' }
  | { readonly type: 'deliverUpdate'; readonly update: UpdateMessage }
  | { readonly type: 'deliverRefresh'; readonly refresh: RouteRefreshMessage }
  /** A connection, or an attempt, is over. */
  | { readonly type: 'end'; readonly end: SessionEnd }

/** Who ended a session, and why. */
export type SessionEnd =
  /** We did, and said so. */
  | { readonly cause: 'notification-sent'; readonly notification: NotificationMessage }
  /** The peer did, and said so. */
  | { readonly cause: 'notification-received'; readonly notification: NotificationMessage }
  /** The connection failed, could not be made, or was closed by the peer without a word. */
  | { readonly cause: 'connection'; readonly message: string | undefined }
  /** We did, without a word. */
  | { readonly cause: 'stopped' }
  /** Nothing that was sent was read (RFC 9687). */
  | { readonly cause: 'send-hold' }
  /** There is another connection to this peer (RFC 4271 §6.8). */
  | { readonly cause: 'collision' }

/** What {@link step} goes by, besides the state. */
export interface FsmConfig {
  /** Waits for the peer to connect. */
  readonly isPassive: boolean
  /** Proposed; 0 turns keepalives off. */
  readonly holdTimeMs: number
  /** Default: a third of the hold time that was agreed on. */
  readonly keepaliveTimeMs: number | undefined
  /** Longest wait between two attempts to connect. */
  readonly connectRetryMs: number
  /** How long an attempt may take. */
  readonly connectTimeoutMs: number
}

/** One connection's state. */
export interface Fsm {
  readonly state: BgpState
  /** ConnectRetryCounter: failures since it was Established for long. */
  readonly failures: number
  /** As agreed on; 0 before. */
  readonly holdTimeMs: number
  readonly keepaliveTimeMs: number
}

export interface Transition {
  readonly fsm: Fsm
  readonly effects: readonly FsmEffect[]
}
