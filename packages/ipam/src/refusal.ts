import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'

/** Why no address of one family was found in a pool. */
export interface FamilyShortage {
  readonly family: IpFamily
  /** 0: the pool has no addresses of the family at all. */
  readonly capacity: bigint
}

/** Why a pool was not used. */
export type PoolRefusal =
  /** All its addresses of these families are in use, or it has none. */
  | { readonly pool: string; readonly why: 'short'; readonly shortages: readonly FamilyShortage[] }
  | { readonly pool: string; readonly why: 'notAutomatic' }
  | { readonly pool: string; readonly why: 'onRequestOnly' }
  | { readonly pool: string; readonly why: 'notAdmitted'; readonly because: string }
  /** The stated address is not in its ranges. */
  | { readonly pool: string; readonly why: 'outside'; readonly address: IpAddress }
  /** The stated address ends in .0 or .255, and the pool avoids those. */
  | { readonly pool: string; readonly why: 'avoided'; readonly address: IpAddress }
  /** The stated addresses are not all in it. */
  | { readonly pool: string; readonly why: 'partOnly'; readonly address: IpAddress }
  /** Another pool was asked for. */
  | { readonly pool: string; readonly why: 'notRequested'; readonly requested: string }
  | { readonly pool: string; readonly why: 'inUse'; readonly conflict: AddressConflict }

/** Why a stated address cannot be had, or not together with its holders. */
export interface AddressConflict {
  readonly address: IpAddress
  readonly why: 'notShared' | 'otherSharingKey' | 'otherBackend' | 'portInUse'
  /** As `TCP/80`, for `portInUse`. */
  readonly port: string | undefined
  /** In order of key; no more than three. */
  readonly holders: readonly string[]
  readonly holderCount: number
}

export type RefusalReason =
  | 'noPools'
  | 'unknownPool'
  /** No pool had what was asked for. */
  | 'noAddress'
  /** A stated address cannot be had: outside of the pools, in use, or not for this requester. */
  | 'addressRefused'
  /** Stated addresses that can never be one allocation: none, more than two, or two of one family. */
  | 'addressCount'
  /** The key holds addresses of other families than asked for. */
  | 'heldFamilies'

/** Why a request was refused. Expected, and the caller's to handle. */
export interface Refusal {
  readonly reason: RefusalReason
  /** The pools that were looked at, in the order of the search. */
  readonly pools: readonly PoolRefusal[]
  /** A sentence for people, without a full stop. Equal states give equal text. */
  readonly message: string
}

/** Pools named in a message; the rest is counted. */
const NAMED_POOLS = 8

/** @internal */
export function createRefusal(reason: RefusalReason, pools: readonly PoolRefusal[], lead: string): Refusal {
  const named = pools.slice(0, NAMED_POOLS).map(describePoolRefusal)
  const rest = pools.length - named.length
  if (rest > 0) named.push(`and ${rest} more ${rest === 1 ? 'pool' : 'pools'}`)
  return { reason, pools, message: named.length === 0 ? lead : `${lead}: ${named.join('; ')}` }
}

/** A clause for people: `pool "a": full (256 of 256 IPv4 addresses in use)`. */
export function describePoolRefusal(refusal: PoolRefusal): string {
  return `pool ${JSON.stringify(refusal.pool)}: ${describeWhy(refusal)}`
}

function describeWhy(refusal: PoolRefusal): string {
  switch (refusal.why) {
    case 'short':
      return refusal.shortages.map(describeShortage).join(' and ')
    case 'notAutomatic':
      return 'only on request (autoAssign is false)'
    case 'onRequestOnly':
      return 'only on request (its selectors match nothing)'
    case 'notAdmitted':
      return refusal.because
    case 'outside':
      return `${refusal.address.toString()} is not in it`
    case 'avoided':
      return `${refusal.address.toString()} ends in .0 or .255, which it avoids`
    case 'partOnly':
      return `${refusal.address.toString()} is not in it, and all addresses must come from one pool`
    case 'notRequested':
      return `pool ${JSON.stringify(refusal.requested)} was asked for`
    case 'inUse':
      return describeConflict(refusal.conflict)
  }
}

function describeShortage({ family, capacity }: FamilyShortage): string {
  return capacity === 0n
    ? `no IPv${family} addresses`
    : `full (${capacity} of ${capacity} IPv${family} addresses in use)`
}

function describeConflict(conflict: AddressConflict): string {
  const rest = conflict.holderCount - conflict.holders.length
  const holders = `${conflict.holders.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  const address = conflict.address.toString()
  switch (conflict.why) {
    case 'notShared':
      return `${address} is in use by ${holders}, not shared`
    case 'otherSharingKey':
      return `${address} is in use by ${holders}, with another sharing key`
    case 'otherBackend':
      return `${address} is in use by ${holders}, with other back ends`
    case 'portInUse':
      return `${address} is shared, but ${conflict.port ?? 'a port'} on it is used by ${holders}`
  }
}
