import { Simulation, type SimulationOptions } from '@clarion-lb/liveness/simulation'
import { atMost, below, type Figure, quantile, reference, round } from './result.ts'

interface Fault {
  readonly what: string
  readonly loss?: number
  /** Counts of members, and how often each is tried. */
  readonly runs: readonly (readonly [count: number, runs: number])[]
  /** p99, milliseconds. */
  readonly limitMs: number
  readonly happen: (simulation: Simulation) => void
  /** Whether all that remain know. */
  readonly isKnown: (simulation: Simulation) => boolean
}

/** As on machines with other work. */
const TIMER_LATENESS_MS = 3
/** The phases of probes differ from run to run. */
const SETTLE_MS = 1500
const LONGEST_MS = 10_000
const VICTIM = 'm0'
const LOSS = 0.2

const isDead = (simulation: Simulation): boolean => simulation.allHold(VICTIM, 'dead')
/** Detection may take this long where the whole take-over has 500 ms. */
const GONE_LIMIT_MS = 400

const FAULTS: readonly Fault[] = [
  {
    what: 'machine gone',
    runs: [
      [3, 1000],
      [12, 500]
    ],
    limitMs: GONE_LIMIT_MS,
    happen: (simulation) => simulation.crash(VICTIM),
    isKnown: isDead
  },
  {
    what: 'process gone',
    runs: [
      [3, 500],
      [12, 300]
    ],
    limitMs: 200,
    happen: (simulation) => simulation.kill(VICTIM),
    isKnown: isDead
  },
  {
    what: 'gone, 20 % loss',
    loss: LOSS,
    runs: [
      [3, 300],
      [12, 200]
    ],
    limitMs: 500,
    happen: (simulation) => simulation.crash(VICTIM),
    isKnown: isDead
  },
  {
    what: 'leave, 20 % loss',
    loss: LOSS,
    runs: [
      [3, 500],
      [12, 500]
    ],
    limitMs: 200,
    happen: (simulation) => simulation.leave(VICTIM),
    isKnown: (simulation) => simulation.allHold(VICTIM, 'left')
  },
  {
    what: 'split in two halves',
    runs: [[12, 500]],
    limitMs: GONE_LIMIT_MS,
    happen: (simulation) => simulation.network.partition(halvesOf(simulation)),
    isKnown: (simulation) => {
      const [left = [], right = []] = halvesOf(simulation)
      const areDead = (by: readonly string[], of: readonly string[]): boolean =>
        by.every((one) => of.every((other) => simulation.standing(one, other) === 'dead'))
      return areDead(left, right) && areDead(right, left)
    }
  }
]

/** The ring is ordered by a hash: names in order are members at random. */
function halvesOf({ ids }: Simulation): readonly (readonly string[])[] {
  return [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)]
}

/** How soon all that remain know, over many seeds, in virtual time. */
export function simulateFaults(): readonly Figure[] {
  return FAULTS.flatMap(({ what, runs, limitMs, ...fault }) =>
    runs.flatMap(([count, times]) => {
      const tookMs = Array.from({ length: times }, (_, i) => timeOf(fault, count, i + 1))
      const name = `${count} simulated members, ${what}: all know`
      return [
        reference(`${name}, p50 of ${times}`, quantile(tookMs, 0.5), 'ms'),
        below(`${name}, p99`, quantile(tookMs, 0.99), limitMs, 'ms'),
        reference(`${name}, longest`, Math.max(...tookMs), 'ms')
      ]
    })
  )
}

function timeOf(
  { loss = 0, happen, isKnown }: Pick<Fault, 'loss' | 'happen' | 'isKnown'>,
  count: number,
  seed: number
): number {
  const simulation = settled({ count, seed, loss })
  simulation.run(seed % 100)
  happen(simulation)
  return simulation.runUntil(() => isKnown(simulation), LONGEST_MS) ?? Number.POSITIVE_INFINITY
}

/** An hour in which every fifth datagram is lost, and nobody dies. */
export function simulateLoss(count: number): Figure {
  const simulation = settled({ count, seed: 1, loss: LOSS })
  simulation.events.length = 0
  simulation.run(3_600_000)
  const deaths = simulation.events.filter(({ event }) => event.type === 'dead')
  return atMost(`${count} simulated members, 20 % loss, an hour: false deaths`, deaths.length, 0, '')
}

/** What a member sends in a large group, and how soon the death of one is known. */
export function simulateGroup(count: number): readonly Figure[] {
  const what = `${count} simulated members, period 100 ms`
  const simulation = new Simulation({ count, seed: 1, keepsEvents: false })
  // Until the news that all are there has gone round.
  simulation.run(30_000)
  const before = simulation.traffic
  const measuredMs = 2000
  simulation.run(measuredMs)
  const { datagrams, bytes } = simulation.traffic
  const memberS = (count * measuredMs) / 1000
  simulation.crash(VICTIM)
  const tookMs = simulation.runUntil(() => isDead(simulation), LONGEST_MS) ?? Number.POSITIVE_INFINITY
  return [
    reference(`${what}: sent by each`, Math.round((bytes - before.bytes) / memberS), 'B/s'),
    reference(`${what}: datagrams sent by each`, round((datagrams - before.datagrams) / memberS), '/s'),
    below(`${what}: all know of a host that is gone`, tookMs, GONE_LIMIT_MS, 'ms')
  ]
}

function settled({ loss, ...options }: SimulationOptions & { readonly loss: number }): Simulation {
  const simulation = new Simulation({ ...options, conditions: { loss }, timerLatenessMs: TIMER_LATENESS_MS })
  simulation.runUntil(() => simulation.isConverged(), LONGEST_MS)
  simulation.run(SETTLE_MS)
  return simulation
}
