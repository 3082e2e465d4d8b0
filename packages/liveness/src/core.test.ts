import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LivenessCore } from './core.ts'
import type { LivenessEffect } from './core-state.ts'
import { envelopes, messages } from './fixtures/arbitraries.ts'
import { firstIncarnation, lifeOf } from './incarnation.ts'
import { memberKey } from './member-key.ts'
import type { Echo, Message } from './message.ts'
import { decodeMessage, encodeMessage } from './packet.ts'
import { parseParameters } from './parameters.ts'
import { seededRandom } from './simulation/random.ts'

const OTHERS = ['b', 'c', 'd'].map((id) => ({ id, key: memberKey(id) }))
const KEYS = OTHERS.map(({ key }) => key)
const [B = 0n, C = 0n, D = 0n] = KEYS
const SELF = memberKey('a')
const BOOT = 99n

/** Of each core: what it sent last to whom, and is to be answered. */
const askedBy = new WeakMap<LivenessCore, Map<bigint, number>>()

function newCore(members = OTHERS): LivenessCore {
  const core = new LivenessCore({
    id: 'a',
    boot: BOOT,
    incarnation: firstIncarnation(1000),
    parameters: parseParameters(),
    random: seededRandom(1),
    nowMs: 0
  })
  const asked = new Map<bigint, number>()
  askedBy.set(core, asked)
  const step = core.step.bind(core)
  core.step = (...args) => {
    const effects = step(...args)
    for (const effect of effects)
      if (effect.type === 'send' && (effect.message.type === 'ping' || effect.message.type === 'ask'))
        asked.set(effect.to, effect.sequence)
    return effects
  }
  core.step(0, { type: 'members', members })
  return core
}

const NO_NEWS = { incarnation: firstIncarnation(500), patienceMs: 0, rumors: [] } as const
let sequence = 0

function receive(
  core: LivenessCore,
  nowMs: number,
  from: bigint,
  message: Message,
  boot = 1n
): readonly LivenessEffect[] {
  sequence += 1
  return core.step(nowMs, { type: 'received', envelope: { sender: from, boot, sequence }, message })
}

/** It answers what this process sent it last, once; a process that is not known has itself pinged for that. */
function meet(
  core: LivenessCore,
  nowMs: number,
  from: bigint,
  { boot = 1n, incarnation = NO_NEWS.incarnation } = {}
): readonly LivenessEffect[] {
  const asked = askedBy.get(core)
  if (asked?.has(from) !== true) receive(core, nowMs, from, { ...NO_NEWS, incarnation, type: 'ping' }, boot)
  const echo = { boot: BOOT, sequence: asked?.get(from) ?? 0 }
  asked?.delete(from)
  return receive(core, nowMs, from, { ...NO_NEWS, incarnation, type: 'ack', echo }, boot)
}

function eventsOf(effects: readonly LivenessEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'event' ? [effect.event.type] : []))
}

test('whatever comes from members and at whatever time, nothing throws, and all that is sent can be encoded', () => {
  const event = fc.oneof(
    fc.record({
      type: fc.constant('received' as const),
      envelope: envelopes(KEYS),
      message: messages([...KEYS, SELF, 5n])
    }),
    fc.record({ type: fc.constant('refused' as const), member: fc.constantFrom(...KEYS, SELF, 5n) }),
    fc.constant({ type: 'tick' as const }),
    fc.record({
      type: fc.constant('members' as const),
      members: fc.subarray(OTHERS)
    })
  )
  const story = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 400 })), { maxLength: 60 })
  fc.assert(
    fc.property(story, (steps) => {
      const core = newCore()
      let nowMs = 0
      for (const [each, passMs] of steps) {
        nowMs += passMs
        for (const effect of core.step(nowMs, each))
          if (effect.type === 'send') {
            const length = encodeMessage(effect.message).length
            expect(decodeMessage(encodeMessage(effect.message)).type).toBe(effect.message.type)
            expect(length).toBeLessThanOrEqual(1192)
          }
      }
      // It never asks to be called at once without end.
      for (let round = 0; round < 5 && core.dueMs <= nowMs; round += 1) core.step(nowMs, { type: 'tick' })
      expect(core.dueMs).toBeGreaterThan(nowMs)
      expect(core.dueMs).toBeLessThanOrEqual(nowMs + 110)
    }),
    { numRuns: 200 }
  )
})

