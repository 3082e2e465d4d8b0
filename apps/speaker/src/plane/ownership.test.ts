import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OwnershipWorld, TAKE_BACK_MS } from '../../test/ownership-world.ts'

const VIP = '192.0.2.1'
const ABC = ['a', 'b', 'c']

function world(candidates: readonly string[] = ABC, names: readonly string[] = ABC): OwnershipWorld {
  return new OwnershipWorld(names, { [VIP]: candidates })
}

/** Nodes that begin and stop to hold the address from now on, each with why. */
function movesOf(one: OwnershipWorld, work: () => void): readonly string[] {
  const before = one.moves.length
  work()
  return one.moves.slice(before).map(({ node, cause }) => `${node} ${cause}`)
}

test('of nodes that start together the first candidate takes it at once', () => {
  const one = world()
  expect(one.holdersOf(VIP)).toEqual(['a'])
  expect(movesOf(one, () => one.run(60_000))).toEqual([])
})

test('of a node that dies the next one takes over at once; back, it waits, announces first, and takes back', () => {
  const one = world()
  one.run(60_000)
  expect(
    movesOf(one, () => {
      one.crash('a')
      one.run(0)
    })
  ).toEqual(['b silent'])
  one.run(20_000)
  one.restart('a')
  expect(movesOf(one, () => one.run(TAKE_BACK_MS - 100))).toEqual([])
  expect(movesOf(one, () => one.run(200))).toEqual(['a takeBack', 'b released'])
})

test('the cause is told each time', () => {
  const one = world()
  one.run(60_000)
  for (let i = 0; i < 2; i += 1) {
    const crashed = (): void => {
      one.crash('a')
      one.run(0)
    }
    expect(movesOf(one, crashed)).toEqual(['b silent'])
    one.run(20_000)
    one.restart('a')
    one.run(20_000)
  }
})

test('while one waits to take back, its stand-in may die, too: somebody takes over at once', () => {
  const one = world()
  one.run(60_000)
  one.crash('a')
  one.run(20_000)
  one.restart('a')
  one.run(1000)
  one.crash('b')
  one.run(0)
  expect(one.holdersOf(VIP)).toEqual(['a'])
  one.run(60_000)
  expect(one.holdersOf(VIP)).toEqual(['a'])
})

test('who leaves goes on until the next one was heard', () => {
  const one = world()
  one.run(60_000)
  expect(
    movesOf(one, () => {
      one.leave('a')
      one.run(0)
    })
  ).toEqual(['b left', 'a released'])
})

test('who leaves and hears nobody take over stops after a second', () => {
  const one = world(['a', 'c'])
  one.run(60_000)
  one.leave('a')
  // The next one is gone as well, and nobody has noticed.
  one.ownershipOf('c').leave()
  expect(movesOf(one, () => one.run(900))).toEqual([])
  expect(movesOf(one, () => one.run(200))).toEqual(['a released'])
})

test('two halves serve their own side each, and of two holders the first stays when they meet', () => {
  const names = ['a', 'b', 'c', 'd']
  const one = world(names, names)
  one.run(60_000)
  one.split(['a', 'b'], ['c', 'd'])
  one.run(30_000)
  expect(one.holdersOf(VIP)).toEqual(['a', 'c'])
  expect(
    movesOf(one, () => {
      one.heal()
      one.run(0)
    })
  ).toEqual(['c released'])
  expect(movesOf(one, () => one.run(60_000))).toEqual([])
})

test('who was given up for a moment stops when it hears who took over, and takes back later', () => {
  const one = world()
  one.run(60_000)
  one.giveUp('a')
  one.run(0)
  one.resume('a')
  one.run(0)
  expect(one.holdersOf(VIP)).toEqual(['b'])
  one.run(TAKE_BACK_MS + 100)
  expect(one.holdersOf(VIP)).toEqual(['a'])
})

test('a candidate whose announcement was not heard is asked after some seconds whether it has it', () => {
  const one = world()
  one.run(60_000)
  one.deafen('a')
  const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'a'] }]
  for (const name of ['a', 'b']) one.ownershipOf(name).apply({ set, remove: [] })
  one.run(5900)
  expect(one.holdersOf(VIP)).toEqual(['a', 'b'])
  one.undeafen('a')
  one.run(200)
  expect(one.holdersOf(VIP)).toEqual(['b'])
})

