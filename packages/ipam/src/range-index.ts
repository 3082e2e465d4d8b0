import { compareIpAddresses, type IpAddress, type IpRange } from '@clarion-lb/netaddr'

/** Something that is said of a range. */
export interface RangeEntry<T> {
  readonly range: IpRange
  readonly value: T
}

/** Finds the range that an address is in, among ranges that do not overlap, in logarithmic time. */
export class RangeIndex<T> {
  readonly #sorted: readonly RangeEntry<T>[]

  constructor(entries: readonly RangeEntry<T>[]) {
    this.#sorted = entries.toSorted((a, b) => compareIpAddresses(a.range.first, b.range.first))
  }

  /** Two entries that overlap, if there are any. */
  overlap(): readonly [RangeEntry<T>, RangeEntry<T>] | undefined {
    for (const [i, entry] of this.#sorted.entries()) {
      const next = this.#sorted[i + 1]
      if (next !== undefined && entry.range.overlaps(next.range)) return [entry, next]
    }
    return undefined
  }

  find(address: IpAddress): T | undefined {
    let low = 0
    let high = this.#sorted.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const entry = this.#sorted[middle]
      if (entry === undefined) return undefined
      if (compareIpAddresses(address, entry.range.first) < 0) high = middle - 1
      else if (compareIpAddresses(entry.range.last, address) < 0) low = middle + 1
      else return entry.value
    }
    return undefined
  }
}
