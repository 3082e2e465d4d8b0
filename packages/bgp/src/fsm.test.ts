import { Ipv4Address } from '@clarion-lb/netaddr'
import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IDLE, step } from './fsm.ts'
import type { BgpState, Fsm, FsmConfig, FsmEffect, FsmEvent } from './fsm-types.ts'
import { NO_CAPABILITIES } from './messages/capabilities.ts'
import type { NotificationMessage, OpenMessage } from './messages/model.ts'

const CONFIG: FsmConfig = {
  isPassive: false,
  holdTimeMs: 90_000,
  keepaliveTimeMs: undefined,
  connectRetryMs: 30_000,
  connectTimeoutMs: 10_000
}
const STATES: readonly BgpState[] = ['idle', 'connect', 'active', 'openSent', 'openConfirm', 'established']
const OPEN: OpenMessage = {
  type: 'open',
  asn: 64_512,
  holdTimeMs: 30_000,
  bgpIdentifier: Ipv4Address.parse('192.0.2.1'),
  capabilities: { ...NO_CAPABILITIES, families: [4], hasFourOctetAsn: true, hasRouteRefresh: true }
}

const EVENTS = {
  start: { type: 'start' },
  stop: { type: 'stop', notification: notification(6, 2) },
  automaticStop: { type: 'automaticStop', notification: notification(6, 1), idleHoldMs: 300_000 },
  connectRetryTimerExpired: { type: 'connectRetryTimerExpired' },
  holdTimerExpired: { type: 'holdTimerExpired' },
  keepaliveTimerExpired: { type: 'keepaliveTimerExpired' },
  idleHoldTimerExpired: { type: 'idleHoldTimerExpired' },
  sendHoldTimerExpired: { type: 'sendHoldTimerExpired' },
  stabilityTimerExpired: { type: 'stabilityTimerExpired' },
  tcpConnected: { type: 'tcpConnected' },
  tcpFailed: { type: 'tcpFailed', message: 'ECONNREFUSED' },
  openReceived: { type: 'openReceived', open: OPEN },
  headerRefused: { type: 'headerRefused', notification: notification(1, 1) },
  openRefused: { type: 'openRefused', notification: notification(2, 2) },
  collisionLost: { type: 'collisionLost' },
  notificationReceived: { type: 'notificationReceived', notification: notification(6, 4) },
  keepaliveReceived: { type: 'keepaliveReceived' },
  updateReceived: {
    type: 'updateReceived',
    update: {
      type: 'update',
      withdrawn: [],
      reached: [],
      attributes: undefined,
      endOfRib: undefined,
      problems: []
    }
  },
  updateRefused: { type: 'updateRefused', notification: notification(3, 10) },
  refreshReceived: {
    type: 'refreshReceived',
    refresh: { type: 'routeRefresh', family: 4, subtype: 'request' }
  }
} as const satisfies Record<string, FsmEvent>
type EventName = keyof typeof EVENTS

/**
 * RFC 4271 §8.2.2 as a table: the state after each event, and the code and subcode of the NOTIFICATION that is sent.
 * `=` stays; what is not listed takes `otherwise`.
 */
const TABLE: Record<BgpState, Partial<Record<EventName, string>> & { readonly otherwise: string }> = {
  idle: { start: 'connect', idleHoldTimerExpired: 'connect', otherwise: '=' },
  connect: {
    start: '=',
    connectRetryTimerExpired: '=',
    tcpConnected: 'openSent',
    tcpFailed: 'active',
    otherwise: 'idle'
  },
  active: {
    start: '=',
    connectRetryTimerExpired: 'connect',
    tcpConnected: 'openSent',
    tcpFailed: 'active',
    otherwise: 'idle'
  },
  openSent: {
    start: '=',
    stop: 'idle 6/2',
    automaticStop: 'idle 6/1',
    holdTimerExpired: 'idle 4/0',
    tcpFailed: 'active',
    openReceived: 'openConfirm',
    headerRefused: 'idle 1/1',
    openRefused: 'idle 2/2',
    collisionLost: 'idle 6/7',
    notificationReceived: 'idle',
    otherwise: 'idle 5/1'
  },
  openConfirm: {
    start: '=',
    stop: 'idle 6/2',
    automaticStop: 'idle 6/1',
    holdTimerExpired: 'idle 4/0',
    keepaliveTimerExpired: '=',
    tcpFailed: 'idle',
    headerRefused: 'idle 1/1',
    openRefused: 'idle 2/2',
    collisionLost: 'idle 6/7',
    notificationReceived: 'idle',
    keepaliveReceived: 'established',
    otherwise: 'idle 5/2'
  },
  established: {
    start: '=',
    stop: 'idle 6/2',
    automaticStop: 'idle 6/1',
    holdTimerExpired: 'idle 4/0',
    keepaliveTimerExpired: '=',
    sendHoldTimerExpired: 'idle',
    stabilityTimerExpired: '=',
    tcpFailed: 'idle',
    headerRefused: 'idle 1/1',
    updateRefused: 'idle 3/10',
    collisionLost: 'idle 6/7',
    notificationReceived: 'idle',
    keepaliveReceived: '=',
    updateReceived: '=',
    refreshReceived: '=',
    otherwise: 'idle 5/3'
  }
}

describe.each(STATES)('in %s', (state) => {
  test.each(Object.keys(EVENTS).filter(isEventName))('%s leads where RFC 4271 says', (name) => {
    const row = TABLE[state]
    const expected = (row[name] ?? row.otherwise).replace('=', state)
    const { fsm, effects } = step(inState(state), EVENTS[name], CONFIG)
    const sent = effects.flatMap((effect) =>
      effect.type === 'sendNotification'
        ? [` ${effect.notification.code}/${effect.notification.subcode}`]
        : []
    )
    expect(`${fsm.state}${sent.join('')}`).toBe(expected)
  })
})

