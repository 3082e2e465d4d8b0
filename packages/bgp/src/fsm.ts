import {
  armHold,
  armKeepalive,
  backOffMs,
  dial,
  end,
  sendHoldTimeMs,
  startTimer,
  stopTimer
} from './fsm-effects.ts'
import type { Fsm, FsmConfig, FsmEffect, FsmEvent, SessionEnd, Transition } from './fsm-types.ts'
import type { NotificationMessage } from './messages/model.ts'
import { NOTIFICATION, notification } from './messages/notification.ts'

/** RFC 4271 §8.2.2: "a large value", until the OPEN of the peer has come. */
const OPEN_HOLD_TIME_MS = 240_000
const MAX_IDLE_HOLD_MS = 60_000
/** Established for so long forgives all failures. */
const STABLE_AFTER_MS = 60_000

const { CEASE } = NOTIFICATION
/** RFC 4271 §6.5. */
const HOLD_TIMER_EXPIRED = notification(NOTIFICATION.HOLD_TIMER_EXPIRED.code)
/** RFC 4486 §4. */
const COLLISION = notification(CEASE.code, CEASE.CONNECTION_COLLISION_RESOLUTION)
/** RFC 6608 §4. */
const UNEXPECTED = {
  openSent: notification(NOTIFICATION.FINITE_STATE_MACHINE_ERROR.code, 1),
  openConfirm: notification(NOTIFICATION.FINITE_STATE_MACHINE_ERROR.code, 2),
  established: notification(NOTIFICATION.FINITE_STATE_MACHINE_ERROR.code, 3)
} as const

const CLOSE: FsmEffect = { type: 'close' }
const STOP_ALL_TIMERS: FsmEffect = { type: 'stopAllTimers' }
const SEND_KEEPALIVE: FsmEffect = { type: 'sendKeepalive' }

/** Where a session begins. */
export const IDLE: Fsm = { state: 'idle', failures: 0, holdTimeMs: 0, keepaliveTimeMs: 0 }

/**
 * One step of the state machine of a connection: pure, total, without clock or chance.
 *
 * Other than in RFC 4271 §8.2.2, a connection attempt that fails leads to Active, not to Idle: so the peer may connect
 * while the next attempt is waited for; a NOTIFICATION is never answered by another one; DelayOpen is not there.
 *
 * @see RFC 4271 §8; RFC 4486, RFC 6608, RFC 9687
 */
export function step(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (fsm.state) {
    case 'idle':
      return idle(fsm, event, config)
    case 'connect':
      return connect(fsm, event, config)
    case 'active':
      return active(fsm, event, config)
    case 'openSent':
      return openSent(fsm, event, config)
    case 'openConfirm':
      return openConfirm(fsm, event, config)
    case 'established':
      return established(fsm, event)
  }
}

function idle(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'start': // Events 1, 3 to 7
    case 'idleHoldTimerExpired': // Event 13
      return config.isPassive
        ? to({ ...fsm, state: 'active' }, STOP_ALL_TIMERS)
        : to({ ...fsm, state: 'connect' }, STOP_ALL_TIMERS, ...dial(config))
    case 'stop': // Event 2: no more starts by itself.
      return to(IDLE, STOP_ALL_TIMERS)
    case 'automaticStop': // Event 8: as long as it says, from now.
      return event.idleHoldMs === undefined ? to(fsm) : to(fsm, startTimer('idleHold', event.idleHoldMs))
    case 'tcpConnected': // "refuses all incoming BGP connections"
      return to(fsm, CLOSE)
    default:
      return to(fsm)
  }
}

function connect(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'start':
      return to(fsm)
    case 'stop': // Event 2
      return stopped({ cause: 'stopped' })
    case 'automaticStop': // Event 8
      return toIdle(fsm, { cause: 'stopped' }, { idleHoldMs: event.idleHoldMs })
    case 'connectRetryTimerExpired': // Event 9
      return to(
        { ...fsm, failures: fsm.failures + 1 },
        CLOSE,
        end({ cause: 'connection', message: 'no answer' }),
        ...dial(config)
      )
    case 'tcpConnected': // Events 16 and 17
      return toOpenSent(fsm)
    case 'tcpFailed': // Event 18
      return toActive(fsm, event.message, config)
    case 'collisionLost': // Event 23
      return toIdle(fsm, { cause: 'collision' })
    default:
      return toIdle(fsm, { cause: 'stopped' })
  }
}

