import type { Fsm, FsmConfig, FsmEffect, SessionEnd, TimerName } from './fsm-types.ts'

const MIN_BACK_OFF_MS = 1000
const MIN_SEND_HOLD_TIME_MS = 480_000

/** How long to wait after so many failures: 1 s, doubled with each, up to `maxMs`. */
export function backOffMs(failures: number, maxMs: number): number {
  return Math.min(maxMs, MIN_BACK_OFF_MS * 2 ** Math.min(failures, 30))
}

export function dial(config: FsmConfig): readonly FsmEffect[] {
  return [startTimer('connectRetry', config.connectTimeoutMs), { type: 'connect' }]
}

export function armHold(fsm: Fsm): readonly FsmEffect[] {
  return [fsm.holdTimeMs === 0 ? stopTimer('hold') : startTimer('hold', fsm.holdTimeMs)]
}

export function armKeepalive(fsm: Fsm): readonly FsmEffect[] {
  return fsm.keepaliveTimeMs === 0 ? [] : [startTimer('keepalive', fsm.keepaliveTimeMs, true)]
}

export function startTimer(timer: TimerName, durationMs: number, isJittered = false): FsmEffect {
  return { type: 'startTimer', timer, durationMs, isJittered }
}

export function stopTimer(timer: TimerName): FsmEffect {
  return { type: 'stopTimer', timer }
}

export function end(sessionEnd: SessionEnd): FsmEffect {
  return { type: 'end', end: sessionEnd }
}

/** RFC 9687 §3.3: 8 minutes, or twice the hold time. */
export function sendHoldTimeMs(config: FsmConfig): number {
  return Math.max(MIN_SEND_HOLD_TIME_MS, 2 * config.holdTimeMs)
}