test('what is another one’s, who does not know it yet, is kept until that one has it', () => {
  const one = world()
  one.run(60_000)
  const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'a'] }]
  one.ownershipOf('a').apply({ set, remove: [] })
  expect(movesOf(one, () => one.run(120_000))).toEqual([])
  expect(
    movesOf(one, () => {
      one.ownershipOf('b').apply({ set, remove: [] })
      one.run(0)
    })
  ).toEqual(['b takeBack', 'a released'])
})

test('who cannot answer for what is another one’s keeps it no longer', () => {
  const one = world()
  one.run(60_000)
  one.unplug('a')
  const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'a'] }]
  one.ownershipOf('a').apply({ set, remove: [] })
  expect(movesOf(one, () => one.run(0))).toEqual(['a released'])
})

test('who leaves while it keeps what is another one’s goes on until somebody is heard', () => {
  const one = world(['a', 'c'])
  one.run(60_000)
  const set = [{ address: VIP, interfaces: undefined, candidates: ['c', 'a'] }]
  one.ownershipOf('a').apply({ set, remove: [] })
  one.run(60_000)
  one.ownershipOf('a').leave()
  one.run(900)
  expect(one.holdersOf(VIP)).toEqual(['a'])
  one.ownershipOf('c').apply({ set, remove: [] })
  one.run(0)
  expect(one.holdersOf(VIP)).toEqual(['c'])
})

describe('a node that is no candidate any more', () => {
  test('goes on until the next one is heard, and forgets the address', () => {
    const one = world()
    one.run(60_000)
    one.ownershipOf('a').apply({ set: [], handOver: [{ address: VIP, candidates: ['b', 'c'] }], remove: [] })
    one.run(200)
    expect(one.holdersOf(VIP)).toEqual(['a'])
    const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'c'] }]
    expect(
      movesOf(one, () => {
        one.ownershipOf('b').apply({ set, remove: [] })
        one.run(0)
      })
    ).toEqual(['b assignment', 'a released'])
  })

  test('goes on for two minutes as long as nobody else has it', () => {
    const one = world()
    one.run(60_000)
    one.ownershipOf('a').apply({ set: [], handOver: [{ address: VIP, candidates: ['b', 'c'] }], remove: [] })
    one.run(119_900)
    expect(one.holdersOf(VIP)).toEqual(['a'])
    one.run(200)
    expect(one.holdersOf(VIP)).toEqual([])
  })

  test('goes on for two minutes after it was one, however long it kept the address for another', () => {
    const one = world()
    one.run(60_000)
    const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'a', 'c'] }]
    one.ownershipOf('a').apply({ set, remove: [] })
    one.run(200_000)
    one.ownershipOf('a').apply({ set: [], handOver: [{ address: VIP, candidates: ['b', 'c'] }], remove: [] })
    one.run(119_900)
    expect(one.holdersOf(VIP)).toEqual(['a'])
    one.run(200)
    expect(one.holdersOf(VIP)).toEqual([])
  })

  test('asks after a second who has it, if nobody was heard', () => {
    const one = world()
    one.run(60_000)
    one.deafen('a')
    one.ownershipOf('a').apply({ set: [], handOver: [{ address: VIP, candidates: ['b', 'c'] }], remove: [] })
    const set = [{ address: VIP, interfaces: undefined, candidates: ['b', 'c'] }]
    one.ownershipOf('b').apply({ set, remove: [] })
    one.run(900)
    expect(one.holdersOf(VIP)).toEqual(['a', 'b'])
    one.undeafen('a')
    one.run(200)
    expect(one.holdersOf(VIP)).toEqual(['b'])
  })
})

test('an address that is wanted no more is left at once', () => {
  const one = world()
  one.ownershipOf('a').apply({ set: [], remove: [VIP] })
  expect(one.holdersOf(VIP)).toEqual([])
})