test('what is due is done when it is due, however times are rounded', () => {
  fc.assert(
    fc.property(fc.double({ min: 5000, max: 6000, noNaN: true }), fc.boolean(), (startMs, isRefused) => {
      const core = newCore()
      for (const key of KEYS) meet(core, startMs, key)
      if (isRefused) for (let i = 0; i < 2; i += 1) core.step(startMs + 30, { type: 'refused', member: B })
      for (let nowMs = startMs, rounds = 0; nowMs < startMs + 3000; rounds += 1) {
        if (core.dueMs > nowMs) rounds = 0
        expect(rounds).toBeLessThan(5)
        nowMs = Math.max(nowMs, core.dueMs)
        for (const key of [C, D]) if (askedBy.get(core)?.has(key) === true) meet(core, nowMs, key)
        core.step(nowMs, { type: 'tick' })
      }
    })
  )
})

test('a process is believed only once it answered this one: recordings bring nobody to life', () => {
  const core = newCore()
  const effects = receive(core, 1, B, { ...NO_NEWS, type: 'ping' })
  expect(eventsOf(effects)).toEqual([])
  expect(core.knowledgeOf(B)?.standing).toBe('unknown')
  // It is answered, and has to answer.
  const sent = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message.type] : []))
  expect(sent).toEqual(['ack', 'ping'])
  expect(eventsOf(receive(core, 2, B, { ...NO_NEWS, type: 'ack', echo: { boot: 5n, sequence: 1 } }))).toEqual(
    []
  )
  expect(eventsOf(meet(core, 3, B))).toEqual(['alive'])
})

test('an answer to what was sent before a member was taken out of the list and put into it again is a recording', () => {
  const core = newCore()
  const sent = askedBy.get(core)?.get(B) ?? 0
  core.step(1, { type: 'members', members: [] })
  core.step(2, { type: 'members', members: OTHERS })
  const answer = { ...NO_NEWS, type: 'ack', echo: { boot: BOOT, sequence: sent } } as const
  expect(eventsOf(receive(core, 3, B, answer))).toEqual([])
  expect(core.counters.unverified).toBe(1)
  expect(eventsOf(meet(core, 4, B))).toEqual(['alive'])
})

/** Of what was sent last to B, which is answered by nobody else then. */
function lastAskedB(core: LivenessCore): Echo {
  const asked = askedBy.get(core)
  const sequence = asked?.get(B) ?? 0
  asked?.delete(B)
  return { boot: BOOT, sequence }
}

test('an answer counts once', () => {
  const core = newCore()
  const answer = { ...NO_NEWS, type: 'ack', echo: lastAskedB(core) } as const
  receive(core, 1, B, answer)
  receive(core, 2, B, answer)
  expect(core.answeredMs(B)).toBe(1)
})

interface Lateness {
  readonly afterMs: number
  readonly patienceMs?: number
  readonly isPaused?: boolean
  readonly counts?: boolean
}

test.each<readonly [string, Lateness]>([
  ['does not count after so long that a member may be silent', { afterMs: 400 }],
  ['counts if it asks for that patience', { afterMs: 400, patienceMs: 300, counts: true }],
  ['counts if this member may have been late for it itself', { afterMs: 1000, isPaused: true, counts: true }],
  ['does not count if this member was away for longer', { afterMs: 5000, isPaused: true }]
])('an answer %s', (_, { afterMs, patienceMs = 0, isPaused = false, counts = false }) => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  for (let nowMs = 10; nowMs <= 110; nowMs += 10) core.step(nowMs, { type: 'tick' })
  const echo = lastAskedB(core)
  // Others answer, so that nobody is dead by one voice.
  for (let nowMs = 120; nowMs < 110 + afterMs && !isPaused; nowMs += 10) {
    for (const key of [C, D]) if (askedBy.get(core)?.has(key) === true) meet(core, nowMs, key)
    core.step(nowMs, { type: 'tick' })
  }
  receive(core, 110 + afterMs, B, { ...NO_NEWS, patienceMs, type: 'ack', echo })
  expect(core.answeredMs(B)).toBe(counts ? 110 + afterMs : 1)
})

