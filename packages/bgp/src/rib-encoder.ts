import type { IpFamily } from '@clarion-lb/netaddr'
import type { RibBatch } from './family-rib.ts'
import { encodeReach, encodeUnreach, reachRoom, unreachRoom } from './messages/codec.ts'
import type { NextHop, PathAttributes, SessionEncoding } from './messages/model.ts'
import type { Route, RouteAttributes } from './routes.ts'

/** RFC 8326 §4. */
const GRACEFUL_SHUTDOWN = 0xffff_0000
/** RFC 4271 §5.1.5 leaves it open; this is what everybody does. */
const DEFAULT_LOCAL_PREF = 100
const DEFAULT_CACHE_BYTES = 4 << 20

/** What the bytes of an UPDATE depend on, besides the routes: peers for which it is equal share them. */
export interface UpdateContext {
  readonly encoding: SessionEncoding
  readonly localAsn: number
  readonly nextHop: NextHop
  readonly family: IpFamily
  readonly isGracefulShutdown: boolean
}

interface CacheEntry {
  readonly routes: readonly Route[]
  readonly messages: readonly Uint8Array[]
  readonly bytes: number
}

/**
 * Encodes batches of an Adj-RIB-Out, once for all peers that get the same bytes: 64 peers with the same table are one
 * encoding, since they drain it in the same order. What was encoded is kept up to a number of octets, least recently used
 * out first.
 */
export class RibEncoder {
  readonly #cache: Map<string, CacheEntry> = new Map()
  readonly #maxBytes: number
  #bytes = 0
  #encodings = 0

  /** @param maxBytes octets of messages that are kept */
  constructor(maxBytes: number = DEFAULT_CACHE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** How often something had to be encoded. */
  get encodings(): number {
    return this.#encodings
  }

  /** Octets of messages that are kept. */
  get cachedBytes(): number {
    return this.#bytes
  }

  /** The messages for a batch: withdrawals first. Not to be changed: others get the same arrays. */
  encode(batch: RibBatch, context: UpdateContext): readonly Uint8Array[] {
    const contextKey = contextKeyOf(context)
    const messages: Uint8Array[] = []
    if (batch.withdrawn.length > 0)
      messages.push(
        ...this.#remember(`-${contextKey}`, batch.withdrawn, (prefixes) =>
          encodeUnreach({ family: context.family, prefixes, encoding: context.encoding })
        )
      )
    for (const routes of batch.reached) {
      const attributes = routes[0]?.attributes
      if (attributes === undefined) continue
      messages.push(
        ...this.#remember(`${attributes.id}+${contextKey}`, routes, (prefixes) =>
          encodeReach({
            family: context.family,
            nextHop: context.nextHop,
            attributes: pathAttributes(attributes, context),
            prefixes,
            encoding: context.encoding
          })
        )
      )
    }
    return messages
  }

  /** {@link RoomOf} of what is encoded in this context. */
  roomOf(attributes: RouteAttributes | undefined, context: UpdateContext): number {
    const { encoding, family, nextHop } = context
    if (attributes === undefined) return unreachRoom({ family, encoding })
    return reachRoom({ family, nextHop, attributes: pathAttributes(attributes, context), encoding })
  }

  #remember(
    kind: string,
    routes: readonly Route[],
    encode: (prefixes: readonly Route['prefix'][]) => readonly Uint8Array[]
  ): readonly Uint8Array[] {
    const key = `${kind}|${routes.length}|${routes[0]?.key ?? ''}`
    const known = this.#cache.get(key)
    if (known !== undefined && isSame(known.routes, routes)) {
      this.#cache.delete(key)
      this.#cache.set(key, known)
      return known.messages
    }
    this.#encodings += 1
    const messages = encode(routes.map((route) => route.prefix))
    const bytes = messages.reduce((sum, message) => sum + message.length, 0)
    if (known !== undefined) this.#forget(key, known)
    this.#cache.set(key, { routes, messages, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#cache) {
      if (this.#bytes <= this.#maxBytes) break
      this.#forget(oldest, entry)
    }
    return messages
  }

  #forget(key: string, entry: CacheEntry): void {
    this.#cache.delete(key)
    this.#bytes -= entry.bytes
  }
}

/** The attributes of a route as a peer gets them. */
function pathAttributes(
  attributes: RouteAttributes,
  context: Pick<UpdateContext, 'encoding' | 'localAsn' | 'isGracefulShutdown'>
): PathAttributes {
  const { isGracefulShutdown, localAsn } = context
  const { isExternal } = context.encoding
  const { communities } = attributes
  const localPref = isGracefulShutdown ? 0 : (attributes.localPref ?? DEFAULT_LOCAL_PREF)
  return {
    origin: 'igp',
    asPath: isExternal ? [{ type: 'sequence', asns: [localAsn] }] : [],
    med: attributes.med,
    localPref: isExternal ? undefined : localPref,
    isAtomicAggregate: false,
    aggregator: undefined,
    communities:
      isGracefulShutdown && !communities.includes(GRACEFUL_SHUTDOWN)
        ? [...communities, GRACEFUL_SHUTDOWN].sort((a, b) => a - b)
        : communities,
    extendedCommunities: attributes.extendedCommunities,
    largeCommunities: attributes.largeCommunities,
    unknown: []
  }
}

function contextKeyOf(context: UpdateContext): string {
  const { encoding, localAsn, nextHop, family, isGracefulShutdown } = context
  const linkLocal = 'linkLocal' in nextHop ? nextHop.linkLocal?.toString() : ''
  return [
    family,
    localAsn,
    nextHop.global.toString(),
    linkLocal,
    isGracefulShutdown,
    encoding.hasFourOctetAsn,
    encoding.maxMessageLength,
    encoding.hasExtendedNextHop,
    encoding.isExternal
  ].join(',')
}

function isSame(a: readonly Route[], b: readonly Route[]): boolean {
  return a.length === b.length && a.every((route, i) => route.key === b[i]?.key)
}