function active(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'start':
      return to(fsm)
    case 'stop': // Event 2
      return stopped({ cause: 'stopped' })
    case 'automaticStop': // Event 8
      return toIdle(fsm, { cause: 'stopped' }, { idleHoldMs: event.idleHoldMs })
    case 'connectRetryTimerExpired': // Event 9
      return to({ ...fsm, state: 'connect' }, ...dial(config))
    case 'tcpConnected': // Event 17
      return toOpenSent(fsm)
    case 'tcpFailed': // Event 18
      return toActive(fsm, event.message, config)
    case 'collisionLost': // Event 23
      return toIdle(fsm, { cause: 'collision' })
    default:
      return toIdle(fsm, { cause: 'stopped' })
  }
}

function openSent(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'start':
      return to(fsm)
    case 'stop': // Event 2
    case 'automaticStop': // Event 8
      return cease(fsm, event)
    case 'holdTimerExpired': // Event 10
      return refuse(fsm, HOLD_TIMER_EXPIRED)
    case 'tcpFailed': // Event 18
      return toActive(fsm, event.message, config)
    case 'openReceived': {
      // Event 19. §4.2: the smaller hold time wins; 0 turns keepalives off.
      const holdTimeMs = Math.min(event.open.holdTimeMs, config.holdTimeMs)
      // §4.4: a third of the hold time at most.
      const keepaliveTimeMs = Math.min(config.keepaliveTimeMs ?? Number.POSITIVE_INFINITY, holdTimeMs / 3)
      const next: Fsm = { ...fsm, state: 'openConfirm', holdTimeMs, keepaliveTimeMs }
      return to(next, stopTimer('connectRetry'), SEND_KEEPALIVE, ...armHold(next), ...armKeepalive(next))
    }
    case 'headerRefused': // Event 21
    case 'openRefused': // Event 22
      return refuse(fsm, event.notification)
    case 'collisionLost': // Event 23
      return loseCollision(fsm)
    case 'notificationReceived': // Events 24 and 25
      return toIdle(fsm, { cause: 'notification-received', notification: event.notification })
    default:
      return refuse(fsm, UNEXPECTED.openSent)
  }
}

function openConfirm(fsm: Fsm, event: FsmEvent, config: FsmConfig): Transition {
  switch (event.type) {
    case 'start':
      return to(fsm)
    case 'stop': // Event 2
    case 'automaticStop': // Event 8
      return cease(fsm, event)
    case 'holdTimerExpired': // Event 10
      return refuse(fsm, HOLD_TIMER_EXPIRED)
    case 'keepaliveTimerExpired': // Event 11
      return to(fsm, SEND_KEEPALIVE, ...armKeepalive(fsm))
    case 'tcpFailed': // Event 18
      return toIdle(fsm, { cause: 'connection', message: event.message })
    case 'headerRefused': // Event 21
    case 'openRefused': // Event 22
      return refuse(fsm, event.notification)
    case 'collisionLost': // Event 23
      return loseCollision(fsm)
    case 'notificationReceived': // Events 24 and 25
      return toIdle(fsm, { cause: 'notification-received', notification: event.notification })
    case 'keepaliveReceived': {
      // Event 26. RFC 9687 §3: without keepalives to send there is nothing to time.
      return to(
        { ...fsm, state: 'established' },
        ...armHold(fsm),
        ...(fsm.holdTimeMs === 0 ? [] : [startTimer('sendHold', sendHoldTimeMs(config))]),
        startTimer('stability', STABLE_AFTER_MS),
        { type: 'establish' }
      )
    }
    default:
      return refuse(fsm, UNEXPECTED.openConfirm)
  }
}

