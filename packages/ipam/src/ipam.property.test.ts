import { parseIpAddress } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildPools, FAMILIES, KEYS, PORTS, SHARINGS, type Step, steps } from '../test/arbitraries.ts'
import { familyOf, type NaiveClaim, NaiveIpam, type NaiveRequest, UNIVERSE } from '../test/naive-ipam.ts'
import { formatOpenings } from '../test/requests.ts'
import { type AllocationResult, Ipam, type Opening } from './index.ts'

const PARSED = UNIVERSE.map(parseIpAddress)

/** What can be asked for by somebody new: every way to share, with every single port and with none. */
const PROBES: readonly NaiveClaim[] = SHARINGS.flatMap((sharing) =>
  [[], ...PORTS.map((port) => [port])].map((ports) => ({ key: 'probe', sharing, ports }))
)

/** Takes one step on both sides, and compares all that the allocator says about it. */
function take(step: Step, ipam: Ipam<string>, naive: NaiveIpam): void {
  const before = joinable(naive)
  switch (step.type) {
    case 'setPools': {
      const pools = buildPools(step.pools)
      const change = ipam.setPools(pools)
      expect({
        displaced: change.displaced.map((one) => one.key),
        moved: change.moved.map(({ allocation, from }) => `${allocation.key} ${from} ${allocation.pool}`)
      }).toEqual(naive.setPools(pools))
      return
    }
    case 'release': {
      const had = naive.get(step.key)
      naive.release(step.key)
      const release = ipam.release(step.key)
      expect(release?.allocation.addresses.map(String)).toEqual(had?.addresses)
      expect(formatOpenings(release?.openings ?? [])).toEqual(newlyJoinable(before, naive))
      return
    }
    default: {
      const had = naive.get(step.request.key)
      const [result, expected] = ask(step, ipam, naive)
      if (result.outcome === 'refused') {
        expect(result.refusal.reason).toEqual(expected)
        return
      }
      const { pool, addresses } = result.allocation
      expect({ pool, addresses: addresses.map(String) }).toEqual(expected)
      expect(formatOpenings(result.openings)).toEqual(newlyJoinable(before, naive))
      expect(result.isChanged).toBe(!isEqual(had, naive.get(step.request.key)))
    }
  }
}

function ask(
  step: Extract<Step, { request: NaiveRequest }>,
  ipam: Ipam<string>,
  naive: NaiveIpam
): readonly [AllocationResult, unknown] {
  const { request } = step
  switch (step.type) {
    case 'allocate':
      return [ipam.allocate({ ...request, families: step.families }), naive.allocate(request, step.families)]
    case 'assign':
      return [
        ipam.assign({ ...request, addresses: step.addresses.map(parseIpAddress) }),
        naive.assign(request, step.addresses)
      ]
    case 'extend':
      return [ipam.extend(request), naive.extend(request)]
  }
}

/** Compares the whole state, each figure counted anew. */
function compare(ipam: Ipam<string>, naive: NaiveIpam): void {
  const names = naive.pools.map(({ name }) => name)
  expect({
    size: ipam.size,
    held: KEYS.map((key) => ipam.get(key)).map(
      (one) => one && { ...one, addresses: one.addresses.map(String) }
    ),
    holders: PARSED.map((address) => ipam.holdersOf(address)),
    usage: names.map((name) => ipam.usage(name)),
    allocations: names.map((name) => [...ipam.allocations(name)].length)
  }).toEqual({
    size: naive.held.length,
    held: KEYS.map((key) => naive.get(key)),
    holders: UNIVERSE.map((address) =>
      naive
        .holders(address)
        .map(({ key }) => key)
        .toSorted()
    ),
    usage: names.map((name) => recount(naive, name)),
    allocations: names.map((name) => naive.held.filter((one) => one.pool === name).length)
  })
}

function recount(naive: NaiveIpam, name: string): unknown {
  const count = (family: 4 | 6): unknown => {
    const usable = usableOf(naive, name).filter((one) => familyOf(one) === family)
    const assigned = BigInt(usable.filter((one) => naive.holders(one).length > 0).length)
    return { assigned, available: BigInt(usable.length) - assigned, capacity: BigInt(usable.length) }
  }
  const allocations = naive.held.filter((one) => one.pool === name).length
  return { pool: name, ipv4: count(4), ipv6: count(6), allocations }
}

function usableOf(naive: NaiveIpam, name: string): readonly string[] {
  return naive.pools
    .filter((pool) => pool.name === name)
    .flatMap((pool) => UNIVERSE.filter((address) => naive.isUsable(pool, address)))
}

