import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import type { Claim } from './holding.ts'
import type { Admission, AllocateRequest, Families, RequestBase } from './model.ts'
import type { PoolState } from './pool-state.ts'
import { createRefusal, type PoolRefusal, type Refusal } from './refusal.ts'

/** What a search came to. */
export type Choice<R> =
  | { readonly found: true; readonly pool: PoolState<R>; readonly addresses: readonly IpAddress[] }
  | { readonly found: false; readonly refusal: Refusal }

/** Chooses addresses from the requested pool, whether or not it is given out on its own. */
export function chooseFromPool<R>(pool: PoolState<R>, request: AllocateRequest<R>): Choice<R> {
  const admission = admit(pool, request)
  if (admission.admits === 'never') {
    return refuse(request.families, [notAdmitted(pool, admission.because)])
  }
  return choose([pool], request) ?? refuse(request.families, [describeShortage(pool, request.families)])
}

/**
 * Chooses addresses from any pool that is given out on its own: first from those reserved for the requester, by
 * priority and name, then from those open to all, by name.
 *
 * @param pools in order of name.
 */
export function chooseFromAny<R>(pools: readonly PoolState<R>[], request: AllocateRequest<R>): Choice<R> {
  const reserved: PoolState<R>[] = []
  const open: PoolState<R>[] = []
  const others: PoolRefusal[] = []
  for (const pool of pools) {
    const admission = admit(pool, request)
    if (admission.admits === 'never') others.push(notAdmitted(pool, admission.because))
    else if (pool.definition.autoAssign === false)
      others.push({ pool: pool.definition.name, why: 'notAutomatic' })
    else if (admission.admits === 'onRequest')
      others.push({ pool: pool.definition.name, why: 'onRequestOnly' })
    else if (pool.definition.reservation === undefined) open.push(pool)
    else reserved.push(pool)
  }
  // The sort is stable: equal priorities stay in order of name.
  reserved.sort((a, b) => rank(a) - rank(b))
  const choice = choose(reserved, request) ?? choose(open, request)
  if (choice !== undefined) return choice
  const looked = [...reserved, ...open].map((pool) => describeShortage(pool, request.families))
  return refuse(request.families, [...looked, ...others])
}

/** Chooses an address of the other family from the pool of the first. The first comes first. */
export function chooseSecond<R>(pool: PoolState<R>, first: IpAddress, claim: Claim): Choice<R> {
  const family = first.family === 4 ? 6 : 4
  const second = pool.choose(family, claim)
  if (second !== undefined) return { found: true, pool, addresses: [first, second] }
  const families: Families = { stack: 'single', family }
  return refuse(families, [describeShortage(pool, families)])
}

/** What a pool says to the requester, `automatic` if it is open to all. */
export function admit<R>(pool: PoolState<R>, request: RequestBase<R>): Admission {
  return pool.definition.reservation?.admit(request.requester) ?? { admits: 'automatic' }
}

/** @internal */
export function notAdmitted<R>(pool: PoolState<R>, because: string): PoolRefusal {
  return { pool: pool.definition.name, why: 'notAdmitted', because }
}

/** Why a pool has none of some families. */
function describeShortage<R>(pool: PoolState<R>, families: Families): PoolRefusal {
  const wanted: readonly IpFamily[] = families.stack === 'single' ? [families.family] : [4, 6]
  const shortages = wanted
    .map((family) => ({ family, capacity: pool.capacity(family), available: available(pool, family) }))
    .filter((shortage) => shortage.available === 0n)
    .map(({ family, capacity }) => ({ family, capacity }))
  return { pool: pool.definition.name, why: 'short', shortages }
}

function available<R>(pool: PoolState<R>, family: IpFamily): bigint {
  const usage = pool.usage()
  return family === 4 ? usage.ipv4.available : usage.ipv6.available
}

function rank<R>(pool: PoolState<R>): number {
  const priority = pool.definition.reservation?.priority ?? 0
  return priority > 0 ? priority : Number.MAX_SAFE_INTEGER
}

function choose<R>(pools: readonly PoolState<R>[], request: AllocateRequest<R>): Choice<R> | undefined {
  const { families } = request
  if (families.stack === 'single') return chooseOne(pools, families.family, request)
  const pair = choosePair(pools, request)
  if (pair !== undefined || families.stack === 'dual') return pair
  const secondary = families.primary === 4 ? 6 : 4
  return chooseOne(pools, families.primary, request) ?? chooseOne(pools, secondary, request)
}

function chooseOne<R>(pools: readonly PoolState<R>[], family: IpFamily, claim: Claim): Choice<R> | undefined {
  for (const pool of pools) {
    const address = pool.choose(family, claim)
    if (address !== undefined) return { found: true, pool, addresses: [address] }
  }
  return undefined
}

/** IPv4 first. */
function choosePair<R>(pools: readonly PoolState<R>[], claim: Claim): Choice<R> | undefined {
  for (const pool of pools) {
    const ipv4 = pool.choose(4, claim)
    const ipv6 = ipv4 === undefined ? undefined : pool.choose(6, claim)
    if (ipv4 !== undefined && ipv6 !== undefined) return { found: true, pool, addresses: [ipv4, ipv6] }
  }
  return undefined
}

function refuse<R>(families: Families, pools: readonly PoolRefusal[]): Choice<R> {
  return { found: false, refusal: createRefusal('noAddress', pools, lead(families)) }
}

function lead(families: Families): string {
  switch (families.stack) {
    case 'single':
      return `no IPv${families.family} address available`
    case 'preferDual':
      return 'no address available'
    case 'dual':
      return 'no pool has both an IPv4 and an IPv6 address available'
  }
}
