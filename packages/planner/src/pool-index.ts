import type { Pool } from '@clarion-lb/config'
import { compareIpAddresses, type IpAddress, type IpRange } from '@clarion-lb/netaddr'

interface Entry {
  readonly range: IpRange
  readonly pool: Pool
}

/** Finds the pool of an address. Ranges of pools do not overlap. */
export class PoolIndex {
  readonly #entries: readonly Entry[]

  constructor(pools: readonly Pool[]) {
    this.#entries = pools
      .flatMap((pool) => pool.ranges.map((range) => ({ range, pool })))
      .toSorted((a, b) => compareIpAddresses(a.range.first, b.range.first))
  }

  find(address: IpAddress): Pool | undefined {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && compareIpAddresses(entry.range.first, address) <= 0) low = middle + 1
      else high = middle
    }
    const candidate = this.#entries[low - 1]
    return candidate?.range.contains(address) === true ? candidate.pool : undefined
  }

  /** The pool that has all of the addresses. */
  findAll(addresses: readonly IpAddress[]): Pool | undefined {
    const [pool, ...others] = new Set(addresses.map((address) => this.find(address)))
    return others.length === 0 ? pool : undefined
  }
}