function established(fsm: Fsm, event: FsmEvent): Transition {
  switch (event.type) {
    case 'start':
      return to(fsm)
    case 'stop': // Event 2
    case 'automaticStop': // Event 8
      return cease(fsm, event)
    case 'holdTimerExpired': // Event 10
      return refuse(fsm, HOLD_TIMER_EXPIRED)
    case 'keepaliveTimerExpired': // Event 11
      return to(fsm, SEND_KEEPALIVE, ...armKeepalive(fsm))
    case 'tcpFailed': // Event 18
      return toIdle(fsm, { cause: 'connection', message: event.message })
    case 'headerRefused': // Event 21
    case 'updateRefused': // Event 28
      return refuse(fsm, event.notification)
    case 'collisionLost': // Event 23
      return loseCollision(fsm)
    case 'notificationReceived': // Events 24 and 25
      return toIdle(fsm, { cause: 'notification-received', notification: event.notification })
    case 'keepaliveReceived': // Event 26
      return to(fsm, ...armHold(fsm))
    case 'updateReceived': // Event 27
      return to(fsm, ...armHold(fsm), { type: 'deliverUpdate', update: event.update })
    case 'refreshReceived':
      return to(fsm, ...armHold(fsm), { type: 'deliverRefresh', refresh: event.refresh })
    case 'sendHoldTimerExpired': // Event 29: nothing more can be said to this peer.
      return toIdle(fsm, { cause: 'send-hold' })
    case 'stabilityTimerExpired':
      return to({ ...fsm, failures: 0 })
    default:
      return refuse(fsm, UNEXPECTED.established)
  }
}

function to(fsm: Fsm, ...effects: readonly FsmEffect[]): Transition {
  return { fsm, effects }
}

function toOpenSent(fsm: Fsm): Transition {
  return to(
    { ...fsm, state: 'openSent' },
    stopTimer('connectRetry'),
    { type: 'sendOpen' },
    startTimer('hold', OPEN_HOLD_TIME_MS)
  )
}

function toActive(fsm: Fsm, message: string | undefined, config: FsmConfig): Transition {
  const retryMs = backOffMs(fsm.failures, config.connectRetryMs)
  return to(
    { ...IDLE, state: 'active', failures: fsm.failures + 1 },
    CLOSE,
    STOP_ALL_TIMERS,
    end({ cause: 'connection', message }),
    ...(config.isPassive ? [] : [startTimer('connectRetry', retryMs, true)])
  )
}

/** Manual: no start by itself, and nothing is held against the peer. */
function stopped(sessionEnd: SessionEnd): Transition {
  return to(IDLE, CLOSE, STOP_ALL_TIMERS, end(sessionEnd))
}

function toIdle(
  fsm: Fsm,
  sessionEnd: SessionEnd,
  options: { readonly idleHoldMs?: number | undefined; readonly notification?: NotificationMessage } = {}
): Transition {
  const { idleHoldMs, notification: told } = options
  return to(
    { ...IDLE, failures: fsm.failures + 1 },
    ...(told === undefined ? [] : [{ type: 'sendNotification', notification: told } as const]),
    CLOSE,
    STOP_ALL_TIMERS,
    end(sessionEnd),
    idleHoldMs === undefined
      ? startTimer('idleHold', backOffMs(fsm.failures, MAX_IDLE_HOLD_MS), true)
      : startTimer('idleHold', idleHoldMs)
  )
}

function refuse(fsm: Fsm, told: NotificationMessage): Transition {
  return toIdle(fsm, { cause: 'notification-sent', notification: told }, { notification: told })
}

function loseCollision(fsm: Fsm): Transition {
  return toIdle(fsm, { cause: 'collision' }, { notification: COLLISION })
}

function cease(fsm: Fsm, event: FsmEvent & { readonly type: 'stop' | 'automaticStop' }): Transition {
  const { notification: told } = event
  const cause: SessionEnd =
    told === undefined ? { cause: 'stopped' } : { cause: 'notification-sent', notification: told }
  const telling = told === undefined ? {} : { notification: told }
  if (event.type === 'automaticStop') return toIdle(fsm, cause, { idleHoldMs: event.idleHoldMs, ...telling })
  const { effects } = stopped(cause)
  return told === undefined
    ? to(IDLE, ...effects)
    : to(IDLE, { type: 'sendNotification', notification: told }, ...effects)
}
