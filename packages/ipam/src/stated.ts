import type { IpAddress } from '@clarion-lb/netaddr'
import type { AssignRequest } from './model.ts'
import type { PoolState } from './pool-state.ts'
import { createRefusal, type PoolRefusal, type Refusal, type RefusalReason } from './refusal.ts'
import { admit, type Choice, notAdmitted } from './search.ts'

/** The pools, as a request for stated addresses sees them. */
export interface Surroundings<R> {
  /** In order of name. */
  readonly pools: readonly PoolState<R>[]
  find(address: IpAddress): PoolState<R> | undefined
}

/** Finds the pool that has all the stated addresses, and asks whether the requester may hold them. */
export function checkStated<R>(request: AssignRequest<R>, around: Surroundings<R>): Choice<R> {
  const { addresses } = request
  const text = addresses.map((address) => address.toString()).join(', ')
  const refused = (reason: RefusalReason, pools: readonly PoolRefusal[], lead: string): Choice<R> => ({
    found: false,
    refusal: createRefusal(reason, pools, lead)
  })
  const cannot = (...pools: PoolRefusal[]): Choice<R> =>
    refused('addressRefused', pools, `${text} cannot be assigned`)

  const impossible = describeImpossible(addresses)
  if (impossible !== undefined) return refused('addressCount', [], impossible)
  if (around.pools.length === 0) return { found: false, refusal: refuseWithoutPools() }

  const [pool, ...elsewhere] = new Set(addresses.map((address) => around.find(address)))
  if (pool === undefined || elsewhere.length > 0) return cannot(...describeOutside(addresses, around))
  const { name } = pool.definition
  const avoided = addresses.find((address) => pool.verdict(address) !== 'usable')
  if (avoided !== undefined) return cannot({ pool: name, why: 'avoided', address: avoided })
  if (request.pool !== undefined && request.pool !== name) {
    return cannot({ pool: name, why: 'notRequested', requested: request.pool })
  }
  const admission = admit(pool, request)
  if (admission.admits === 'never') return cannot(notAdmitted(pool, admission.because))
  for (const address of addresses) {
    const conflict = pool.conflict(address, request)
    if (conflict !== undefined) return cannot({ pool: name, why: 'inUse', conflict })
  }
  return { found: true, pool, addresses }
}

/** @internal */
export function refuseWithoutPools(): Refusal {
  return createRefusal('noPools', [], 'there are no pools')
}

function describeImpossible(addresses: readonly IpAddress[]): string | undefined {
  const [first, second, ...others] = addresses
  if (first === undefined) return 'no address is stated'
  if (others.length > 0)
    return `${addresses.length} addresses are stated, at most one of each family can be had`
  if (second === undefined || first.family !== second.family) return undefined
  return `${first.toString()} and ${second.toString()} are both IPv${first.family}, only one of a family can be had`
}

/** Some address is in no pool: every pool says so. Or they are in several: those say which they lack. */
function describeOutside<R>(
  addresses: readonly IpAddress[],
  around: Surroundings<R>
): readonly PoolRefusal[] {
  const lost = addresses.find((address) => around.find(address) === undefined)
  if (lost !== undefined) {
    return around.pools.map((pool) => ({ pool: pool.definition.name, why: 'outside', address: lost }))
  }
  return addresses.flatMap((address) => {
    const pool = around.find(address)
    const other = addresses.find((one) => around.find(one) !== pool)
    return pool === undefined || other === undefined
      ? []
      : [{ pool: pool.definition.name, why: 'partOnly' as const, address: other }]
  })
}
