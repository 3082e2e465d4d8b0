import { compareIpAddresses, type IpFamily } from '@clarion-lb/netaddr'
import { type Claim, formatPort, type Holding } from './holding.ts'
import type { Sharing } from './model.ts'

/** The shared addresses of one pool, by who may join them. */
export class ShareGroups {
  readonly #groups = new Map<string, Members>()

  /** The first address, in the order of the pool, that the claim can join. */
  firstJoinable(family: IpFamily, claim: Claim): Holding | undefined {
    if (claim.sharing === undefined) return undefined
    return this.#groups.get(groupKey(family, claim.sharing))?.firstJoinable(claim)
  }

  /** Enters a holding as it is now. Call {@link leave} before anything in it changes. */
  enter(holding: Holding): void {
    const { sharing } = holding
    if (sharing === undefined) return
    const key = groupKey(holding.address.family, sharing)
    const members = this.#groups.get(key) ?? new Members()
    this.#groups.set(key, members)
    members.add(holding)
  }

  leave(holding: Holding): void {
    const { sharing } = holding
    if (sharing === undefined) return
    const key = groupKey(holding.address.family, sharing)
    const members = this.#groups.get(key)
    members?.remove(holding)
    if (members?.isEmpty === true) this.#groups.delete(key)
  }
}

class Members {
  /** In the order of the pool. */
  readonly #sorted: Holding[] = []
  /** On how many members a port is in use: where that is all, none need be looked at. */
  readonly #portUse = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#sorted.length === 0
  }

  firstJoinable(claim: Claim): Holding | undefined {
    const ports = (claim.ports ?? []).map(formatPort)
    if (ports.some((port) => this.#portUse.get(port) === this.#sorted.length)) return undefined
    return this.#sorted.find((holding) => !ports.some((port) => holding.usesPort(port)))
  }

  add(holding: Holding): void {
    this.#sorted.splice(this.#position(holding), 0, holding)
    for (const port of holding.ports()) this.#portUse.set(port, (this.#portUse.get(port) ?? 0) + 1)
  }

  remove(holding: Holding): void {
    const at = this.#position(holding)
    if (this.#sorted[at] !== holding) return
    this.#sorted.splice(at, 1)
    for (const port of holding.ports()) {
      const left = (this.#portUse.get(port) ?? 0) - 1
      if (left > 0) this.#portUse.set(port, left)
      else this.#portUse.delete(port)
    }
  }

  /** Where the holding is, or belongs. */
  #position(holding: Holding): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#sorted[middle]
      if (other !== undefined && comparePositions(other, holding) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Orders what is in one pool: by range as listed, then by address. */
export function comparePositions(
  a: Pick<Holding, 'lane' | 'address'>,
  b: Pick<Holding, 'lane' | 'address'>
): number {
  return a.lane - b.lane || compareIpAddresses(a.address, b.address)
}

/** The length keeps texts of any content apart. */
function groupKey(family: IpFamily, sharing: Sharing): string {
  return `${family}:${sharing.key.length}:${sharing.key}${sharing.backend}`
}