test('what has a connection is closed, and told, when it falls back', () => {
  for (const state of ['openSent', 'openConfirm', 'established'] as const) {
    for (const event of Object.values(EVENTS)) {
      const { fsm, effects } = step(inState(state), event, CONFIG)
      const types = effects.map((effect) => effect.type)
      const isOver = fsm.state === 'idle' || fsm.state === 'active'
      expect(types.filter((type) => type === 'close')).toHaveLength(isOver ? 1 : 0)
      expect(types.filter((type) => type === 'end')).toHaveLength(isOver ? 1 : 0)
    }
  }
})

test('a hold time of 0 arms no timer', () => {
  const config = { ...CONFIG, holdTimeMs: 0 }
  const confirmed = step(inState('openSent'), EVENTS.openReceived, config)
  const up = step(confirmed.fsm, EVENTS.keepaliveReceived, config)
  expect(up.fsm).toMatchObject({ state: 'established', holdTimeMs: 0, keepaliveTimeMs: 0 })
  expect(timersStarted([...confirmed.effects, ...up.effects])).toEqual(['stability'])
})

test('the smaller hold time wins, and keepalives go out three times as often', () => {
  const { fsm } = step(inState('openSent'), EVENTS.openReceived, CONFIG)
  expect(fsm).toMatchObject({ holdTimeMs: 30_000, keepaliveTimeMs: 10_000 })
  const slow = step(inState('openSent'), EVENTS.openReceived, { ...CONFIG, keepaliveTimeMs: 60_000 })
  expect(slow.fsm.keepaliveTimeMs).toBe(10_000)
  const quick = step(inState('openSent'), EVENTS.openReceived, { ...CONFIG, keepaliveTimeMs: 2000 })
  expect(quick.fsm.keepaliveTimeMs).toBe(2000)
})

test('a peer that fails again and again is left alone for longer, up to a minute', () => {
  let fsm = inState('established')
  const waits: number[] = []
  for (let i = 0; i < 9; i += 1) {
    const { fsm: next, effects } = step({ ...fsm, state: 'established' }, EVENTS.holdTimerExpired, CONFIG)
    waits.push(...effects.flatMap((effect) => (effect.type === 'startTimer' ? [effect.durationMs] : [])))
    fsm = next
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  const stable = step({ ...fsm, state: 'established' }, EVENTS.stabilityTimerExpired, CONFIG)
  expect(stable.fsm.failures).toBe(0)
})

test('attempts to connect are repeated at growing intervals, up to the connect-retry time', () => {
  let fsm = inState('connect')
  const waits: number[] = []
  for (let i = 0; i < 7; i += 1) {
    const { fsm: next, effects } = step({ ...fsm, state: 'connect' }, EVENTS.tcpFailed, CONFIG)
    waits.push(...effects.flatMap((effect) => (effect.type === 'startTimer' ? [effect.durationMs] : [])))
    fsm = next
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})

test('a passive peer never dials', () => {
  const config = { ...CONFIG, isPassive: true }
  const started = step(IDLE, EVENTS.start, config)
  expect(started.fsm.state).toBe('active')
  const failed = step(inState('openSent'), EVENTS.tcpFailed, config)
  expect([...started.effects, ...failed.effects].map((effect) => effect.type)).not.toContain('connect')
  expect(timersStarted(failed.effects)).toEqual([])
})

test('a stop by hand is the last word; a stop by itself waits as long as it says', () => {
  for (const state of STATES) {
    expect(timersStarted(step(inState(state), EVENTS.stop, CONFIG).effects)).toEqual([])
    const { effects } = step(inState(state), EVENTS.automaticStop, CONFIG)
    expect(effects).toContainEqual({
      type: 'startTimer',
      timer: 'idleHold',
      durationMs: 300_000,
      isJittered: false
    })
  }
})

test('whatever happens, the machine stays in its table, and is Established only by OPEN and KEEPALIVE', () => {
  const event = constantFrom(...Object.values(EVENTS))
  assert(
    property(array(event, { maxLength: 60 }), (events) => {
      let fsm = IDLE
      const timers = new Set<string>()
      for (const next of events) {
        const transition = step(fsm, next, CONFIG)
        for (const effect of transition.effects) applyToTimers(timers, effect)
        expect(STATES).toContain(transition.fsm.state)
        if (transition.fsm.state === 'established' && fsm.state !== 'established')
          expect([fsm.state, next.type]).toEqual(['openConfirm', 'keepaliveReceived'])
        if (transition.fsm.state === 'idle')
          expect([...timers].filter((name) => name !== 'idleHold')).toEqual([])
        if (transition.fsm.state === 'connect') expect(timers).toContain('connectRetry')
        if (transition.fsm.state === 'established') expect(timers).toContain('hold')
        fsm = transition.fsm
      }
    })
  )
})

function applyToTimers(timers: Set<string>, effect: FsmEffect): void {
  if (effect.type === 'startTimer') timers.add(effect.timer)
  else if (effect.type === 'stopTimer') timers.delete(effect.timer)
  else if (effect.type === 'stopAllTimers') timers.clear()
}

function timersStarted(effects: readonly FsmEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'startTimer' ? [effect.timer] : []))
}

function inState(state: BgpState): Fsm {
  const hasOpen = state === 'openConfirm' || state === 'established'
  return { state, failures: 0, holdTimeMs: hasOpen ? 30_000 : 0, keepaliveTimeMs: hasOpen ? 10_000 : 0 }
}

function isEventName(name: string): name is EventName {
  return name in EVENTS
}

function notification(code: number, subcode: number): NotificationMessage {
  return { type: 'notification', code, subcode, data: new Uint8Array(0) }
}
