import type { BgpAdvertisement, Community, Peer, Pool } from '@clarion-lb/config'
import { type IpAddress, type IpFamily, IpPrefix } from '@clarion-lb/netaddr'
import type { ServiceEndpoints } from './endpoints.ts'
import { findAddresses, selectsService, type UnusableReason } from './found-addresses.ts'
import { isFit, type NodeView } from './node-view.ts'
import type { PoolIndex } from './pool-index.ts'
import type { ServiceView } from './service.ts'

/** Everything that a decision about BGP depends on but the Service. */
export interface BgpSnapshot {
  readonly pools: PoolIndex
  /** Nodes whose objects are known. One that is not is taken to be fit. */
  readonly nodes: ReadonlyMap<string, NodeView>
  /** Nodes whose speaker is alive; `undefined`: nobody knows, and no other node is sure to be a next hop. */
  readonly alive: ReadonlySet<string> | undefined
  /** Routers of the configuration, and which nodes have sessions with them. */
  readonly peers: readonly Pick<Peer, 'name' | 'nodes'>[]
  /** Nodes that ask to be left out take part all the same. */
  readonly ignoreExcludeLabel: boolean
}

/** Why a node advertises none of a Service's addresses. The names are MetalLB's. */
export type BgpWithholdReason =
  | UnusableReason
  | 'notOwner'
  | 'noMatchingAdvertisement'
  | 'conflictingAdvertisements'
  | 'nodeNetworkUnavailable'
  | 'nodeLabeledExcludeBalancers'
  | 'nodeInMaintenance'
  | 'noLocalEndpoints'
  | 'noEndpoints'

/** What one advertisement makes of one address. */
export interface BgpRoute {
  /** The address, masked by the advertisement's aggregation length. */
  readonly prefix: IpPrefix
  /** LOCAL_PREF (RFC 4271 §5.1.5); 0 where the advertisement does not say. */
  readonly localPref: number
  readonly communities: readonly Community[]
  /** Names of the peers that it is for; `undefined`: every peer. */
  readonly peers: readonly string[] | undefined
  /** Name of the BGPAdvertisement. */
  readonly advertisement: string
}

/** What this node advertises of a Service, or why nothing. */
export type BgpDecision =
  | {
      readonly outcome: 'advertise'
      readonly pool: string
      readonly addresses: readonly IpAddress[]
      /** In order of the addresses, then of the advertisements. Two may be of one prefix. */
      readonly routes: readonly BgpRoute[]
      readonly because: string
    }
  | { readonly outcome: 'withhold'; readonly reason: BgpWithholdReason; readonly because: string }

/**
 * Decides for one Service and one node. Nodes do not elect: each one that is fit is a next hop of its own, and routers
 * choose among them. The order of the checks is MetalLB's.
 */
export function decideBgp(
  node: string,
  service: ServiceView,
  endpoints: ServiceEndpoints,
  snapshot: BgpSnapshot
): BgpDecision {
  const found = findAddresses(service, snapshot.pools)
  if (found.outcome === 'unusable') return withhold(found.reason, found.because)
  const { addresses, pool } = found
  const ours = pool.bgpAdvertisements.filter(({ nodes }) => nodes.has(node))
  if (ours.length === 0) return withhold('notOwner', describeForeign(pool))
  const matching = ours.filter((advertisement) => selectsService(advertisement, service))
  if (matching.length === 0) return withhold('noMatchingAdvertisement', describeUnmatched(pool))
  const conflict = findConflict(matching, addresses)
  if (conflict !== undefined) return withhold('conflictingAdvertisements', conflict)
  const unfit = whyUnfit(node, service, endpoints, snapshot)
  if (unfit !== undefined) return unfit
  const maintenance = snapshot.nodes.get(node)?.maintenance
  if (
    maintenance?.isWithdrawn === true &&
    hasOtherNextHop(node, { service, endpoints, snapshot, pool, addresses })
  )
    return withhold('nodeInMaintenance', `this node is in maintenance: ${maintenance.because}`)
  return {
    outcome: 'advertise',
    pool: pool.name,
    addresses,
    routes: routesOf(matching, addresses),
    because: isLocal(service) ? 'it has a usable endpoint on this node' : 'it has a usable endpoint'
  }
}

/** What the node and the endpoints have against it. */
function whyUnfit(
  node: string,
  service: ServiceView,
  endpoints: ServiceEndpoints,
  { nodes, ignoreExcludeLabel }: BgpSnapshot
): BgpDecision | undefined {
  const view = nodes.get(node)
  if (view?.isNetworkUnavailable === true)
    return withhold('nodeNetworkUnavailable', 'the condition NetworkUnavailable of this node is True')
  if (view?.isExcluded === true && !ignoreExcludeLabel) {
    return withhold(
      'nodeLabeledExcludeBalancers',
      'this node has the label node.kubernetes.io/exclude-from-external-load-balancers'
    )
  }
  if (isLocal(service) && !endpoints.nodes.has(node))
    return withhold('noLocalEndpoints', 'its policy is Local, and it has no usable endpoint on this node')
  return endpoints.hasUsable ? undefined : withhold('noEndpoints', 'it has no usable endpoint')
}

