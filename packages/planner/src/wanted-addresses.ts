import type { L2Change } from './l2-decider.ts'
import type { L2Decision } from './l2-election.ts'

/** An address that this node answers for, or would, if those before it among the candidates were gone. */
export interface WantedAddress {
  readonly address: string
  /** `undefined`: every interface. */
  readonly interfaces: readonly string[] | undefined
  /** Names of nodes in the order of the election, this one among them. */
  readonly candidates: readonly string[]
}

/** An address that this node is no candidate of any more, but others are. */
export interface HandedOver {
  readonly address: string
  readonly candidates: readonly string[]
}

export interface WantedDifference {
  readonly set: readonly WantedAddress[]
  readonly handOver: readonly HandedOver[]
  /** Nobody is to answer for these any more. */
  readonly remove: readonly string[]
}

interface HandedOverService {
  readonly addresses: readonly string[]
  readonly candidates: readonly string[]
}

interface Claim {
  /** Of the Service. */
  readonly key: string
  readonly interfaces: readonly string[] | undefined
  readonly candidates: readonly string[]
}

/** The addresses to answer for, made of what each Service adds: several may share one. */
export class WantedAddresses {
  /** By address: what each Service adds. Mostly it is one. */
  readonly #wanted = new Map<string, Claim | readonly Claim[]>()
  /** By key of the Service: addresses that were handed over to those candidates, and may be answered for until they have them. */
  readonly #handedOver = new Map<string, HandedOverService>()

  get size(): number {
    return this.#wanted.size
  }

  /** Keys of the Services that want the address answered. */
  servicesOf(address: string): readonly string[] {
    return this.#claimsOf(address).map(({ key }) => key)
  }

  all(): readonly WantedAddress[] {
    return [...this.#wanted.keys()].flatMap((address) => this.#current(address) ?? [])
  }

  /** Takes over some decisions and tells what became different. */
  apply(changes: readonly L2Change[]): WantedDifference {
    const before = new Map<string, WantedAddress | undefined>()
    const heirs = new Map<string, readonly string[]>()
    const abandoned = new Set<string>()
    for (const { key, before: old, after } of changes) {
      for (const address of [...addressesOf(old), ...addressesOf(after)])
        if (!before.has(address)) before.set(address, this.#current(address))
      const { addresses } = this.#handedOver.get(key) ?? { addresses: addressesOf(old) }
      this.#handedOver.delete(key)
      for (const address of addressesOf(old)) this.#remove(address, key)
      if (after?.outcome === 'withhold' && after.candidates.length > 0 && addresses.length > 0) {
        const { candidates } = after
        this.#handedOver.set(key, { addresses, candidates })
        for (const address of addresses) heirs.set(address, candidates)
      } else for (const address of addresses) abandoned.add(address)
      if (after === undefined || after.outcome === 'withhold') continue
      const { interfaces, candidates } = after
      for (const address of addressesOf(after)) this.#add(address, { key, interfaces, candidates })
    }
    const set: WantedAddress[] = []
    const handOver: HandedOver[] = []
    const remove: string[] = []
    for (const address of new Set([...before.keys(), ...heirs.keys(), ...abandoned])) {
      const was = before.get(address)
      const is = this.#current(address)
      const candidates = heirs.get(address)
      if (is !== undefined) {
        if (before.has(address) && (was === undefined || !isSame(was, is))) set.push(is)
      } else if (candidates !== undefined) handOver.push({ address, candidates })
      else if (was !== undefined || abandoned.has(address)) remove.push(address)
    }
    return { set, handOver, remove }
  }

  #claimsOf(address: string): readonly Claim[] {
    const claims = this.#wanted.get(address)
    if (claims === undefined) return []
    return isList(claims) ? claims : [claims]
  }

  #add(address: string, claim: Claim): void {
    const others = this.#claimsOf(address).filter(({ key }) => key !== claim.key)
    this.#put(address, [...others, claim])
  }

  #remove(address: string, key: string): void {
    this.#put(
      address,
      this.#claimsOf(address).filter((claim) => claim.key !== key)
    )
  }

  #put(address: string, claims: readonly Claim[]): void {
    const [first] = claims
    if (first === undefined) this.#wanted.delete(address)
    else this.#wanted.set(address, claims.length === 1 ? first : claims)
  }

  /**
   * The union of the Services' interfaces; one that means all wins. Candidates are those of the first Service by name,
   * then those that others add, so that nodes which know the same agree.
   */
  #current(address: string): WantedAddress | undefined {
    const claims = this.#claimsOf(address)
    const [first] = claims
    if (first === undefined) return undefined
    if (claims.length === 1) return { address, interfaces: first.interfaces, candidates: first.candidates }
    const ordered = claims.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    const candidates = [...new Set(ordered.flatMap((claim) => claim.candidates))]
    const names = new Set<string>()
    for (const { interfaces } of claims) {
      if (interfaces === undefined) return { address, interfaces: undefined, candidates }
      for (const name of interfaces) names.add(name)
    }
    return { address, interfaces: [...names].toSorted(), candidates }
  }
}

function isList(claims: Claim | readonly Claim[]): claims is readonly Claim[] {
  return Array.isArray(claims)
}

function isSame(a: WantedAddress, b: WantedAddress): boolean {
  return (
    a.interfaces?.join() === b.interfaces?.join() &&
    (a.interfaces === undefined) === (b.interfaces === undefined) &&
    a.candidates.join() === b.candidates.join()
  )
}

function addressesOf(decision: L2Decision | undefined): readonly string[] {
  if (decision === undefined || decision.outcome === 'withhold') return []
  return decision.addresses.map((address) => address.toString())
}