describe('who hears nobody', () => {
  test('keeps what it has while it finds out why, and takes nothing', () => {
    const one = world()
    one.run(60_000)
    one.ownershipOf('a').setSeclusion('checking', one.nowMs)
    one.ownershipOf('b').setSeclusion('checking', one.nowMs)
    expect(movesOf(one, () => one.run(200))).toEqual([])
  })

  test('has nothing while it is cut off, and waits to take back after it', () => {
    const one = world()
    one.run(60_000)
    const a = one.ownershipOf('a')
    a.setSeclusion('cutOff', one.nowMs)
    expect(movesOf(one, () => one.run(0))).toEqual(['a released'])
    a.setSeclusion('connected', one.nowMs)
    expect(movesOf(one, () => one.run(TAKE_BACK_MS - 100))).toEqual([])
    expect(movesOf(one, () => one.run(200))).toEqual(['a takeBack'])
  })

  test('goes on with what no other node may have, whoever claims it, and with its own after a single claim', () => {
    for (const candidates of [['c'], ['c', 'a']]) {
      const one = world(candidates)
      one.run(60_000)
      const c = one.ownershipOf('c')
      c.setSeclusion('alone', one.nowMs)
      c.claimed(VIP, one.nowMs)
      one.run(1000)
      if (candidates.length === 1) c.claimed(VIP, one.nowMs)
      expect(movesOf(one, () => one.run(60_000))).toEqual([])
    }
  })

  test('gives way to who is before it for a minute and more, ever longer, and hears of it at the right time', () => {
    const one = world(['a', 'c'])
    one.run(60_000)
    const c = one.ownershipOf('c')
    c.setSeclusion('alone', one.nowMs)
    one.run(0)
    for (const awayMs of [70_000, 130_000, 250_000, 490_000, 610_000, 610_000]) {
      c.claimed(VIP, one.nowMs)
      expect(movesOf(one, () => one.run(awayMs - 50))).toEqual(['c released'])
      expect(c.dueMs).toBe(one.nowMs + 50)
      expect(movesOf(one, () => one.run(50))).toEqual(['c isolation'])
    }
  })

  test('has all when it is the last one', () => {
    const one = world()
    one.run(60_000)
    one.ownershipOf('c').setSeclusion('alone', one.nowMs)
    expect(movesOf(one, () => one.run(0))).toEqual(['c isolation', 'a released'].slice(0, 1))
  })
})

const steps = fc.array(
  fc.oneof(
    fc.record({ crash: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ restart: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ pause: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ split: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1, maxLength: 3 }) }),
    fc.constant({ heal: true }),
    fc.record({ waitMs: fc.integer({ min: 0, max: 8000 }) })
  ),
  { maxLength: 25 }
)

test('after any faults each side has exactly one holder once it has settled', () => {
  const names = ['a', 'b', 'c', 'd']
  const candidates = {
    '192.0.2.1': names,
    '192.0.2.2': ['c', 'a', 'd', 'b'],
    '192.0.2.3': ['d', 'c', 'b', 'a']
  }
  fc.assert(
    fc.property(steps, (all) => {
      const one = new OwnershipWorld(names, candidates)
      const down = new Set<string>()
      let sides: readonly (readonly string[])[] = [names]
      for (const step of all) {
        if ('waitMs' in step) one.run(step.waitMs)
        if ('crash' in step && !down.has(step.crash)) {
          down.add(step.crash)
          one.crash(step.crash)
        }
        if ('restart' in step && down.delete(step.restart)) one.restart(step.restart)
        if ('pause' in step && !down.has(step.pause)) {
          one.giveUp(step.pause)
          one.run(100)
          one.resume(step.pause)
        }
        if ('split' in step && sides.length === 1) {
          sides = [step.split, names.filter((name) => !step.split.includes(name))]
          one.split(...sides)
        }
        if ('heal' in step && sides.length > 1) {
          sides = [names]
          one.heal()
        }
        one.run(0)
      }
      one.run(20_000)
      for (const [address, order] of Object.entries(candidates))
        for (const side of sides) {
          const first = order.find((name) => side.includes(name) && !down.has(name))
          const holders = one.holdersOf(address).filter((name) => side.includes(name))
          expect(holders).toEqual(first === undefined ? [] : [first])
        }
    }),
    { numRuns: 300 }
  )
})
