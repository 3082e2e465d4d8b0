import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Ipam } from '@clarion-lb/ipam'
import { type IpFamily, IpRange } from '@clarion-lb/netaddr'
import { atMost, type BenchResult, type Figure, quantile, reference, round } from './result.ts'

const LARGE = '10.16.0.0/12'
const LARGE_SIZE = 2 ** 20
const ALLOCATIONS = 100_000
const FILL_REPEATS = 5
const ROUNDS = 25
const SAMPLES_PER_ROUND = 4000
const ALMOST_EMPTY = 100
const POOLS_WEIGHED = 100
const HELD_PER_POOL = 200
const WEIGHINGS = 5

/** Time and memory of the allocator where naive ones grow with the size or the fullness of the pool. */
export async function benchIpam(): Promise<BenchResult> {
  // Memory first, while the heap is small and nothing of the others is left in it.
  return { bench: 'ipam', figures: [...memoryFigures(), ...fillFigures(), ...churnFigures()] }
}

function fillFigures(): readonly Figure[] {
  const keys = Array.from({ length: ALLOCATIONS }, (_, i) => formatKey('namespace', i))
  const times = Array.from({ length: FILL_REPEATS }, () => {
    const ipam = create(LARGE)
    const start = performance.now()
    for (const key of keys) allocate(ipam, key, 4)
    return performance.now() - start
  })
  return [atMost(`${ALLOCATIONS} allocations from an empty /12`, round(quantile(times, 0.5)), 1000, 'ms')]
}

/** A pool in which one gives its address back and another takes one, again and again. */
interface Churn {
  readonly pool: string
  /** Numbers of the keys that hold an address of it. */
  readonly held: number[]
  /** Number of the next key. */
  next: number
}

/**
 * Two pools of one allocator, with the one full to nine tenths and the other almost empty, so that nothing but the
 * fullness of the pool differs.
 */
function churnFigures(): readonly Figure[] {
  const random = createRandom(1)
  const ipam = new Ipam<undefined>()
  ipam.setPools([
    { name: 'full', ranges: [IpRange.parse('10.16.0.0/12')] },
    { name: 'empty', ranges: [IpRange.parse('10.32.0.0/12')] }
  ])
  const full = fill(ipam, 'full', LARGE_SIZE)
  // Given back here and there: what is free is not in one piece.
  for (let i = 0; i < LARGE_SIZE / 10; i += 1) ipam.release(formatKey('full', takeAny(full.held, random)))
  const empty = fill(ipam, 'empty', ALMOST_EMPTY)

  const times = new Map<Churn, (readonly number[])[]>([
    [empty, []],
    [full, []]
  ])
  for (let i = -1; i < ROUNDS; i += 1) {
    // Both meet the same conditions of the machine; who goes first alternates.
    for (const churn of i % 2 === 0 ? [empty, full] : [full, empty]) {
      const taken = sample(ipam, churn, random)
      // The first round only warms up.
      if (i >= 0) times.get(churn)?.push(taken)
    }
  }
  // Of the rounds the middle one: a pause of the collector in one of them says nothing.
  const typical = (churn: Churn, q: number): number =>
    quantile(
      (times.get(churn) ?? []).map((one) => quantile(one, q)),
      0.5
    )
  const name = 'of release and allocate, /12'
  return [
    atMost(
      `p99 ${name} at 90 % to an almost empty one`,
      round(typical(full, 0.99) / typical(empty, 0.99)),
      2,
      'times'
    ),
    reference(`p99 ${name} at 90 %`, round(typical(full, 0.99)), 'µs'),
    reference(`p99 ${name} almost empty`, round(typical(empty, 0.99)), 'µs'),
    reference(`median ${name} at 90 %`, round(typical(full, 0.5)), 'µs'),
    reference(`median ${name} almost empty`, round(typical(empty, 0.5)), 'µs')
  ]
}

function fill(ipam: Ipam<undefined>, pool: string, count: number): Churn {
  const held = Array.from({ length: count }, (_, i) => i)
  for (const i of held) allocate(ipam, formatKey(pool, i), 4, pool)
  return { pool, held, next: count }
}

/** How long each of many changes took, in microseconds. */
function sample(ipam: Ipam<undefined>, churn: Churn, random: () => number): readonly number[] {
  const { pool, held } = churn
  const times: number[] = []
  for (let i = 0; i < SAMPLES_PER_ROUND; i += 1) {
    const old = formatKey(pool, takeAny(held, random))
    const fresh = churn.next
    const key = formatKey(pool, fresh)
    const start = performance.now()
    ipam.release(old)
    allocate(ipam, key, 4, pool)
    times.push((performance.now() - start) * 1000)
    held.push(fresh)
    churn.next += 1
  }
  return times
}

/** Takes one out; the last comes in its place. */
function takeAny(held: number[], random: () => number): number {
  const at = Math.floor(random() * held.length)
  const taken = held[at]
  const last = held.pop()
  if (taken === undefined || last === undefined) throw new Error('nothing is held')
  if (at < held.length) held[at] = last
  return taken
}

function memoryFigures(): readonly Figure[] {
  const collect = exposeCollector()
  const weigh = (range: string, family: IpFamily): number => {
    collect()
    const before = process.memoryUsage().heapUsed
    const ipams = Array.from({ length: POOLS_WEIGHED }, () => {
      const ipam = create(range)
      for (let i = 0; i < HELD_PER_POOL; i += 1) allocate(ipam, formatKey('namespace', i), family)
      return ipam
    })
    collect()
    const bytes = process.memoryUsage().heapUsed - before
    // Read after the measurement, so that nothing is collected before it.
    return bytes / ipams.length
  }
  const pairs = Array.from({ length: WEIGHINGS }, () => ({
    small: weigh('192.0.2.0/24', 4),
    large: weigh('2001:db8::/64', 6)
  }))
  const small = quantile(
    pairs.map((pair) => pair.small),
    0.5
  )
  const large = quantile(
    pairs.map((pair) => pair.large),
    0.5
  )
  return [
    atMost(
      `memory of an IPv6 /64 to a /24, ${HELD_PER_POOL} allocations each`,
      round(large / small),
      1.1,
      'times'
    ),
    reference(`memory of an IPv6 /64 with ${HELD_PER_POOL} allocations`, round(large / 1024), 'KiB'),
    reference(`memory of a /24 with ${HELD_PER_POOL} allocations`, round(small / 1024), 'KiB')
  ]
}

function formatKey(namespace: string, i: number): string {
  return `${namespace}/service-${i}`
}

function create(range: string): Ipam<undefined> {
  const ipam = new Ipam<undefined>()
  ipam.setPools([{ name: 'pool', ranges: [IpRange.parse(range)] }])
  return ipam
}

function allocate(ipam: Ipam<undefined>, key: string, family: IpFamily, pool?: string): void {
  const result = ipam.allocate({ key, requester: undefined, families: { stack: 'single', family }, pool })
  if (result.outcome === 'refused') throw new Error(result.refusal.message)
}

/** The collector, whether or not the process was started with `--expose-gc`. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('the garbage collector cannot be called')
  return () => {
    Reflect.apply(collect, undefined, [])
  }
}

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}
