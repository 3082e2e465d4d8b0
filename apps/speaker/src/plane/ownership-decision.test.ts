import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideOwnership,
  type OwnershipMode,
  type OwnershipQuestion,
  type OwnershipView,
  type PeerView
} from './ownership-decision.ts'

const ORDER = ['a', 'b', 'c', 'd']
const SETTLED: PeerView = { isSettled: true, mayHold: true }
const NEWCOMER: PeerView = { isSettled: false, mayHold: false }

interface World {
  readonly self: string
  readonly mode?: OwnershipMode
  readonly isSettled?: boolean
  readonly peers?: Readonly<Record<string, PeerView>>
}

function viewOf({ self, mode = 'together', isSettled = true, peers = {} }: World): OwnershipView {
  return { self, mode, isSettled, peer: (name) => (mode === 'alone' ? undefined : peers[name]) }
}

function decide(world: World, question: Partial<OwnershipQuestion> = {}): string {
  return decideOwnership({ candidates: ORDER, isHeld: false, isCeded: false, ...question }, viewOf(world))
}

describe('among others', () => {
  test('the first of those that are alive takes it, the others do not', () => {
    const peers = { b: SETTLED, c: SETTLED, d: SETTLED }
    expect(decide({ self: 'b', peers: { c: SETTLED, d: SETTLED } })).toBe('hold')
    expect(decide({ self: 'c', peers })).toBe('leave')
  })

  test('who holds it waits for one before it that has settled, and for none that has not', () => {
    expect(decide({ self: 'b', peers: { a: SETTLED } }, { isHeld: true })).toBe('handOver')
    expect(decide({ self: 'b', peers: { a: NEWCOMER } }, { isHeld: true })).toBe('hold')
    expect(decide({ self: 'b', peers: { c: SETTLED } }, { isHeld: true })).toBe('hold')
  })

  test('who has just come takes nothing that another one may hold, and what nobody may', () => {
    expect(decide({ self: 'a', isSettled: false, peers: { c: SETTLED } })).toBe('leave')
    expect(decide({ self: 'a', isSettled: false, peers: { c: { isSettled: true, mayHold: false } } })).toBe(
      'hold'
    )
    expect(decide({ self: 'a', isSettled: false, peers: { c: NEWCOMER } })).toBe('hold')
    expect(decide({ self: 'c', isSettled: false, peers: { a: NEWCOMER } })).toBe('leave')
  })

  test('what one before it has announced is left to that one, settled or not', () => {
    expect(decide({ self: 'b', peers: { a: NEWCOMER } })).toBe('hold')
    expect(decide({ self: 'b', peers: { a: NEWCOMER } }, { isCeded: true })).toBe('leave')
    expect(decide({ self: 'b', peers: {} }, { isCeded: true })).toBe('hold')
  })

  test('who is no candidate any more goes on until one of them is heard, if any is there', () => {
    const question = { candidates: ['b'], isHeld: true }
    expect(decide({ self: 'a', peers: { b: SETTLED } }, question)).toBe('handOver')
    expect(decide({ self: 'a' }, question)).toBe('leave')
    expect(decide({ self: 'a', peers: { b: SETTLED } }, { ...question, isHeld: false })).toBe('leave')
  })
})

test.each<[OwnershipMode, string, string]>([
  ['waiting', 'hold', 'leave'],
  ['cutOff', 'leave', 'leave'],
  ['alone', 'hold', 'hold'],
  ['leaving', 'handOver', 'leave'],
  ['listed', 'leave', 'leave']
])('%s: what is held: %s; what is not: %s', (mode, held, other) => {
  const world = { self: 'b', mode, peers: { a: SETTLED } }
  expect([decide(world, { isHeld: true }), decide(world)]).toEqual([held, other])
})

test('who hears nobody leaves what others announce, and has it until it knows', () => {
  const world = { self: 'b', mode: 'alone' } as const
  expect([decide(world, { isCeded: true }), decide(world, { isHeld: true, isCeded: true })]).toEqual([
    'leave',
    'hold'
  ])
})

test('with lists that somebody else keeps the first of the list has it', () => {
  expect(decide({ self: 'a', mode: 'listed' })).toBe('hold')
})

test('who leaves and has no heir stops at once', () => {
  expect(decide({ self: 'b', mode: 'leaving' }, { isHeld: true })).toBe('leave')
})

/** Nodes that are alive and see the same. */
const clusters = fc
  .record({
    alive: fc.subarray(ORDER, { minLength: 1 }),
    settled: fc.subarray(ORDER),
    holders: fc.subarray(ORDER),
    candidates: fc.shuffledSubarray(ORDER, { minLength: 1 })
  })
  .filter(({ alive, candidates }) => alive.some((name) => candidates.includes(name)))

function verdicts(
  alive: readonly string[],
  settled: readonly string[],
  candidates: readonly string[],
  holders: readonly string[]
): Map<string, string> {
  return new Map(
    alive.map((self) => {
      const peers = Object.fromEntries(
        alive
          .filter((name) => name !== self)
          .map((name) => [name, { isSettled: settled.includes(name), mayHold: settled.includes(name) }])
      )
      const world = { self, isSettled: settled.includes(self), peers }
      return [self, decide(world, { candidates, isHeld: holders.includes(self) })]
    })
  )
}

test('with equal views there is somebody who holds it, whoever held it before', () => {
  fc.assert(
    fc.property(clusters, ({ alive, settled, candidates, holders }) => {
      const values = [...verdicts(alive, settled, candidates, holders).values()]
      expect(values.some((verdict) => verdict !== 'leave')).toBe(true)
      expect(values.filter((verdict) => verdict === 'hold').length).toBeGreaterThan(0)
    })
  )
})

test('once all have settled exactly one holds it: the first of those that are alive', () => {
  fc.assert(
    fc.property(clusters, ({ alive, candidates, holders }) => {
      const result = verdicts(alive, alive, candidates, holders)
      const first = candidates.find((name) => alive.includes(name))
      expect([...result].filter(([, verdict]) => verdict === 'hold').map(([name]) => name)).toEqual([first])
    })
  )
})

test('nobody stops before the one whose it is begins', () => {
  fc.assert(
    fc.property(clusters, ({ alive, settled, candidates, holders }) => {
      const result = verdicts(alive, settled, candidates, holders)
      const isTakenBy = [...result].some(([name, verdict]) => verdict === 'hold' && candidates.includes(name))
      for (const [name, verdict] of result)
        if (holders.includes(name) && candidates.includes(name) && verdict === 'leave')
          expect(isTakenBy).toBe(true)
      const stopped = [...result].filter(([name, verdict]) => holders.includes(name) && verdict === 'leave')
      expect(stopped.filter(([name]) => candidates.includes(name))).toEqual([])
    })
  )
})