test('a process whose start others told of is known by its first answer', () => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  const incarnation = firstIncarnation(900)
  const rumors = [{ kind: 'alive', member: B, incarnation, accusers: [], reason: 'silent' }] as const
  expect(eventsOf(receive(core, 2, C, { ...NO_NEWS, type: 'gossip', rumors }))).toEqual(['alive'])
  meet(core, 3, B, { boot: 2n, incarnation })
  expect([core.counters.stale, core.answeredMs(B)]).toEqual([0, 3])
  // The process before it is not heard any more.
  receive(core, 4, B, { ...NO_NEWS, type: 'ping' })
  expect([core.counters.stale, core.answeredMs(B)]).toEqual([1, 3])
})

test('only a process of a former life that answers is told of the later one: a recording makes nobody refute itself', () => {
  const core = newCore()
  const later = { boot: 2n, incarnation: firstIncarnation(9000) }
  meet(core, 1, B, later)
  const toldOfB = (effects: readonly LivenessEffect[]): readonly unknown[] =>
    effects.flatMap((effect) =>
      effect.type === 'send' && effect.to === B
        ? effect.message.rumors.filter(({ member, kind }) => member === B && kind !== 'alive')
        : []
    )
  for (const type of ['ping', 'gossip'] as const)
    for (let nowMs = 50; nowMs <= 150; nowMs += 50)
      expect(toldOfB(receive(core, nowMs, B, { ...NO_NEWS, type }))).toEqual([])
  expect(core.counters.stale).toBe(6)
  // The process that is known answers instead.
  expect(toldOfB(meet(core, 151, B, later))).toEqual([])
  // Its clock went back: it is there.
  receive(core, 200, B, { ...NO_NEWS, type: 'gossip' })
  expect(toldOfB(meet(core, 201, B))).toEqual([
    { kind: 'dead', member: B, incarnation: later.incarnation, accusers: [], reason: 'silent' }
  ])
})

test('a datagram that is repeated counts once', () => {
  const core = newCore()
  meet(core, 1, B)
  const replay = {
    type: 'received',
    envelope: { sender: B, boot: 1n, sequence },
    message: { ...NO_NEWS, type: 'ping' }
  } as const
  expect(core.step(2, replay)).toEqual([])
  expect(core.counters.replayed).toBe(1)
})

test('who refutes a thousand accusations in a second does not look as if it had started again', () => {
  const core = newCore()
  meet(core, 1, B)
  const { incarnation } = core
  for (let i = 1; i <= 2000; i += 1) {
    const accused = {
      kind: 'accused',
      member: SELF,
      incarnation: core.incarnation,
      accusers: [B],
      reason: 'silent'
    } as const
    receive(core, 1 + i / 2, B, { ...NO_NEWS, type: 'gossip', rumors: [accused] })
  }
  expect(core.counters.refutations).toBe(2000)
  expect(core.incarnation).toBeGreaterThan(incarnation)
  expect(lifeOf(core.incarnation)).toBe(lifeOf(incarnation))
})

test('who is told of a life of its own that it does not know takes a later one', () => {
  const core = newCore()
  meet(core, 1, B)
  const former = firstIncarnation(9000)
  const rumors = [
    { kind: 'dead', member: SELF, incarnation: former, accusers: [], reason: 'silent' }
  ] as const
  const effects = receive(core, 2, B, { ...NO_NEWS, type: 'gossip', rumors })
  expect(core.incarnation).toBeGreaterThan(former)
  expect(effects[0]).toMatchObject({ type: 'send', to: B, message: { incarnation: core.incarnation } })
})

test('one accuser is not enough where there are others; two are, and are named', () => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  const accused = (accuser: bigint): Message => ({
    ...NO_NEWS,
    type: 'gossip',
    rumors: [
      { kind: 'accused', member: D, incarnation: NO_NEWS.incarnation, accusers: [accuser], reason: 'silent' }
    ]
  })
  // Past the time in which an answer of D to this member speaks for D.
  core.step(100, { type: 'tick' })
  core.step(200, { type: 'tick' })
  expect(eventsOf(receive(core, 210, B, accused(B)))).toEqual(['suspected'])
  expect(eventsOf(receive(core, 220, B, accused(B)))).toEqual([])
  const effects = receive(core, 230, C, accused(C))
  expect(effects.find((effect) => effect.type === 'event')).toMatchObject({
    event: { type: 'dead', detail: { id: 'd', accusers: ['b', 'c'], reason: 'silent' } }
  })
})

