import { randomBytes } from 'node:crypto'
import type { IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import type { LargeCommunity } from './messages/model.ts'

/** Odd, and this process's own. */
const KEY_MULTIPLIER = 1n | randomBytes(8).readBigUInt64LE()

/** What is said about a prefix. ORIGIN is IGP, AS_PATH and next hop are the session's. Absent lists are empty. */
export interface AdvertisedAttributes {
  /** MULTI_EXIT_DISC (RFC 4271 §5.1.4). */
  readonly med?: number
  /** LOCAL_PREF: only internal peers are told (RFC 4271 §5.1.5). @defaultValue 100 */
  readonly localPref?: number
  /** RFC 1997, each a 32-bit number. */
  readonly communities?: readonly number[]
  /** RFC 4360, each a 64-bit number. */
  readonly extendedCommunities?: readonly bigint[]
  /** RFC 8092. */
  readonly largeCommunities?: readonly LargeCommunity[]
}

/** A route to advertise. Give the same object to many peers: they share what is kept of it. Not to be changed later. */
export interface Advertisement {
  readonly prefix: IpPrefix
  readonly attributes?: AdvertisedAttributes
}

/** A prefix as a key of a map. */
export type RouteKey = number | bigint

/** Attributes of routes in one order, without duplicates: equal ones are the same object. */
export interface RouteAttributes {
  /** Different for different attributes, as long as this object lives. */
  readonly id: number
  readonly med: number | undefined
  readonly localPref: number | undefined
  readonly communities: readonly number[]
  readonly extendedCommunities: readonly bigint[]
  readonly largeCommunities: readonly LargeCommunity[]
}

/** What is kept of an {@link Advertisement}, for all peers. */
export interface Route {
  readonly key: RouteKey
  readonly prefix: IpPrefix
  readonly attributes: RouteAttributes
}

/** Makes equal attributes the same object, so that routes compare by identity and 64 peers keep one copy. */
export class RouteInterner {
  readonly #routes: WeakMap<Advertisement, Route> = new WeakMap()
  readonly #attributes: Map<string, WeakRef<RouteAttributes>> = new Map()
  readonly #cleanUp: FinalizationRegistry<string> = new FinalizationRegistry((text: string) => {
    if (this.#attributes.get(text)?.deref() === undefined) this.#attributes.delete(text)
  })
  #lastId = 0

  intern(advertisement: Advertisement): Route {
    const known = this.#routes.get(advertisement)
    if (known !== undefined) return known
    const { prefix, attributes } = advertisement
    const route: Route = { key: routeKeyOf(prefix), prefix, attributes: this.#internAttributes(attributes) }
    this.#routes.set(advertisement, route)
    return route
  }

  #internAttributes(attributes: AdvertisedAttributes = {}): RouteAttributes {
    const communities = sortUnique(attributes.communities ?? [], compare)
    const extendedCommunities = sortUnique(attributes.extendedCommunities ?? [], compare)
    const largeCommunities = sortUnique(attributes.largeCommunities ?? [], compareLarge)
    const { med, localPref } = attributes
    const large = largeCommunities.map((it) => `${it.globalAdministrator}:${it.localData1}:${it.localData2}`)
    const text = [med, localPref, communities, extendedCommunities, large].join(';')
    const known = this.#attributes.get(text)?.deref()
    if (known !== undefined) return known
    this.#lastId += 1
    const created: RouteAttributes = {
      id: this.#lastId,
      med,
      localPref,
      communities,
      extendedCommunities,
      largeCommunities
    }
    this.#attributes.set(text, new WeakRef(created))
    this.#cleanUp.register(created, text)
    return created
  }
}

/**
 * Equal for equal prefixes, different for different ones, families included.
 *
 * Maps hash no more than the lower 64 bits of a `bigint`, and those of networks are all alike: a thousand of them would be
 * one bucket. So the upper half is mixed into the lower one, by a number that nobody can know who chooses prefixes.
 */
export function routeKeyOf(prefix: IpPrefix): RouteKey {
  const { first, length } = prefix
  if (first.family === 4) return first.toNumber() * 64 + length
  const key = (first.toBigInt() << 8n) | BigInt(length)
  return key ^ BigInt.asUintN(64, (key >> 72n) * KEY_MULTIPLIER)
}

/** Of a {@link RouteKey}. */
export function familyOfKey(key: RouteKey): IpFamily {
  return typeof key === 'number' ? 4 : 6
}

function sortUnique<T>(values: readonly T[], order: (a: T, b: T) => number): readonly T[] {
  const sorted = [...values].sort(order)
  return sorted.filter((value, i) => {
    const previous = sorted[i - 1]
    return i === 0 || previous === undefined || order(previous, value) !== 0
  })
}

function compare(a: number | bigint, b: number | bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function compareLarge(a: LargeCommunity, b: LargeCommunity): number {
  return (
    a.globalAdministrator - b.globalAdministrator ||
    a.localData1 - b.localData1 ||
    a.localData2 - b.localData2
  )
}
