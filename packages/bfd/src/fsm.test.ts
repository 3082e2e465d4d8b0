import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BfdEvent, type BfdTransition, step } from './fsm.ts'
import { type BfdControlPacket, BfdDiagnostic, type BfdSessionState } from './packet.ts'
import {
  type BfdParameters,
  type BfdVariables,
  detectionTimeUs,
  initialVariables,
  isTransmitting,
  SLOW_INTERVAL_US,
  transmitIntervalUs
} from './variables.ts'

const FAST: BfdParameters = {
  desiredMinTxUs: 50_000,
  requiredMinRxUs: 60_000,
  detectMultiplier: 3,
  isPassive: false
}
const PACKET: BfdControlPacket = {
  diagnostic: 0,
  state: 'down',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 4,
  myDiscriminator: 7,
  yourDiscriminator: 1,
  desiredMinTxUs: 100_000,
  requiredMinRxUs: 70_000,
  requiredMinEchoRxUs: 0
}
const STATES: readonly BfdSessionState[] = ['adminDown', 'down', 'init', 'up']
const NEIGHBOR = BfdDiagnostic.neighborSignaledSessionDown
const EXPIRED = BfdDiagnostic.controlDetectionTimeExpired
const ADMIN = BfdDiagnostic.administrativelyDown

// RFC 5880 §6.8.6, and §6.2 for the picture: local state × received state → next state, diagnostic, reason.
type Row = readonly [
  local: BfdSessionState,
  remote: BfdSessionState,
  next: BfdSessionState,
  diagnostic: number | undefined,
  reason: string | undefined
]
const STAY = [undefined, undefined] as const
const TABLE: readonly Row[] = [
  ['adminDown', 'adminDown', 'adminDown', ...STAY],
  ['adminDown', 'down', 'adminDown', ...STAY],
  ['adminDown', 'init', 'adminDown', ...STAY],
  ['adminDown', 'up', 'adminDown', ...STAY],
  ['down', 'adminDown', 'down', ...STAY],
  ['down', 'down', 'init', 0, 'packetReceived'],
  ['down', 'init', 'up', 0, 'packetReceived'],
  ['down', 'up', 'down', ...STAY],
  ['init', 'adminDown', 'down', NEIGHBOR, 'remoteAdminDown'],
  ['init', 'down', 'init', ...STAY],
  ['init', 'init', 'up', 0, 'packetReceived'],
  ['init', 'up', 'up', 0, 'packetReceived'],
  ['up', 'adminDown', 'down', NEIGHBOR, 'remoteAdminDown'],
  ['up', 'down', 'down', NEIGHBOR, 'remoteDown'],
  ['up', 'init', 'up', ...STAY],
  ['up', 'up', 'up', ...STAY]
]

describe('packets', () => {
  test.each(TABLE)('%s that receives %s is %s', (local, remote, next, diagnostic, reason) => {
    const { variables, effects } = receive(at(local), { state: remote })
    expect(variables.sessionState).toBe(next)
    const changed = effects.find((effect) => effect.type === 'changed')
    if (reason === undefined) expect(changed).toBeUndefined()
    else expect(changed).toMatchObject({ change: { from: local, to: next, reason, diagnostic } })
    // A packet that is not discarded is a sign of life; in AdminDown all are.
    expect(types(effects).includes('restartDetection')).toBe(local !== 'adminDown')
  })

  test.each(STATES)('a poll is answered at once and before all else, except in AdminDown: %s', (local) => {
    const { effects } = receive(at(local), { state: 'down', poll: true })
    expect(types(effects)[0]).toBe(local === 'adminDown' ? undefined : 'sendFinal')
  })

  test('the same again changes nothing', () => {
    const up = at('up')
    const { variables, effects } = receive(up, { state: 'up' })
    expect(variables).toBe(up)
    expect(types(effects)).toEqual(['restartDetection'])
  })

  test('a change of the state is told to the peer at once', () => {
    expect(types(receive(at('down'), { state: 'down' }).effects)).toEqual([
      'sendNow',
      'restartDetection',
      'changed'
    ])
  })
})