test('who concludes a death from what others say tells five at once, who only hears of it two: an accuser told all', () => {
  const members = Array.from({ length: 11 }, (_, i) => `m${i}`).map((id) => ({ id, key: memberKey(id) }))
  const [one = 0n, two = 0n, dead = 0n] = members.map(({ key }) => key)
  const told = (by: (core: LivenessCore) => readonly LivenessEffect[]): number => {
    const core = newCore(members)
    for (const { key } of members) meet(core, 1, key)
    core.step(100, { type: 'tick' })
    core.step(200, { type: 'tick' })
    const effects = by(core)
    expect(eventsOf(effects)).toContain('dead')
    return effects.filter((effect) => effect.type === 'send' && effect.message.type === 'gossip').length
  }
  const concluding = told((core) => {
    receive(core, 210, one, accusation(dead, one))
    return receive(core, 220, two, accusation(dead, two))
  })
  const { incarnation } = NO_NEWS
  const verdict = { kind: 'dead', member: dead, incarnation, reason: 'silent' } as const
  const hearing = (accusers: readonly bigint[]): number =>
    told((core) =>
      receive(core, 210, one, { ...NO_NEWS, type: 'gossip', rumors: [{ ...verdict, accusers }] })
    )
  expect({ concluding, hearing: hearing([one, two]), named: hearing([one, SELF]) }).toEqual({
    concluding: 5,
    hearing: 2,
    // Whoever put the accusations together may be one that tells five.
    named: 10
  })
})

/** D is silent to all, and this member has accused it. @returns the time */
function accuseSilent(core: LivenessCore): number {
  for (const key of KEYS) meet(core, 1, key)
  for (let nowMs = 10; nowMs < 2000; nowMs += 10) {
    for (const key of [B, C]) meet(core, nowMs, key)
    if (eventsOf(core.step(nowMs, { type: 'tick' })).includes('suspected')) return nowMs
  }
  throw new Error('it was not accused')
}

function accusation(of: bigint, by: bigint): Message {
  const rumor = { kind: 'accused', member: of, incarnation: NO_NEWS.incarnation, reason: 'silent' } as const
  return { ...NO_NEWS, type: 'gossip', rumors: [{ ...rumor, accusers: [by] }] }
}

test('who does not watch the accused any more withdraws its accusation', () => {
  const core = newCore()
  const nowMs = accuseSilent(core)
  // The next ones in the ring are others now.
  const more = Array.from({ length: 12 }, (_, i) => ({ id: `more-${i}`, key: memberKey(`more-${i}`) }))
  core.step(nowMs + 1, { type: 'members', members: [...OTHERS, ...more] })
  for (const { key } of more) meet(core, nowMs + 1, key)
  expect(eventsOf(core.step(nowMs + 1, { type: 'tick' }))).toEqual(['refuted'])
  expect(eventsOf(receive(core, nowMs + 3, C, accusation(D, C)))).toEqual(['suspected'])
})

test('of an accused member that is not in the list any more nothing is told, as if it had refuted', () => {
  const core = newCore()
  const nowMs = accuseSilent(core)
  const effects = core.step(nowMs + 1, { type: 'members', members: OTHERS.filter(({ key }) => key !== D) })
  expect(eventsOf(effects)).toEqual([])
  expect(eventsOf(core.step(nowMs + 10, { type: 'tick' }))).toEqual([])
})

test('against who was never heard one accuser is enough, and its first word refutes it', () => {
  const core = newCore()
  for (const key of [B, C]) meet(core, 1, key)
  const rumors = [
    { kind: 'accused', member: D, incarnation: 0, accusers: [B], reason: 'neverHeard' }
  ] as const
  expect(eventsOf(receive(core, 2, B, { ...NO_NEWS, type: 'gossip', rumors }))).toEqual(['suspected', 'dead'])
  expect(eventsOf(meet(core, 3, D))).toEqual(['alive'])
})

