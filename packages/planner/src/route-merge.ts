import type { Community } from '@clarion-lb/config'
import type { IpPrefix } from '@clarion-lb/netaddr'
import type { BgpRoute } from './bgp-decision.ts'
import { isSameCommunities, uniteCommunities } from './community-lists.ts'

/** A prefix as a peer is to be told of it. Peers that are told the same have the same object, which never changes. */
export interface WantedRoute {
  readonly prefix: IpPrefix
  /** LOCAL_PREF (RFC 4271 §5.1.5); 0: nobody said. */
  readonly localPref: number
  /** In order, each once, at most 63. */
  readonly communities: readonly Community[]
}

/** Services that say the same of a prefix. */
export interface Voice {
  /** Of one of them. */
  readonly route: BgpRoute
  /** Their keys. */
  readonly services: string[]
}

/** What some peers are told of a prefix. */
export interface Merged {
  /** `undefined`: every peer. */
  readonly peers: readonly string[] | undefined
  readonly route: WantedRoute
}

/** As many as MetalLB takes. */
export const MAX_COMMUNITIES = 63

/** What each of the peers is told of a prefix: the highest localPref and all communities of those that are for it. */
export function mergeVoices(voices: readonly Voice[], peers: readonly string[]): readonly Merged[] {
  if (voices.length === 0) return []
  const merged: { peers: string[] | undefined; readonly route: WantedRoute }[] = []
  for (const [peer, own] of audiencesOf(voices, peers)) {
    const route = merge(own)
    const same = merged.find((other) => isSameRoute(other.route, route))
    if (peer === undefined) merged.push({ peers: undefined, route })
    else if (same === undefined) merged.push({ peers: [peer], route })
    else same.peers?.push(peer)
  }
  return merged
}

/** Each peer with what it hears; `undefined` stands for every peer, where all hear the same. */
export function* audiencesOf(
  voices: readonly Voice[],
  peers: readonly string[]
): Generator<readonly [peer: string | undefined, voices: readonly Voice[]], void, undefined> {
  if (voices.every(({ route }) => route.peers === undefined)) {
    yield [undefined, voices]
    return
  }
  for (const peer of peers) {
    const own = voices.filter(({ route }) => route.peers?.includes(peer) ?? true)
    if (own.length > 0) yield [peer, own]
  }
}

export function isSameVoice(a: BgpRoute, b: BgpRoute): boolean {
  return (
    a.advertisement === b.advertisement &&
    a.localPref === b.localPref &&
    isSameCommunities(a.communities, b.communities) &&
    (a.peers === b.peers ||
      (a.peers !== undefined && b.peers !== undefined && a.peers.join('\n') === b.peers.join('\n')))
  )
}

export function isSameRoute(a: WantedRoute, b: WantedRoute): boolean {
  return a === b || (a.localPref === b.localPref && isSameCommunities(a.communities, b.communities))
}

function merge(voices: readonly Voice[]): WantedRoute {
  const [first] = voices
  if (first === undefined) throw new Error('nobody says anything')
  const communities = uniteCommunities(voices.map(({ route }) => route.communities))
  return {
    prefix: first.route.prefix,
    localPref: Math.max(...voices.map(({ route }) => route.localPref)),
    communities: communities.length > MAX_COMMUNITIES ? communities.slice(0, MAX_COMMUNITIES) : communities
  }
}
