import type { IpRange } from '@clarion-lb/netaddr'
import fc, { type Arbitrary } from 'fast-check'
import type { Families, PoolDefinition, PortUse, Sharing } from '../src/index.ts'
import { type NaiveRequest, UNIVERSE, universeRange } from './naive-ipam.ts'

export type Step =
  | { readonly type: 'setPools'; readonly pools: PoolsPlan }
  | { readonly type: 'allocate'; readonly request: NaiveRequest; readonly families: Families }
  | { readonly type: 'assign'; readonly request: NaiveRequest; readonly addresses: readonly string[] }
  | { readonly type: 'extend'; readonly request: NaiveRequest }
  | { readonly type: 'release'; readonly key: string }

/** Pools as data, so that a counterexample can be read. */
export interface PoolsPlan {
  /** The universe is dealt out to pools from its beginning; '' is no pool. */
  readonly segments: readonly { readonly size: number; readonly name: string }[]
  readonly isReversed: boolean
  readonly terms: Readonly<Record<'a' | 'b' | 'c', PoolTerms>>
}

interface PoolTerms {
  readonly autoAssign: boolean
  readonly avoidBuggyIps: boolean
  /** `undefined`: open to all. Red is told the admission; everybody else is admitted. */
  readonly reserved: { readonly priority: number; readonly red: Admits } | undefined
}

type Admits = 'automatic' | 'onRequest' | 'never'

export const SHARINGS: readonly (Sharing | undefined)[] = [
  undefined,
  { key: 's', backend: '' },
  { key: 's', backend: 'x' },
  { key: 't', backend: '' }
]
export const PORTS: readonly PortUse[] = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'UDP', port: 80 },
  { protocol: 'TCP', port: 81 }
]
export const FAMILIES: readonly Families[] = [
  { stack: 'single', family: 4 },
  { stack: 'single', family: 6 },
  { stack: 'dual' },
  { stack: 'preferDual', primary: 4 },
  { stack: 'preferDual', primary: 6 }
]
export const KEYS: readonly string[] = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']

const terms: Arbitrary<PoolTerms> = fc.record({
  autoAssign: fc.boolean().map((value) => !value),
  avoidBuggyIps: fc.boolean(),
  reserved: fc.option(
    fc.record({
      priority: fc.integer({ min: -1, max: 2 }),
      red: fc.constantFrom<Admits>('automatic', 'onRequest', 'never')
    }),
    { nil: undefined }
  )
})

type Layout = Pick<PoolsPlan, 'segments' | 'isReversed'>

const layout: Arbitrary<Layout> = fc.record({
  segments: fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 6 }), name: fc.constantFrom('a', 'b', 'c', 'a', 'b', '') }),
    { minLength: 3, maxLength: 12 }
  ),
  isReversed: fc.boolean()
})

const request: Arbitrary<NaiveRequest> = fc.record({
  key: fc.constantFrom(...KEYS),
  requester: fc.constantFrom('blue', 'red'),
  sharing: fc.constantFrom(...SHARINGS, SHARINGS[1]),
  ports: fc.subarray([...PORTS], { maxLength: 2 }),
  pool: fc.constantFrom(undefined, undefined, undefined, undefined, 'a', 'c')
})

const stated = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...UNIVERSE).map((one) => [one]) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...UNIVERSE), fc.constantFrom(...UNIVERSE)) },
  { weight: 1, arbitrary: fc.constantFrom<string[]>([], ['198.51.100.1'], ['192.0.2.250', '2001:db8:1::']) }
)

const families = fc.constantFrom(...FAMILIES)

function setPoolsOf(layouts: readonly Layout[]): Arbitrary<Step> {
  return fc
    .tuple(fc.constantFrom(...layouts), fc.record({ a: terms, b: terms, c: terms }))
    .map(([ranges, of]) => ({ type: 'setPools', pools: { ...ranges, terms: of } }))
}

/** Steps of every kind, the first of them a `setPools`. Layouts come back, so that some pools stay as they are. */
export const steps: Arbitrary<readonly Step[]> = fc
  .array(layout, { minLength: 1, maxLength: 3 })
  .chain((layouts) =>
    fc.tuple(
      setPoolsOf(layouts),
      fc.array(
        fc.oneof(
          { weight: 2, arbitrary: setPoolsOf(layouts) },
          { weight: 8, arbitrary: fc.record({ type: fc.constant('allocate' as const), request, families }) },
          {
            weight: 6,
            arbitrary: fc.record({ type: fc.constant('assign' as const), request, addresses: stated })
          },
          { weight: 3, arbitrary: fc.record({ type: fc.constant('extend' as const), request }) },
          {
            weight: 3,
            arbitrary: fc.record({ type: fc.constant('release' as const), key: fc.constantFrom(...KEYS) })
          }
        ),
        { maxLength: 40, size: 'max' }
      )
    )
  )
  .map(([first, rest]) => [first, ...rest])

/** The pools that a plan stands for. */
export function buildPools(plan: PoolsPlan): readonly PoolDefinition<string>[] {
  const ranges = new Map<string, IpRange[]>([
    ['a', []],
    ['b', []],
    ['c', []]
  ])
  let next = 0
  for (const { size, name } of plan.segments) {
    // The first twelve are IPv4: no range has both families.
    const end = Math.min(next + size, next < 12 ? 12 : UNIVERSE.length)
    if (end > next) ranges.get(name)?.push(universeRange(next, end - 1))
    next = end
  }
  const { a, b, c } = plan.terms
  return Object.entries({ a, b, c }).flatMap(([name, { autoAssign, avoidBuggyIps, reserved }]) => {
    const own = ranges.get(name) ?? []
    if (own.length === 0) return []
    const listed = plan.isReversed ? own.toReversed() : own
    return [{ name, ranges: listed, autoAssign, avoidBuggyIps, reservation: buildReservation(reserved) }]
  })
}

function buildReservation(reserved: PoolTerms['reserved']): PoolDefinition<string>['reservation'] {
  if (reserved === undefined) return undefined
  return {
    priority: reserved.priority,
    admit: (requester) => {
      if (requester !== 'red') return { admits: 'automatic' }
      return reserved.red === 'never' ? { admits: 'never', because: 'not for red' } : { admits: reserved.red }
    }
  }
}