test('who was never heard takes no place of those that are watched', () => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  const more = Array.from({ length: 12 }, (_, i) => ({ id: `more-${i}`, key: memberKey(`more-${i}`) }))
  core.step(2, { type: 'members', members: [...OTHERS, ...more] })
  const probed = core
    .step(150, { type: 'tick' })
    .flatMap((effect) => (effect.type === 'send' && effect.isProbe ? [effect.to] : []))
  expect(new Set(probed.filter((key) => KEYS.includes(key)))).toEqual(new Set(KEYS))
  // Three more are waited for.
  expect(new Set(probed).size).toBe(6)
})

test('for how long the dead were silent is told only of those that were watched', () => {
  const members = Array.from({ length: 9 }, (_, i) => `m${i}`).map((id) => ({ id, key: memberKey(id) }))
  const core = newCore(members)
  for (const { key } of members) meet(core, 1, key)
  const answeredMs = new Map<bigint, number>()
  for (let nowMs = 10; nowMs <= 1000; nowMs += 10)
    for (const effect of core.step(nowMs, { type: 'tick' }))
      if (effect.type === 'send' && effect.isProbe) {
        answeredMs.set(effect.to, nowMs)
        meet(core, nowMs, effect.to)
      }
  expect(answeredMs.size).toBe(3)
  const { incarnation } = NO_NEWS
  const [watched = 0n] = answeredMs.keys()
  const [other = 0n, from = 0n] = members.map(({ key }) => key).filter((key) => !answeredMs.has(key))
  const dead = [watched, other].flatMap((member) => {
    const verdict = { kind: 'dead', member, incarnation, accusers: [], reason: 'silent' } as const
    return receive(core, 1005, from, { ...NO_NEWS, type: 'gossip', rumors: [verdict] })
  })
  const silentMs = dead.flatMap((effect) =>
    effect.type === 'event' && effect.event.type === 'dead' ? [effect.event.detail.silentMs] : []
  )
  expect(silentMs).toEqual([1005 - (answeredMs.get(watched) ?? 0), undefined])
})

test('the answer of before a member was watched says nothing of its silence', () => {
  const members = Array.from({ length: 9 }, (_, i) => `m${i}`).map((id) => ({ id, key: memberKey(id) }))
  const core = newCore(members)
  for (const { key } of members) meet(core, 1, key)
  for (const nowMs of [100, 200]) core.step(nowMs, { type: 'tick' })
  // All that it watches are silent, so that it watches others, too; then all are dead at once.
  const { incarnation } = NO_NEWS
  const rumors = members.map(
    ({ key }) => ({ kind: 'dead', member: key, incarnation, accusers: [], reason: 'silent' }) as const
  )
  const [from = 0n] = members.map(({ key }) => key)
  const silentMs = receive(core, 210, from, { ...NO_NEWS, type: 'gossip', rumors }).flatMap((effect) =>
    effect.type === 'event' && effect.event.type === 'dead' ? [effect.event.detail.silentMs] : []
  )
  expect(silentMs).toHaveLength(9)
  expect(silentMs.filter((each) => each !== undefined)).toEqual([209, 209, 209])
})

test('isolation ends when nobody is left in the list, and who comes then has time to appear', () => {
  const members = OTHERS.slice(0, 1)
  const core = newCore(members)
  const run = (fromMs: number, untilMs: number): readonly string[] => {
    const told: string[] = []
    for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 10)
      told.push(...eventsOf(core.step(nowMs, { type: 'tick' })))
    return told
  }
  meet(core, 1, B)
  expect(run(10, 500)).toEqual(['suspected', 'dead', 'isolated'])
  core.step(510, { type: 'members', members: [] })
  expect(core.isIsolated).toBe(false)
  run(520, 5000)
  core.step(5010, { type: 'members', members: OTHERS.slice(1) })
  expect(run(5020, 7500)).toEqual([])
  expect(run(7510, 8500)).toEqual(['isolated'])
})

