import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { LivenessEvent } from '../events.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'

/** The README's bounds, with the default parameters: 300 ms of silence, and what timers and the way take. */
const CRASH_MS = 325
/** Who begins to watch since all others are silent has 175 ms from then, and its helpers 75 ms. */
const SPLIT_MS = 370
const FROM_LAST_WORD_MS = 20

// Virtual time goes by fast, but not on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 })

type Death = LivenessEvent & { readonly type: 'dead' }

function started(options: SimulationOptions): Simulation {
  const simulation = new Simulation({ encodes: true, ...options })
  expect(simulation.runUntil(() => simulation.isConverged(), 10_000)).toBeDefined()
  simulation.run(500)
  simulation.events.length = 0
  return simulation
}

function deaths(simulation: Simulation): readonly Death[] {
  return simulation.events.flatMap(({ event }) => (event.type === 'dead' ? [event] : []))
}

// fast-check prints the seed and the numbers of what fails.
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const fewRuns = { numRuns: 12 }
/** What is promised holds for the default, and for the fewest that there can be. */
const WATCHERS = [3, 2]

test.each(WATCHERS)('without a fault nobody is even suspected (%i watchers)', (watchers) => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 14 }), (seed, count) => {
      const simulation = started({
        parameters: { watchers },
        count,
        seed,
        conditions: { jitterMs: 15, duplication: 0.1 }
      })
      simulation.run(3000)
      expect(simulation.events).toEqual([])
    }),
    fewRuns
  )
})

test('who starts before its cable is in finds no pause in itself, and accuses nobody whom it never heard', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 4, max: 12 }), (seed, count) => {
      const simulation = started({ count, seed })
      simulation.network.partition([simulation.ids.slice(1)])
      simulation.run(1000)
      simulation.start('m0')
      simulation.run(1000)
      simulation.network.heal()
      simulation.run(3000)
      expect(simulation.isConverged()).toBe(true)
      expect(simulation.counters('m0')).toMatchObject({ pauses: 0, accusations: 0 })
    }),
    fewRuns
  )
})

test('who is heard of before it is heard has all its time from then on', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const simulation = new Simulation({ count: 4, seed })
      simulation.crash('m3')
      simulation.run(2000)
      simulation.network.cut('m3', 'm0')
      simulation.start('m3')
      simulation.run(1000)
      const told = simulation.events.filter(
        ({ by, event }) => by === 'm0' && 'id' in event.detail && event.detail.id === 'm3'
      )
      const accusedMs = told.find(
        ({ event }) => event.type === 'suspected' && event.detail.accuser === 'm0'
      )?.atMs
      expect(told[0]?.event.type).toBe('alive')
      // Those who hear it may vouch for it.
      expect(accusedMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual((told[0]?.atMs ?? 0) + 300)
    }),
    fewRuns
  )
})

test.each(WATCHERS)(
  'with a fifth of all datagrams lost nobody is declared dead (%i watchers)',
  (watchers) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 9 }), (seed, count) => {
        const simulation = started({
          parameters: { watchers },
          count,
          seed,
          conditions: { loss: 0.2, jitterMs: 10 }
        })
        simulation.run(10_000)
        expect(deaths(simulation)).toEqual([])
      }),
      { numRuns: 8 }
    )
  }
)

test.each(WATCHERS)(
  'a crash is found by all within the bound, by two accusers who are named (%i watchers)',
  (watchers) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 36 }), fc.nat(100), (seed, count, phaseMs) => {
        const simulation = started({ parameters: { watchers }, count, seed })
        simulation.run(phaseMs)
        simulation.crash('m1')
        expect(simulation.runUntil(() => simulation.allHold('m1', 'dead'), CRASH_MS)).toBeDefined()
        for (const { detail } of deaths(simulation)) {
          expect(detail.id).toBe('m1')
          expect(new Set(detail.accusers).size).toBe(2)
        }
      }),
      { numRuns: 30 }
    )
  }
)

test('a crash is found by the one that is left though somebody else was just made known, and never appears', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 2500 }), (seed, afterMs) => {
      const simulation = new Simulation({ count: 3, seed })
      simulation.crash('m2')
      const tellAll = (ids: readonly string[]): void => {
        for (const id of ['m0', 'm1']) simulation.setMembers(id, ids)
      }
      tellAll(['m0', 'm1'])
      simulation.run(5000)
      tellAll(simulation.ids)
      simulation.run(afterMs)
      simulation.crash('m1')
      // While m2 may appear, m0 may be the one that is cut off.
      simulation.run(2950 - afterMs)
      expect(simulation.standing('m0', 'm1')).toBe('alive')
      expect(simulation.runUntil(() => simulation.allHold('m1', 'dead'), 50 + CRASH_MS)).toBeDefined()
    }),
    fewRuns
  )
})

