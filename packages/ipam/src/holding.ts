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
  // Most addresses are held alone. A field instead of a list of one halves the memory of those.
  #alone: string | undefined
  #sharers: Set<string> | undefined
  /** Which key uses which port; kept only for those who share. */
  #ports: Map<string, string> | undefined
  #sharing: Sharing | undefined

  constructor(address: IpAddress, lane: number) {
    this.address = address
    this.lane = lane
  }

  get count(): number {
    return this.#alone === undefined ? (this.#sharers?.size ?? 0) : 1
  }

  get sharing(): Sharing | undefined {
    return this.#sharing
  }

  /** Keys of the holders, in order. */
  keys(): readonly string[] {
    return this.#alone === undefined ? [...(this.#sharers ?? [])].toSorted() : [this.#alone]
  }

  /** Ports in use, as `TCP/80`. */
  ports(): Iterable<string> {
    return this.#ports?.keys() ?? []
  }

  usesPort(port: string): boolean {
    return this.#ports?.has(port) === true
  }

  /** The allocation must not conflict. */
  add(allocation: Allocation): void {
    this.#sharing = allocation.sharing
    if (allocation.sharing === undefined) {
      this.#alone = allocation.key
      return
    }
    this.#sharers ??= new Set()
    this.#sharers.add(allocation.key)
    this.#ports ??= new Map()
    for (const use of allocation.ports) this.#ports.set(formatPort(use), allocation.key)
  }

  remove(allocation: Allocation): void {
    this.#alone = undefined
    this.#sharers?.delete(allocation.key)
    for (const use of allocation.ports) this.#ports?.delete(formatPort(use))
    if (this.count === 0) this.#sharing = undefined
  }

  /** Why the claim cannot hold the address together with its holders. A sole holder may change its claim. */
  conflict(claim: Claim): AddressConflict | undefined {
    const isOwn = this.#alone === claim.key || this.#sharers?.has(claim.key) === true
    if (this.count === (isOwn ? 1 : 0)) return undefined
    const { sharing } = this
    if (claim.sharing === undefined || sharing === undefined) return this.#describe('notShared', claim)
    if (claim.sharing.key !== sharing.key) return this.#describe('otherSharingKey', claim)
    if (claim.sharing.backend !== sharing.backend) return this.#describe('otherBackend', claim)
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