test('who withdraws an accusation tells it, and it counts no more', () => {
  const accuser = newCore()
  const nowMs = accuseSilent(accuser)
  const vouches = meet(accuser, nowMs + 1, D).flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'vouch' ? [{ to: effect.to, ...effect.message }] : []
  )
  expect(new Set(vouches.map(({ to }) => to))).toEqual(new Set([B, C]))
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  core.step(100, { type: 'tick' })
  core.step(200, { type: 'tick' })
  expect(eventsOf(receive(core, 210, B, accusation(D, B)))).toEqual(['suspected'])
  const [{ memberIncarnation, ageMs } = { memberIncarnation: 0, ageMs: 0 }] = vouches
  const vouch = { ...NO_NEWS, type: 'vouch', member: D, memberIncarnation, ageMs } as const
  expect(eventsOf(receive(core, 220, B, vouch))).toEqual(['refuted'])
  expect(eventsOf(receive(core, 400, C, accusation(D, C)))).toEqual(['suspected'])
})

test('an accusation that was withdrawn does not come back from those who heard of it', () => {
  const core = newCore()
  const nowMs = accuseSilent(core)
  meet(core, nowMs + 1, D)
  for (let pass = 10; pass <= 200; pass += 10) {
    for (const key of [B, C]) meet(core, nowMs + pass, key)
    core.step(nowMs + pass, { type: 'tick' })
  }
  expect(eventsOf(receive(core, nowMs + 201, B, accusation(D, SELF)))).toEqual([])
  expect(eventsOf(receive(core, nowMs + 202, C, accusation(D, C)))).toEqual(['suspected'])
})

test('who just had an answer of the accused does not join the verdict, and vouches for it', () => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  const rumor = { kind: 'accused', member: D, incarnation: NO_NEWS.incarnation, reason: 'silent' } as const
  const effects = [B, C].flatMap((accuser) =>
    receive(core, 20, accuser, { ...NO_NEWS, type: 'gossip', rumors: [{ ...rumor, accusers: [accuser] }] })
  )
  expect(eventsOf(effects)).toEqual(['suspected'])
  const vouches = effects.filter((effect) => effect.type === 'send' && effect.message.type === 'vouch')
  expect(vouches.at(-1)).toMatchObject({ to: C, message: { member: D } })
})

test('what a dead member says may have been on its way for long: it is alive again once it answers', () => {
  const core = newCore(OTHERS.slice(0, 1))
  meet(core, 1, B)
  for (let nowMs = 10; core.knowledgeOf(B)?.standing !== 'dead'; nowMs += 10)
    core.step(nowMs, { type: 'tick' })
  const incarnation = NO_NEWS.incarnation + 1
  const rumors = [{ kind: 'alive', member: B, incarnation, accusers: [], reason: 'silent' }] as const
  const effects = receive(core, 2000, B, { ...NO_NEWS, incarnation, type: 'gossip', rumors })
  expect([core.knowledgeOf(B)?.standing, eventsOf(effects)]).toEqual(['dead', []])
  expect(effects.map((effect) => effect.type === 'send' && effect.message.type)).toEqual(['ping'])
  expect(eventsOf(meet(core, 2001, B, { incarnation }))).toContain('alive')
})

test('members that are not in the list any more are not told of', () => {
  const core = newCore()
  for (const key of KEYS) meet(core, 1, key)
  core.step(2, { type: 'members', members: OTHERS.slice(0, 1) })
  expect(core.knowledgeOf(C)).toBeUndefined()
  expect(receive(core, 3, C, { ...NO_NEWS, type: 'ping' })).toEqual([])
  expect(core.counters.strangers).toBe(1)
})

test.each([
  ['self', [{ id: 'a', key: SELF }]],
  ['twice', [...OTHERS, ...OTHERS]],
  ['no id', [{ id: '', key: 1n }]],
  ['too many', Array.from({ length: 10_001 }, (_, i) => ({ id: `${i}`, key: BigInt(i) }))]
])('a list with %s is refused, and changes nothing', (_, members) => {
  const core = newCore()
  expect(() => core.step(1, { type: 'members', members })).toThrow(
    expect.objectContaining({ code: 'ERR_LIVENESS_OPTIONS', field: 'members' })
  )
  expect(core.knowledgeOf(B)).toBeDefined()
})
