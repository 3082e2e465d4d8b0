import type { IpAddress, IpFamily, IpRange } from '@clarion-lb/netaddr'
import type { Refusal } from './refusal.ts'

/** What a reserved pool says to a requester. */
export type Admission =
  /** Chosen on its own, before the pools that are open to all. */
  | { readonly admits: 'automatic' }
  /** Only when the pool or one of its addresses is asked for. */
  | { readonly admits: 'onRequest' }
  /** Never. `because` completes `pool "x": …`, as `not for namespace "blue"`. */
  | { readonly admits: 'never'; readonly because: string }

/** Makes a pool reserved: it is chosen before the pools that are open to all, and not for everyone. */
export interface Reservation<R> {
  /** Lower comes first; 0 or less means none, which comes last. Equal ones: by name of the pool. */
  readonly priority: number
  admit(requester: R): Admission
}

/** A pool, for requesters of the type `R`, which are never looked into. */
export interface PoolDefinition<R> {
  readonly name: string
  /** The order is the order of allocation. No two ranges of a set of pools may overlap. */
  readonly ranges: readonly IpRange[]
  /** `false`: only when the pool or one of its addresses is asked for. @defaultValue true */
  readonly autoAssign?: boolean
  /** Leaves out IPv4 addresses that end in .0 or .255, which some old routers drop. @defaultValue false */
  readonly avoidBuggyIps?: boolean
  /** `undefined`: open to all. */
  readonly reservation?: Reservation<R> | undefined
}

/** Which families are asked for. */
export type Families =
  | { readonly stack: 'single'; readonly family: IpFamily }
  /** One of each family from one pool; where no pool has both, one of `primary`, or else of the other. */
  | { readonly stack: 'preferDual'; readonly primary: IpFamily }
  /** One of each family from one pool. */
  | { readonly stack: 'dual' }

/** A port that is used on the address. Two holders of one address never use the same. */
export interface PortUse {
  readonly protocol: string
  /** 1 to 65535. */
  readonly port: number
}

/** Willingness to share: those with equal keys and equal back ends may hold one address together. */
export interface Sharing {
  readonly key: string
  /** What is behind the address, as text. Sharers must have the same. */
  readonly backend: string
}

/** What every request states. */
export interface RequestBase<R> {
  /** Identifies the holder: one key, one allocation. */
  readonly key: string
  readonly requester: R
  /** Ports used on the address; they matter only with `sharing`. */
  readonly ports?: readonly PortUse[] | undefined
  /** `undefined`: the addresses are held alone. */
  readonly sharing?: Sharing | undefined
  /** Only this pool will do. */
  readonly pool?: string | undefined
}

/** Asks for addresses of the allocator's choice. */
export interface AllocateRequest<R> extends RequestBase<R> {
  readonly families: Families
}

/** Asks for stated addresses: one, or one of each family. */
export interface AssignRequest<R> extends RequestBase<R> {
  readonly addresses: readonly IpAddress[]
}

/** What a key holds. Immutable. */
export interface Allocation {
  readonly key: string
  readonly pool: string
  /** One address, or one of each family; the order never changes while they are held. */
  readonly addresses: readonly IpAddress[]
  readonly sharing: Sharing | undefined
  readonly ports: readonly PortUse[]
}

/** An address that somebody else could use now, and could not before the change. */
export interface Opening {
  readonly pool: string
  readonly address: IpAddress
  /** Those who could: `undefined` means anyone, the address is free. */
  readonly sharing: Sharing | undefined
}

export type AllocationResult =
  | {
      readonly outcome: 'allocated'
      readonly allocation: Allocation
      /** `false` if the key held exactly this already. */
      readonly isChanged: boolean
      /** What the change made possible for others. */
      readonly openings: readonly Opening[]
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }

/** What was given back. */
export interface Release {
  readonly allocation: Allocation
  readonly openings: readonly Opening[]
}

/** An allocation that moved to a pool of another name, with its addresses. */
export interface Move {
  readonly allocation: Allocation
  readonly from: string
}

/** What became of the allocations when the pools were replaced. Each list is in order of key. */
export interface PoolsChange {
  /** No single pool has all their addresses any more: they hold nothing now. */
  readonly displaced: readonly Allocation[]
  readonly moved: readonly Move[]
}

/** Addresses of one family in a pool. */
export interface FamilyUsage {
  /** Addresses in use; one that is shared counts once. */
  readonly assigned: bigint
  readonly available: bigint
  readonly capacity: bigint
}

export interface PoolUsage {
  readonly pool: string
  readonly ipv4: FamilyUsage
  readonly ipv6: FamilyUsage
  /** Number of keys that hold addresses of the pool. */
  readonly allocations: number
}