test('a crash is found though most of the list never were there', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 10, max: 20 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.constantFrom(...WATCHERS),
      (seed, count, afterMs, watchers) => {
        const simulation = new Simulation({ count, seed, parameters: { watchers } })
        for (const id of simulation.ids.slice(3)) simulation.crash(id)
        expect(simulation.runUntil(() => simulation.isConverged(), 10_000)).toBeDefined()
        simulation.run(500 + afterMs)
        simulation.crash('m1')
        expect(simulation.runUntil(() => simulation.allHold('m1', 'dead'), CRASH_MS)).toBeDefined()
        expect(deaths(simulation).filter(({ detail }) => ['m0', 'm2'].includes(detail.id))).toEqual([])
      }
    ),
    { numRuns: 20 }
  )
})

test('those of a list who never were there are dead in the end, in the eyes of all', () => {
  const simulation = new Simulation({ count: 12, seed: 1 })
  const absent = simulation.ids.slice(3)
  for (const id of absent) simulation.crash(id)
  simulation.run(15_000)
  expect(absent.filter((id) => !simulation.allHold(id, 'dead'))).toEqual([])
})

test('who starts without a network declares nobody dead, nor who loses it before it heard all', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 3, max: 8 }),
      fc.integer({ min: 0, max: 400 }),
      (seed, count, cutMs) => {
        const simulation = new Simulation({ count, seed })
        simulation.network.partition([['m0', 'm1']])
        simulation.start('m0')
        simulation.run(cutMs)
        simulation.network.partition([])
        simulation.run(10_000)
        expect(simulation.events.filter(({ by, event }) => by === 'm0' && event.type === 'dead')).toEqual([])
      }
    ),
    fewRuns
  )
})

test('of two members the one that is left declares the other one dead, and itself isolated', () => {
  const simulation = started({ count: 2, seed: 5 })
  simulation.crash('m1')
  expect(simulation.runUntil(() => simulation.allHold('m1', 'dead'), CRASH_MS)).toBeDefined()
  expect(simulation.isIsolated('m0')).toBe(true)
})

test.each(WATCHERS)(
  'a process that ended, on a host that lives, is found within 0.2 s (%i watchers)',
  (watchers) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 12 }), (seed, count) => {
        const simulation = started({ parameters: { watchers }, count, seed })
        simulation.kill('m1')
        expect(simulation.runUntil(() => simulation.allHold('m1', 'dead'), 200)).toBeDefined()
        expect(deaths(simulation).some(({ detail }) => detail.reason === 'refused')).toBe(true)
      }),
      { numRuns: 20 }
    )
  }
)

test('who says that it leaves has left in the eyes of all at once', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 40 }), (seed, count) => {
      const simulation = started({ count, seed })
      simulation.leave('m1')
      expect(simulation.runUntil(() => simulation.allHold('m1', 'left'), FROM_LAST_WORD_MS)).toBeDefined()
      simulation.run(1000)
      expect(deaths(simulation)).toEqual([])
    }),
    fewRuns
  )
})

test.each(WATCHERS)(
  'several that crash at once are all found, neighbours on the ring too (%i watchers)',
  (watchers) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 7, max: 14 }), (seed, count) => {
        const simulation = started({ parameters: { watchers }, count, seed })
        const lost = ['m1', 'm2', 'm3']
        for (const id of lost) simulation.crash(id)
        const isFound = (): boolean => lost.every((id) => simulation.allHold(id, 'dead'))
        expect(simulation.runUntil(isFound, 2 * CRASH_MS)).toBeDefined()
        expect(deaths(simulation).every(({ detail }) => lost.includes(detail.id))).toBe(true)
      }),
      fewRuns
    )
  }
)

