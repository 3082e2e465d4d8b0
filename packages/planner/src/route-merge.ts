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

/** Services that do not agree on what is said of a prefix that they have in common. */
export interface RouteConflict {
  readonly reason: 'localPref' | 'tooManyCommunities'
  readonly prefix: string
  /** Who is told so; `undefined`: every peer. */
  readonly peers: readonly string[] | undefined
  /** Keys of Services, one for each of what is said; with `localPref` the one that won comes first. */
  readonly services: readonly string[]
  readonly because: string
}

/** What one Service says of a prefix. */
export interface Claim {
  /** Of the Service. */
  readonly key: string
  readonly route: BgpRoute
}

/** What some peers are told of a prefix. */
export interface Merged {
  /** `undefined`: every peer. */
  readonly peers: readonly string[] | undefined
  readonly route: WantedRoute
  readonly conflicts: readonly RouteConflict[]
}

const NONE: readonly RouteConflict[] = []
/** As many as MetalLB takes. */
const MAX_COMMUNITIES = 63

/** What each of the peers is told of a prefix: the highest localPref and all communities of those that are for it. */
export function mergeClaims(
  prefix: IpPrefix,
  claims: readonly Claim[],
  peers: readonly string[]
): readonly Merged[] {
  if (claims.length === 0) return []
  if (claims.every(({ route }) => route.peers === undefined)) return [merge(prefix, claims, undefined)]
  const merged: Merged[] = []
  for (const peer of peers) {
    const own = claims.filter(({ route }) => route.peers?.includes(peer) ?? true)
    if (own.length === 0) continue
    const one = merge(prefix, own, [peer])
    const i = merged.findIndex((other) => isSameMerged(other, one))
    const twin = merged[i]
    if (twin === undefined) merged.push(one)
    else merged[i] = withPeers(twin, [...(twin.peers ?? []), peer])
  }
  return merged
}

export function isSameRoute(a: WantedRoute, b: WantedRoute): boolean {
  return a === b || (a.localPref === b.localPref && isSameCommunities(a.communities, b.communities))
}

function isSameMerged(a: Merged, b: Merged): boolean {
  return (
    isSameRoute(a.route, b.route) &&
    a.conflicts.length === b.conflicts.length &&
    a.conflicts.every(({ because }, i) => because === b.conflicts[i]?.because)
  )
}

function withPeers({ route, conflicts }: Merged, peers: readonly string[]): Merged {
  if (conflicts.length === 0) return { peers, route, conflicts }
  return { peers, route, conflicts: conflicts.map((conflict) => ({ ...conflict, peers })) }
}

function merge(prefix: IpPrefix, claims: readonly Claim[], peers: readonly string[] | undefined): Merged {
  const localPref = claims.reduce((highest, { route }) => Math.max(highest, route.localPref), 0)
  const all = uniteCommunities(claims.map(({ route }) => route.communities))
  const communities = all.length > MAX_COMMUNITIES ? all.slice(0, MAX_COMMUNITIES) : all
  const route = { prefix, localPref, communities }
  const isDisputed = claims.some((claim) => claim.route.localPref !== localPref)
  if (!isDisputed && communities === all) return { peers, route, conflicts: NONE }
  return {
    peers,
    route,
    conflicts: [
      ...(isDisputed ? [localPrefConflict(prefix, claims, peers)] : NONE),
      ...(communities === all ? NONE : [communitiesConflict(prefix, claims, peers, all.length)])
    ]
  }
}

function localPrefConflict(
  prefix: IpPrefix,
  claims: readonly Claim[],
  peers: readonly string[] | undefined
): RouteConflict {
  const byValue = firstOfEach(claims, ({ route }) => String(route.localPref)).toSorted(
    (a, b) => b.route.localPref - a.route.localPref
  )
  const values = byValue.map(
    ({ key, route }) => `${route.localPref} (Service ${key}, BGPAdvertisement ${route.advertisement})`
  )
  return {
    reason: 'localPref',
    prefix: prefix.toString(),
    peers,
    services: byValue.map(({ key }) => key),
    because: `localPref is to be ${values.join(', and ')}; the highest is used`
  }
}

function communitiesConflict(
  prefix: IpPrefix,
  claims: readonly Claim[],
  peers: readonly string[] | undefined,
  count: number
): RouteConflict {
  const contributors = firstOfEach(claims, ({ route }) => route.advertisement)
  const names = contributors.map(({ route }) => route.advertisement)
  return {
    reason: 'tooManyCommunities',
    prefix: prefix.toString(),
    peers,
    services: [...new Set(contributors.map(({ key }) => key))],
    because: `BGPAdvertisements ${names.join(', ')} add up to ${count} communities; the first ${MAX_COMMUNITIES} are used`
  }
}

/** For each value the claim of the Service that comes first by name, whatever the order they came in. */
function firstOfEach(claims: readonly Claim[], valueOf: (claim: Claim) => string): readonly Claim[] {
  const first = new Map<string, Claim>()
  for (const claim of claims) {
    const known = first.get(valueOf(claim))
    if (known === undefined || isBefore(claim, known)) first.set(valueOf(claim), claim)
  }
  return [...first.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
}

function isBefore(a: Claim, b: Claim): boolean {
  return a.key < b.key || (a.key === b.key && a.route.advertisement < b.route.advertisement)
}