describe('other events', () => {
  test.each([
    ['adminDown', 'adminDown', ADMIN],
    ['down', 'down', 0],
    ['init', 'down', EXPIRED],
    ['up', 'down', EXPIRED]
  ] as const)('silence in %s leads to %s, and the peer is forgotten', (local, next, diagnostic) => {
    const { variables, effects } = step(at(local), { type: 'detectionTimeExpired' })
    expect(variables).toMatchObject({
      sessionState: next,
      localDiagnostic: diagnostic,
      remoteDiscriminator: 0,
      remoteSessionState: 'down',
      remoteMinRxUs: 1
    })
    expect(types(effects).includes('changed')).toBe(local !== next)
    expect(detectionTimeUs(variables)).toBeUndefined()
  })

  test.each(STATES)('an operator takes %s down, and lets it begin anew', (local) => {
    const down = step(at(local), { type: 'administrativelyDown' })
    expect(down.variables).toMatchObject({
      sessionState: 'adminDown',
      localDiagnostic: ADMIN,
      isPolling: false
    })
    expect(types(down.effects)).toEqual(local === 'adminDown' ? [] : ['sendNow', 'changed'])
    const up = step(down.variables, { type: 'administrativelyUp' })
    expect(up.variables).toMatchObject({ sessionState: 'down', localDiagnostic: 0 })
    expect(step(up.variables, { type: 'administrativelyUp' }).effects).toEqual([])
  })
})

describe('timers', () => {
  test('until up, packets go once a second, and what is configured counts from then on', () => {
    const down = initialVariables(FAST)
    expect(transmitIntervalUs(down)).toBe(SLOW_INTERVAL_US)
    const init = receive(down, { state: 'down' }).variables
    expect(transmitIntervalUs(init)).toBe(SLOW_INTERVAL_US)
    const up = receive(init, { state: 'init' }).variables
    // The larger of ours and what the peer requires (§6.8.7); its multiplier by the larger of the others (§6.8.4).
    expect([transmitIntervalUs(up), detectionTimeUs(up), up.isPolling]).toEqual([70_000, 400_000, true])
    const slow = initialVariables({ ...FAST, desiredMinTxUs: 2_000_000 })
    expect(transmitIntervalUs(slow)).toBe(2_000_000)
  })

  test('an end of the session slows it down at once', () => {
    const { variables } = receive(settled(), { state: 'down' })
    expect([transmitIntervalUs(variables), variables.desiredMinTxUs]).toEqual([
      SLOW_INTERVAL_US,
      SLOW_INTERVAL_US
    ])
  })

  test('faster is at once, slower waits for the answer to the poll', () => {
    const faster = change(settled(), { desiredMinTxUs: 80_000, requiredMinRxUs: 500_000 })
    expect([transmitIntervalUs(faster), detectionTimeUs(faster)]).toEqual([80_000, 2_000_000])
    const slower = change(final(faster), { desiredMinTxUs: 900_000, requiredMinRxUs: 200_000 })
    expect(slower).toMatchObject({ isPolling: true, desiredMinTxUs: 900_000 })
    expect([transmitIntervalUs(slower), detectionTimeUs(slower)]).toEqual([80_000, 2_000_000])
    const agreed = final(slower)
    expect(agreed.isPolling).toBe(false)
    expect([transmitIntervalUs(agreed), detectionTimeUs(agreed)]).toEqual([900_000, 800_000])
  })

  test('a change during a poll needs an answer of its own', () => {
    const twice = change(change(settled(), { desiredMinTxUs: 200_000 }), { desiredMinTxUs: 300_000 })
    const once = final(twice)
    expect(once.isPolling).toBe(true)
    expect(transmitIntervalUs(once)).toBe(100_000)
    expect(transmitIntervalUs(final(once))).toBe(300_000)
  })

  test('a final that nobody asked for changes nothing', () => {
    const up = settled()
    expect(receive(up, { state: 'up', final: true }).variables).toBe(up)
  })

  test('what the peer requires counts at once', () => {
    const { variables, effects } = receive(settled(), { state: 'up', requiredMinRxUs: 150_000, poll: true })
    expect(transmitIntervalUs(variables)).toBe(150_000)
    expect(types(effects)).toEqual(['sendFinal', 'reschedule', 'restartDetection'])
  })

  test('a multiplier is changed without a poll', () => {
    const { variables, effects } = step(settled(), {
      type: 'parametersChanged',
      parameters: { ...parametersOf(settled()), detectMultiplier: 9 }
    })
    expect(variables.isPolling).toBe(false)
    expect(types(effects)).toEqual(['sendNow'])
  })
})

describe('periodic packets stop', () => {
  test('for a passive session until the peer was heard, and when it is silent; the end is told', () => {
    const passive = initialVariables({ ...FAST, isPassive: true })
    expect(isTransmitting(passive)).toBe(false)
    const heard = receive(passive, { state: 'down' })
    expect([isTransmitting(heard.variables), types(heard.effects)[0]]).toEqual([true, 'sendNow'])
    const lost = step(heard.variables, { type: 'detectionTimeExpired' })
    expect([isTransmitting(lost.variables), types(lost.effects)]).toEqual([false, ['sendNow', 'changed']])
  })

  test('when the peer requires none', () => {
    expect(isTransmitting(receive(settled(), { state: 'up', requiredMinRxUs: 0 }).variables)).toBe(false)
  })

  test('when the peer is in demand mode and both are up, but for polls', () => {
    const demanded = receive(settled(), { state: 'up', demand: true })
    expect([isTransmitting(demanded.variables), types(demanded.effects)]).toEqual([
      false,
      ['reschedule', 'restartDetection']
    ])
    expect(isTransmitting(change(demanded.variables, { desiredMinTxUs: 1_000_000 }))).toBe(true)
    expect(isTransmitting(receive(demanded.variables, { state: 'init', demand: true }).variables)).toBe(true)
  })
})