describe('restarts', () => {
  test('a restarted process is known as new, its former end noticed or not', () => {
    const simulation = started({ count: 5, seed: 1 })
    simulation.start('m2')
    expect(simulation.runUntil(() => simulation.isConverged(), 1000)).toBeDefined()
    simulation.run(500)
    const restarts = simulation.events.filter(
      ({ event }) => event.type === 'alive' && event.detail.id === 'm2' && event.detail.reason === 'restarted'
    )
    expect(new Set(restarts.map(({ by }) => by))).toEqual(new Set(['m0', 'm1', 'm3', 'm4']))
  })

  test('so is one that starts again at once, by a clock that is as coarse as lives are', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 10 }), (seed, count) => {
        const simulation = started({ count, seed })
        // A life begins with the wall clock in steps of 256 ms.
        simulation.run(256 - (simulation.nowMs % 256))
        for (let start = 0; start < 2; start += 1) {
          simulation.events.length = 0
          simulation.start('m1')
          simulation.run(120)
          const told = simulation.events.filter(
            ({ event }) => event.type === 'alive' && event.detail.id === 'm1'
          )
          expect(told.map(({ event }) => 'reason' in event.detail && event.detail.reason)).toEqual(
            Array.from({ length: count - 1 }, () => 'restarted')
          )
        }
      }),
      fewRuns
    )
  })

  test('so is one whose clock went back by a day', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 10 }), fc.boolean(), (seed, count, isNoticed) => {
        const simulation = started({ count, seed })
        simulation.stepClock('m1', -86_400_000)
        simulation.crash('m1')
        simulation.run(isNoticed ? 1000 : 5)
        simulation.events.length = 0
        simulation.start('m1')
        simulation.run(1500)
        expect(simulation.isConverged()).toBe(true)
        for (const by of simulation.ids.filter((id) => id !== 'm1'))
          expect(
            simulation.events.some(
              (each) =>
                each.by === by && each.event.type === 'alive' && each.event.detail.reason === 'restarted'
            )
          ).toBe(true)
      }),
      fewRuns
    )
  })
})

test('who is back, and then is silent for a moment, is not given up again', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 4, max: 10 }), (seed, count) => {
      const simulation = started({ count, seed })
      simulation.crash('m1')
      simulation.run(1000)
      simulation.start('m1')
      const isAlive = (by: string): boolean => by !== 'm1' && simulation.standing(by, 'm1') === 'alive'
      expect(simulation.runUntil(() => simulation.ids.some(isAlive), 1000)).toBeDefined()
      simulation.events.length = 0
      simulation.pause('m1', 700)
      simulation.run(3000)
      expect(deaths(simulation)).toEqual([])
      expect(simulation.isConverged()).toBe(true)
    }),
    fewRuns
  )
})

describe('pauses', () => {
  test.each(WATCHERS)(
    'one that is shorter than the silence that is waited for harms nobody (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 3, max: 8 }), (seed, count) => {
          const simulation = started({ parameters: { watchers }, count, seed })
          for (let i = 0; i < 10; i += 1) {
            simulation.pause(`m${i % count}`, 150)
            simulation.run(400)
          }
          expect(deaths(simulation)).toEqual([])
        }),
        fewRuns
      )
    }
  )

  test.each(WATCHERS)('who was late itself accuses nobody (%i watchers)', (watchers) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 200, max: 5000 }), (seed, pauseMs) => {
        const simulation = started({ parameters: { watchers }, count: 5, seed })
        for (const id of ['m0', 'm1', 'm2']) simulation.pause(id, pauseMs)
        simulation.run(pauseMs + 2000)
        const byTheLate = deaths(simulation).filter(({ detail }) =>
          detail.accusers.some((id) => ['m0', 'm1', 'm2'].includes(id))
        )
        expect(byTheLate).toEqual([])
        expect(simulation.isConverged()).toBe(true)
      }),
      fewRuns
    )
  })
})

