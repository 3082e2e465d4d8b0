import { type IpAddress, type IpFamily, type IpRange, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { FreeIndex } from './free-index.ts'

/** More than any memory holds allocations for, and exact as a number: the search never comes to its end. */
const SEARCHED_IPV6 = 2n ** 52n

/** Usable numbers of a /24 when its .0 and .255 are avoided. */
const USABLE = 254

/**
 * One range of a pool: its addresses, numbered from 0 without gaps, and which of them are taken.
 * Where addresses are avoided they have no number.
 */
export interface Lane {
  readonly range: IpRange
  readonly family: IpFamily
  /** Usable addresses. */
  readonly capacity: bigint
  /** Addresses past the first 2^52 of a range are not in it. */
  readonly free: FreeIndex
  /** `false` for .0 and .255 where those are avoided. `address` is inside the range. */
  isUsable(address: IpAddress): boolean
  /** `undefined` for what has no number. `address` is inside the range. */
  indexOf(address: IpAddress): number | undefined
  addressAt(index: number): IpAddress
}

export function createLane(range: IpRange, avoidBuggyIps: boolean): Lane {
  const { first, last } = range
  if (first.family === 6 || last.family === 6) return createIpv6Lane(range)
  return avoidBuggyIps
    ? createAvoidingLane(range, first.toNumber(), last.toNumber())
    : createIpv4Lane(range, first.toNumber(), last.toNumber())
}

function createIpv4Lane(range: IpRange, first: number, last: number): Lane {
  const size = last - first + 1
  return {
    range,
    family: 4,
    capacity: BigInt(size),
    free: new FreeIndex(size),
    isUsable: () => true,
    indexOf: (address) => (address.family === 4 ? address.toNumber() - first : undefined),
    addressAt: (index) => Ipv4Address.fromNumber(first + index)
  }
}

function createAvoidingLane(range: IpRange, first: number, last: number): Lane {
  const base = rankFrom(first)
  const size = Math.max(0, rankFrom(last + 1) - base)
  const isUsable = (address: IpAddress): boolean => address.family === 4 && !isBuggy(address.toNumber())
  return {
    range,
    family: 4,
    capacity: BigInt(size),
    free: new FreeIndex(size),
    isUsable,
    indexOf: (address) =>
      address.family === 4 && isUsable(address) ? rankFrom(address.toNumber()) - base : undefined,
    addressAt: (index) => {
      const rank = base + index
      return Ipv4Address.fromNumber(Math.floor(rank / USABLE) * 256 + (rank % USABLE) + 1)
    }
  }
}

function createIpv6Lane(range: IpRange): Lane {
  const first = range.first.family === 6 ? range.first.toBigInt() : 0n
  const capacity = range.size
  const searched = capacity < SEARCHED_IPV6 ? capacity : SEARCHED_IPV6
  return {
    range,
    family: 6,
    capacity,
    free: new FreeIndex(Number(searched)),
    isUsable: () => true,
    indexOf: (address) => {
      if (address.family === 4) return undefined
      const index = address.toBigInt() - first
      return index < searched ? Number(index) : undefined
    },
    addressAt: (index) => Ipv6Address.fromBigInt(first + BigInt(index))
  }
}

function isBuggy(value: number): boolean {
  return value % 256 === 0 || value % 256 === 255
}

/** How many usable addresses come before `value`, counted from 0.0.0.0. */
function rankFrom(value: number): number {
  return Math.floor(value / 256) * USABLE + Math.min(Math.max((value % 256) - 1, 0), USABLE)
}