/** Addresses that several hold who do not share them, or with one port twice: said without the model. */
function heldTwice(ipam: Ipam<string>): readonly string[] {
  return PARSED.filter((address) => {
    const holders = ipam.holdersOf(address).flatMap((key) => ipam.get(key) ?? [])
    const ports = holders.flatMap((one) => one.ports.map(({ protocol, port }) => `${protocol}/${port}`))
    const groups = new Set(holders.map(({ key, sharing }) => JSON.stringify(sharing ?? key)))
    return groups.size > 1 || new Set(ports).size < ports.length
  }).map(String)
}

/** Who could use what: free addresses, and for shared ones each claim that could join. */
function joinable(naive: NaiveIpam): ReadonlyMap<string, string> {
  const all = naive.pools.flatMap((pool) =>
    UNIVERSE.filter((address) => naive.isUsable(pool, address)).flatMap((address) => {
      const holders = naive.holders(address)
      if (holders.length === 0) return [[`${address} free`, `${pool.name} ${address} for anyone`] as const]
      return PROBES.filter((probe) => naive.canHold(address, probe)).map(
        (probe) =>
          [`${address} ${JSON.stringify(probe)}`, `${pool.name} ${address} ${probe.sharing?.key}`] as const
      )
    })
  )
  return new Map(all)
}

function newlyJoinable(before: ReadonlyMap<string, string>, naive: NaiveIpam): readonly string[] {
  const added = [...joinable(naive)].filter(([what]) => !before.has(what)).map(([, opening]) => opening)
  return [...new Set(added)].toSorted()
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function run(all: readonly Step[]): { readonly ipam: Ipam<string>; readonly naive: NaiveIpam } {
  const ipam = new Ipam<string>()
  const naive = new NaiveIpam()
  for (const step of all) {
    take(step, ipam, naive)
    compare(ipam, naive)
    expect(heldTwice(ipam)).toEqual([])
  }
  return { ipam, naive }
}

describe('whatever is asked for, in whatever order', () => {
  test('the answers and the state are those of a naive model', () => {
    fc.assert(
      fc.property(steps, (all) => {
        expect(run(all).ipam.size).toBeLessThanOrEqual(KEYS.length)
      }),
      { numRuns: 150 }
    )
  })

  test('equal states give equal answers, however they came about', () => {
    const order = fc.array(fc.nat(), { minLength: KEYS.length, maxLength: KEYS.length })
    fc.assert(
      fc.property(steps, order, (all, weights) => {
        const { ipam, naive } = run(all)
        const adopted = new Ipam<string>()
        adopted.setPools(naive.pools.toReversed())
        const held = [...ipam.allocations()]
          .map((one) => ({ one, weight: weights[KEYS.indexOf(one.key)] ?? 0 }))
          .toSorted((a, b) => a.weight - b.weight)
        for (const { one } of held) {
          expect(adopted.assign({ ...one, requester: 'blue' }).outcome).toBe('allocated')
        }
        expect(answers(adopted)).toEqual(answers(ipam))
      }),
      { numRuns: 60 }
    )
  })

  test('when all is given back, every usable address can be had again, each once', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { ipam, naive } = run(all)
        for (const key of KEYS) ipam.release(key)
        for (const { name } of naive.pools) {
          const got = ([4, 6] as const).flatMap((family) =>
            UNIVERSE.flatMap((_, i) => {
              const key = `${name} ${family} ${i}`
              const result = ipam.allocate({
                key,
                requester: 'blue',
                pool: name,
                families: { stack: 'single', family }
              })
              return result.outcome === 'allocated' ? result.allocation.addresses.map(String) : []
            })
          )
          expect(got.toSorted()).toEqual(usableOf(naive, name).toSorted())
        }
      }),
      { numRuns: 60 }
    )
  })
})

/** Every answer to somebody new, and what each release would open. */
function answers(ipam: Ipam<string>): unknown {
  const requests = PROBES.flatMap((probe) => ['blue', 'red'].map((requester) => ({ ...probe, requester })))
  const chosen = requests.flatMap((request) =>
    FAMILIES.map((families) => tried(ipam, ipam.allocate({ ...request, families })))
  )
  const stated = requests.flatMap((request) =>
    PARSED.map((address) => tried(ipam, ipam.assign({ ...request, addresses: [address] })))
  )
  const released = KEYS.map((key) => formatOpenings(ipam.release(key)?.openings ?? []))
  return { chosen, stated, released }
}

/** The answer as text. What was given is given back. */
function tried(ipam: Ipam<string>, result: AllocationResult): string {
  if (result.outcome === 'refused') return result.refusal.message
  const openings: readonly Opening[] = ipam.release(result.allocation.key)?.openings ?? []
  return JSON.stringify([result.allocation, formatOpenings(result.openings), formatOpenings(openings)])
}