describe('cuts', () => {
  test.each(WATCHERS)(
    'two members that cannot reach each other live on while others reach both (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 3, max: 8 }), fc.boolean(), (seed, count, isBothWays) => {
          const simulation = started({ parameters: { watchers }, count, seed })
          simulation.network.cut('m0', 'm1')
          if (isBothWays) simulation.network.cut('m1', 'm0')
          simulation.run(5000)
          expect(deaths(simulation)).toEqual([])
        }),
        fewRuns
      )
    }
  )

  test.each(WATCHERS)(
    'who can only send is as dead as who can only receive, and knows (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.boolean(), (seed, canSend) => {
          const simulation = started({ parameters: { watchers }, count: 5, seed })
          for (const id of simulation.ids)
            if (canSend) simulation.network.cut(id, 'm1')
            else simulation.network.cut('m1', id)
          const isFound = (): boolean =>
            ['m0', 'm2', 'm3', 'm4'].every((by) => simulation.standing(by, 'm1') === 'dead')
          expect(simulation.runUntil(isFound, CRASH_MS + 100)).toBeDefined()
          expect(simulation.runUntil(() => simulation.isIsolated('m1'), 100)).toBeDefined()
        }),
        fewRuns
      )
    }
  )

  test.each(WATCHERS)(
    'who hears nothing brings nobody else into disrepute, whomever it asks (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 8, max: 14 }), (seed, count) => {
          const simulation = started({ parameters: { watchers }, count, seed, conditions: { jitterMs: 5 } })
          for (const id of simulation.ids) simulation.network.cut(id, 'm1')
          simulation.run(2000)
          expect(deaths(simulation).filter(({ detail }) => detail.id !== 'm1')).toEqual([])
        }),
        { numRuns: 20 }
      )
    }
  )

  test.each(WATCHERS)(
    'each half of a split finds all of the other one at once, whoever watched whom (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(
          seeds,
          fc
            .integer({ min: 4, max: 14 })
            .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count })),
          (seed, order) => {
            const simulation = started({ parameters: { watchers }, count: order.length, seed })
            const ids = order.map((i) => `m${i}`)
            const halves = [ids.slice(0, order.length >> 1), ids.slice(order.length >> 1)] as const
            simulation.network.partition(halves)
            const [left, right] = halves
            const isFound = (): boolean =>
              left.every((a) =>
                right.every(
                  (b) => simulation.standing(a, b) === 'dead' && simulation.standing(b, a) === 'dead'
                )
              )
            expect(simulation.runUntil(isFound, SPLIT_MS)).toBeDefined()
          }
        ),
        // All of one half but the last watch each other: the last one looks round the whole other half.
        { numRuns: 40, examples: [[1_230_405_076, [6, 9, 5, 11, 12, 1, 0, 10, 3, 8, 7, 4, 13, 2]]] }
      )
    }
  )

  test.each(WATCHERS)(
    'who is cut off knows it as soon as the others do, and declares nobody dead (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 3, max: 10 }), (seed, count) => {
          const simulation = started({ parameters: { watchers }, count, seed })
          simulation.network.partition([simulation.ids.filter((id) => id !== 'm0')])
          expect(simulation.runUntil(() => simulation.isIsolated('m0'), CRASH_MS + 100)).toBeDefined()
          simulation.run(1000)
          expect(simulation.events.filter(({ by, event }) => by === 'm0' && event.type === 'dead')).toEqual(
            []
          )
        }),
        fewRuns
      )
    }
  )

  test.each(WATCHERS)(
    'a network that was away for all leaves no verdict behind (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(
          seeds,
          fc.integer({ min: 3, max: 10 }),
          fc.integer({ min: 300, max: 5000 }),
          (seed, count, ms) => {
            const simulation = started({ parameters: { watchers }, count, seed })
            simulation.network.partition([])
            simulation.run(ms)
            simulation.network.heal()
            simulation.run(2000)
            expect(deaths(simulation)).toEqual([])
            expect(simulation.ids.some((id) => simulation.isIsolated(id))).toBe(false)
          }
        ),
        fewRuns
      )
    }
  )

  test.each(WATCHERS)(
    'after a partition heals all know each other as alive again, without a restart (%i watchers)',
    (watchers) => {
      fc.assert(
        fc.property(seeds, fc.integer({ min: 4, max: 12 }), (seed, count) => {
          const simulation = started({ parameters: { watchers }, count, seed, conditions: { loss: 0.1 } })
          const half = count >> 1
          simulation.network.partition([simulation.ids.slice(0, half), simulation.ids.slice(half)])
          simulation.run(2000)
          expect(simulation.standing('m0', `m${count - 1}`)).toBe('dead')
          simulation.network.heal()
          expect(simulation.runUntil(() => simulation.isConverged(), 5000)).toBeDefined()
          expect(
            simulation.events.some(
              ({ event }) => event.type === 'alive' && event.detail.reason === 'restarted'
            )
          ).toBe(false)
        }),
        fewRuns
      )
    }
  )
})

test('the load of a member is the same among 12 and among 100, and no datagram is longer than the MTU', () => {
  const rates = [12, 100].map((count) => {
    const simulation = started({ count, seed: 3, encodes: false })
    simulation.run(3000)
    const before = simulation.traffic
    simulation.run(1000)
    const { datagrams, bytes, longestBytes } = simulation.traffic
    expect(longestBytes).toBeLessThanOrEqual(1232)
    return { datagrams: (datagrams - before.datagrams) / count, bytes: (bytes - before.bytes) / count }
  })
  const [few, many] = rates
  expect((many?.datagrams ?? 0) / (few?.datagrams ?? 1)).toBeLessThan(1.2)
  expect((many?.bytes ?? 0) / (few?.bytes ?? 1)).toBeLessThan(1.3)
})

test('a seed decides all that happens', () => {
  const stories = [1, 2].map(() => {
    const simulation = started({ count: 5, seed: 11, conditions: { loss: 0.3 } })
    simulation.crash('m3')
    simulation.run(3000)
    return simulation.events
  })
  expect(stories[0]).toEqual(stories[1])
})