interface Routing {
  readonly service: ServiceView
  readonly endpoints: ServiceEndpoints
  readonly snapshot: BgpSnapshot
  readonly pool: Pool
  readonly addresses: readonly IpAddress[]
}

/** Whether routers can go by another node, which is not in maintenance itself. The last way stays. */
function hasOtherNextHop(node: string, routing: Routing): boolean {
  const { service, endpoints, snapshot, pool, addresses } = routing
  const advertisements = pool.bgpAdvertisements.filter((one) => selectsService(one, service))
  return otherNextHops(node, snapshot).some((name) => {
    if (isLocal(service) && !endpoints.nodes.has(name)) return false
    const matching = advertisements.filter(({ nodes }) => nodes.has(name))
    return (
      matching.some((one) => isToldToAny(one, name, snapshot.peers)) &&
      findConflict(matching, addresses) === undefined
    )
  })
}

/** Nodes that can be next hops, whatever the Service, but this one. */
export function otherNextHops(
  node: string,
  { nodes, alive, ignoreExcludeLabel }: Pick<BgpSnapshot, 'nodes' | 'alive' | 'ignoreExcludeLabel'>
): readonly string[] {
  if (alive === undefined) return []
  return [...nodes.values()]
    .filter(
      (view) =>
        view.name !== node &&
        alive.has(view.name) &&
        view.maintenance === undefined &&
        isFit(view, ignoreExcludeLabel)
    )
    .map(({ name }) => name)
}

function isToldToAny(advertisement: BgpAdvertisement, node: string, peers: BgpSnapshot['peers']): boolean {
  const { peers: names } = advertisement
  return peers.some(({ name, nodes }) => nodes.has(node) && (names.length === 0 || names.includes(name)))
}

function isLocal(service: ServiceView): boolean {
  return service.spec?.externalTrafficPolicy === 'Local'
}

/** A prefix that several of the addresses are in is one route of an advertisement. */
function routesOf(
  advertisements: readonly BgpAdvertisement[],
  addresses: readonly IpAddress[]
): readonly BgpRoute[] {
  const routes: BgpRoute[] = []
  for (const address of addresses) {
    for (const advertisement of advertisements) {
      const prefix = IpPrefix.of(address, lengthOf(advertisement, address.family), { hostBits: 'mask' })
      const { name, localPref, communities, peers } = advertisement
      if (routes.some((route) => route.advertisement === name && route.prefix.equals(prefix))) continue
      routes.push({
        prefix,
        localPref,
        communities,
        peers: peers.length === 0 ? undefined : peers,
        advertisement: name
      })
    }
  }
  return routes
}

function lengthOf({ aggregationLength, aggregationLengthV6 }: BgpAdvertisement, family: IpFamily): number {
  return family === 4 ? aggregationLength : aggregationLengthV6
}

/** Two advertisements that say one prefix to one peer have to agree on what they say of it. */
function findConflict(
  advertisements: readonly BgpAdvertisement[],
  addresses: readonly IpAddress[]
): string | undefined {
  for (const [i, a] of advertisements.entries()) {
    const rival = advertisements.slice(i + 1).find((b) => isConflict(a, b, addresses))
    if (rival === undefined) continue
    const [first, second] = [a, rival].map(({ name, localPref }) => `${JSON.stringify(name)} (${localPref})`)
    return `BGPAdvertisements ${first} and ${second} differ in localPref for the same prefix and peer`
  }
  return undefined
}

function isConflict(a: BgpAdvertisement, b: BgpAdvertisement, addresses: readonly IpAddress[]): boolean {
  if (a.localPref === b.localPref) return false
  const sharesPeer =
    a.peers.length === 0 || b.peers.length === 0 || a.peers.some((name) => b.peers.includes(name))
  return sharesPeer && addresses.some(({ family }) => lengthOf(a, family) === lengthOf(b, family))
}

function describeForeign(pool: Pool): string {
  const name = JSON.stringify(pool.name)
  return pool.bgpAdvertisements.length === 0
    ? `no BGPAdvertisement selects pool ${name}`
    : `no BGPAdvertisement of pool ${name} has a nodeSelector that matches this node`
}

function describeUnmatched({ name }: Pool): string {
  return `no BGPAdvertisement of pool ${JSON.stringify(name)} for this node has a serviceSelector that matches it`
}

function withhold(reason: BgpWithholdReason, because: string): BgpDecision {
  return { outcome: 'withhold', reason, because }
}
