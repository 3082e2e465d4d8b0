import type { IpAddress } from '@clarion-lb/netaddr'
import type { Allocation, PortUse, Sharing } from './model.ts'
import type { AddressConflict } from './refusal.ts'

/** The part of a request that decides whether it may hold an address together with others. */
export interface Claim {
  readonly key: string
  readonly sharing?: Sharing | undefined
  readonly ports?: readonly PortUse[] | undefined
}

const NAMED_HOLDERS = 3

/** An address in use, and its holders: one, or several who share it. All of those have the same `sharing`. */
export class Holding {
  readonly address: IpAddress
  /** Position of its range in the pool. */
  readonly lane: number
  readonly #holders: Allocation[] = []
  /** Which key uses which port; kept only for those who share. */
  #ports: Map<string, string> | undefined

  constructor(address: IpAddress, lane: number) {
    this.address = address
    this.lane = lane
  }

  get count(): number {
    return this.#holders.length
  }

  get sharing(): Sharing | undefined {
    return this.#holders[0]?.sharing
  }

  /** Keys of the holders, in order. */
  keys(): readonly string[] {
    return this.#holders.map((holder) => holder.key).toSorted()
  }

  /** Ports in use, as `TCP/80`. */
  ports(): Iterable<string> {
    return this.#ports?.keys() ?? []
  }

  usesPort(port: string): boolean {
    return this.#ports?.has(port) === true
  }

  add(allocation: Allocation): void {
    this.#holders.push(allocation)
    if (allocation.sharing === undefined) return
    this.#ports ??= new Map()
    for (const use of allocation.ports) this.#ports.set(formatPort(use), allocation.key)
  }

  remove(allocation: Allocation): void {
    const at = this.#holders.findIndex((holder) => holder.key === allocation.key)
    if (at >= 0) this.#holders.splice(at, 1)
    for (const use of allocation.ports) this.#ports?.delete(formatPort(use))
  }

  /** Why the claim cannot hold the address together with its holders. A sole holder may change its claim. */
  conflict(claim: Claim): AddressConflict | undefined {
    const other = this.#holders.find((holder) => holder.key !== claim.key)
    if (other === undefined) return undefined
    if (claim.sharing === undefined || other.sharing === undefined) return this.#describe('notShared', claim)
    if (claim.sharing.key !== other.sharing.key) return this.#describe('otherSharingKey', claim)
    if (claim.sharing.backend !== other.sharing.backend) return this.#describe('otherBackend', claim)
    for (const use of claim.ports ?? []) {
      const port = formatPort(use)
      const user = this.#ports?.get(port)
      if (user !== undefined && user !== claim.key) {
        return { address: this.address, why: 'portInUse', port, holders: [user], holderCount: 1 }
      }
    }
    return undefined
  }

  #describe(why: AddressConflict['why'], claim: Claim): AddressConflict {
    const keys = this.keys().filter((key) => key !== claim.key)
    return {
      address: this.address,
      why,
      port: undefined,
      holders: keys.slice(0, NAMED_HOLDERS),
      holderCount: keys.length
    }
  }
}

/** As `TCP/80`. */
export function formatPort(use: PortUse): string {
  return `${use.protocol}/${use.port}`
}
