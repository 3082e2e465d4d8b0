import type { UpdateMessage } from '@clarion-lb/bgp'

/** A route with all the ways there are; none: it is to be taken out. */
export interface RouteChange {
  readonly prefix: string
  readonly nextHops: readonly string[]
}

/** What peers have told, by prefix. Every way is as good as the others: this router has no policy. */
export class ReceivedRoutes {
  readonly #nextHops = new Map<string, Map<string, string>>()

  /** @returns what is to be changed in the kernel's table */
  update(peer: string, { withdrawn, reached }: Pick<UpdateMessage, 'withdrawn' | 'reached'>): RouteChange[] {
    const changed = new Set<string>()
    for (const prefix of withdrawn) if (this.#remove(peer, prefix.toString())) changed.add(prefix.toString())
    for (const { prefixes, nextHop } of reached) {
      for (const prefix of prefixes) {
        const key = prefix.toString()
        const ways = this.#nextHops.get(key) ?? new Map<string, string>()
        const address = nextHop.global.toString()
        if (ways.get(peer) === address) continue
        this.#nextHops.set(key, ways.set(peer, address))
        changed.add(key)
      }
    }
    return this.#changesOf(changed)
  }

  /** The peer's session is over, and with it what it told. @returns as {@link update} */
  forget(peer: string): RouteChange[] {
    const all = [...this.#nextHops.keys()]
    return this.#changesOf(all.filter((prefix) => this.#remove(peer, prefix)))
  }

  #remove(peer: string, prefix: string): boolean {
    const ways = this.#nextHops.get(prefix)
    if (ways?.delete(peer) !== true) return false
    if (ways.size === 0) this.#nextHops.delete(prefix)
    return true
  }

  #changesOf(prefixes: Iterable<string>): RouteChange[] {
    return [...prefixes].map((prefix) => ({
      prefix,
      nextHops: [...new Set(this.#nextHops.get(prefix)?.values())].toSorted()
    }))
  }
}

/** A line for `ip -batch`. Routes of this router are marked by the protocol number that others mark theirs from BGP with. */
export function formatRouteCommand({ prefix, nextHops }: RouteChange): string {
  if (nextHops.length === 0) return `route flush ${prefix} proto bgp`
  return `route replace ${prefix} proto bgp ${nextHops.map((nextHop) => `nexthop via ${nextHop}`).join(' ')}`
}
