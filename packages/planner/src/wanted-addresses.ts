import type { L2Change } from './l2-decider.ts'
import type { L2Decision } from './l2-election.ts'

/** An address that this node answers for. */
export interface WantedAddress {
  readonly address: string
  /** `undefined`: every interface. */
  readonly interfaces: readonly string[] | undefined
}

export interface WantedDifference {
  readonly set: readonly WantedAddress[]
  readonly remove: readonly string[]
}

interface Claim {
  /** Of the Service. */
  readonly key: string
  readonly interfaces: readonly string[] | undefined
}

/** The addresses to answer for, made of what each Service adds: several may share one. */
export class WantedAddresses {
  /** By address: what each Service adds. Mostly it is one. */
  readonly #wanted = new Map<string, readonly Claim[]>()

  get size(): number {
    return this.#wanted.size
  }

  /** Keys of the Services that want the address answered. */
  servicesOf(address: string): readonly string[] {
    return (this.#wanted.get(address) ?? []).map(({ key }) => key)
  }

  all(): readonly WantedAddress[] {
    return [...this.#wanted.keys()].flatMap((address) => this.#current(address) ?? [])
  }

  /** Takes over some decisions and tells what became different. */
  apply(changes: readonly L2Change[]): WantedDifference {
    const before = new Map<string, WantedAddress | undefined>()
    for (const { key, before: old, after } of changes) {
      for (const address of [...addressesOf(old), ...addressesOf(after)])
        if (!before.has(address)) before.set(address, this.#current(address))
      for (const address of addressesOf(old)) this.#remove(address, key)
      if (after?.outcome !== 'announce') continue
      for (const address of addressesOf(after)) this.#add(address, key, after.interfaces)
    }
    const set: WantedAddress[] = []
    const remove: string[] = []
    for (const [address, was] of before) {
      const is = this.#current(address)
      if (is === undefined) {
        if (was !== undefined) remove.push(address)
      } else if (was === undefined || was.interfaces?.join() !== is.interfaces?.join()) set.push(is)
    }
    return { set, remove }
  }

  #add(address: string, key: string, interfaces: readonly string[] | undefined): void {
    const others = (this.#wanted.get(address) ?? []).filter((claim) => claim.key !== key)
    this.#wanted.set(address, [...others, { key, interfaces }])
  }

  #remove(address: string, key: string): void {
    const others = (this.#wanted.get(address) ?? []).filter((claim) => claim.key !== key)
    if (others.length === 0) this.#wanted.delete(address)
    else this.#wanted.set(address, others)
  }

  /** The union of the Services' interfaces; one that means all wins. */
  #current(address: string): WantedAddress | undefined {
    const claims = this.#wanted.get(address)
    if (claims === undefined) return undefined
    const names = new Set<string>()
    for (const { interfaces } of claims) {
      if (interfaces === undefined) return { address, interfaces: undefined }
      for (const name of interfaces) names.add(name)
    }
    return { address, interfaces: [...names].toSorted() }
  }
}

function addressesOf(decision: L2Decision | undefined): readonly string[] {
  return decision?.outcome === 'announce' ? decision.addresses.map((address) => address.toString()) : []
}