test('no sequence of events leads out of the rules', () => {
  const interval = fc.integer({ min: 0, max: 2_000_000 })
  const packets = fc.record({
    state: fc.constantFrom(...STATES),
    poll: fc.boolean(),
    final: fc.boolean(),
    demand: fc.boolean(),
    requiredMinRxUs: interval,
    desiredMinTxUs: interval,
    detectMultiplier: fc.integer({ min: 1, max: 255 })
  })
  const events: fc.Arbitrary<BfdEvent> = fc.oneof(
    {
      weight: 8,
      arbitrary: packets.map((fields) => ({
        type: 'packetReceived' as const,
        packet: { ...PACKET, ...fields, poll: fields.poll && !fields.final }
      }))
    },
    fc.constantFrom(
      { type: 'detectionTimeExpired' as const },
      { type: 'administrativelyDown' as const },
      { type: 'administrativelyUp' as const }
    ),
    fc
      .record({
        desiredMinTxUs: fc.integer({ min: 10_000, max: 2_000_000 }),
        requiredMinRxUs: fc.integer({ min: 10_000, max: 2_000_000 }),
        detectMultiplier: fc.integer({ min: 1, max: 255 }),
        isPassive: fc.boolean()
      })
      .map((parameters) => ({ type: 'parametersChanged' as const, parameters }))
  )
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
      let before = initialVariables(FAST)
      expect(before.sessionState).toBe('down')
      for (const event of sequence) {
        const { variables, effects } = step(before, event)
        expectRules(before, event, { variables, effects })
        before = variables
      }
    })
  )
})

function expectRules(before: BfdVariables, event: BfdEvent, { variables, effects }: BfdTransition): void {
  const { sessionState, desiredMinTxUs, desiredMinTxInUseUs, parameters } = variables
  if (sessionState !== 'up') expect(desiredMinTxUs).toBeGreaterThanOrEqual(SLOW_INTERVAL_US)
  else expect(desiredMinTxUs).toBe(parameters.desiredMinTxUs)
  // What we do is never slower than what we said before, until the peer has confirmed.
  if (!variables.isPolling) expect(desiredMinTxInUseUs).toBe(desiredMinTxUs)
  else expect(desiredMinTxInUseUs).toBeLessThanOrEqual(desiredMinTxUs)
  if (variables.isPolling) {
    expect(variables.remoteDiscriminator).not.toBe(0)
    expect(sessionState).not.toBe('adminDown')
  }
  const changed = effects.find((effect) => effect.type === 'changed')
  expect(changed !== undefined).toBe(before.sessionState !== sessionState)
  const isPoll = event.type === 'packetReceived' && event.packet.poll
  expect(types(effects).includes('sendFinal')).toBe(isPoll && before.sessionState !== 'adminDown')
  if (before.sessionState === 'up' && event.type === 'packetReceived')
    expect(['up', 'down']).toContain(sessionState)
}

function at(state: BfdSessionState): BfdVariables {
  const down = initialVariables(FAST)
  switch (state) {
    case 'adminDown':
      return step(down, { type: 'administrativelyDown' }).variables
    case 'down':
      return down
    case 'init':
      return receive(down, { state: 'down' }).variables
    case 'up':
      return receive(receive(receive(down, { state: 'init' }).variables, { state: 'up' }).variables, {
        state: 'up',
        final: true
      }).variables
  }
}

/** Up with no poll under way, at 100 ms: ours by configuration, the peer's by its packets. */
function settled(): BfdVariables {
  return final(change(at('up'), { desiredMinTxUs: 100_000, requiredMinRxUs: 100_000 }))
}

function change(before: BfdVariables, changes: Partial<BfdParameters>): BfdVariables {
  const parameters = { ...parametersOf(before), ...changes }
  return step(before, { type: 'parametersChanged', parameters }).variables
}

function parametersOf(variables: BfdVariables): BfdParameters {
  return variables.parameters
}

function final(before: BfdVariables): BfdVariables {
  return receive(before, { state: 'up', final: true }).variables
}

function receive(before: BfdVariables, fields: Partial<BfdControlPacket>): BfdTransition {
  return step(before, { type: 'packetReceived', packet: { ...PACKET, ...fields } })
}

function types(effects: BfdTransition['effects']): readonly string[] {
  return effects.map((effect) => effect.type)
}
