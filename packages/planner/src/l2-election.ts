import { hash } from 'node:crypto'
import type { L2Advertisement, Pool } from '@clarion-lb/config'
import type { IpAddress } from '@clarion-lb/netaddr'
import type { ServiceEndpoints } from './endpoints.ts'
import { findAddresses, selectsService, type UnusableReason } from './found-addresses.ts'
import { isFit, isYielded, type NodeView } from './node-view.ts'
import type { PoolIndex } from './pool-index.ts'
import { annotationOf, type ServiceView } from './service.ts'

/** Everything that an election depends on but the Service. */
export interface L2Snapshot {
  readonly pools: PoolIndex
  /** Nodes whose objects are known. */
  readonly nodes: ReadonlyMap<string, NodeView>
  /** Nodes whose speaker is alive; `undefined`: nobody knows, and every known node takes part. */
  readonly members: ReadonlySet<string> | undefined
  /** Nodes that ask to be left out take part all the same. */
  readonly ignoreExcludeLabel: boolean
}

/** Why addresses are not announced from a node. The names are MetalLB's. */
export type WithholdReason =
  | UnusableReason
  | 'notOwner'
  | 'noMatchingAdvertisement'
  | 'sharedIPWithServiceSelector'
  | 'besideMetalLB'

/** Who announces a Service's addresses, or why this node does not. */
export type L2Decision =
  | {
      /**
       * - `'announce'`: this node is the first of the candidates
       * - `'standby'`: it is one of them, for when those before it are gone
       */
      readonly outcome: 'announce' | 'standby'
      readonly addresses: readonly IpAddress[]
      readonly pool: string
      /** Names of interfaces; `undefined`: all. */
      readonly interfaces: readonly string[] | undefined
      readonly announcer: string
      /** Names of nodes, in the order of the election, this node among them: see {@link MAX_CANDIDATES}. */
      readonly candidates: readonly string[]
      readonly because: string
    }
  | {
      readonly outcome: 'withhold'
      readonly reason: WithholdReason
      /** Who announces instead. */
      readonly announcer: string | undefined
      /** As above, without this node. */
      readonly candidates: readonly string[]
      readonly because: string
    }

/** So many nodes know that they may have to announce an address: more do not vanish within one moment … */
export const MAX_CANDIDATES = 8
/**
 * … or so many, if its Service may share it: sharers with other first addresses have other first candidates, and each node is
 * to know all that are candidates of one of them.
 */
const MAX_SHARED_CANDIDATES = 64

/**
 * Decides for one Service and one node. Every speaker that knows the same comes to the same announcer, without asking
 * another: candidates are ordered by preference, then by the SHA-256 of `node#address`, as MetalLB orders them.
 */
export function decideL2(
  node: string,
  service: ServiceView,
  endpoints: ServiceEndpoints,
  snapshot: L2Snapshot
): L2Decision {
  const found = findAddresses(service, snapshot.pools)
  if (found.outcome === 'unusable') return withhold(found.reason, found.because)
  const { addresses, pool } = found
  if (!endpoints.hasUsable) return withhold('notOwner', 'it has no ready endpoint')
  const advertisements = pool.l2Advertisements.filter((one) => selectsService(one, service))
  const isShared = annotationOf(service, 'allowSharedIp') !== undefined
  if (isShared && advertisements.some(({ serviceSelectors }) => serviceSelectors.length > 0)) {
    const because =
      'it may share its address, and an advertisement with serviceSelectors matches it: sharers could be announced from different nodes'
    return withhold('sharedIPWithServiceSelector', because)
  }
  const rival = findRival({ service, endpoints, snapshot, advertisements })
  if (rival !== undefined) return withhold('besideMetalLB', rival)
  const [first] = addresses
  const order = electionOrder({ service, endpoints, snapshot, advertisements, address: first })
  const candidates = order.slice(0, isShared ? MAX_SHARED_CANDIDATES : MAX_CANDIDATES)
  const [announcer] = candidates
  const ours = advertisements.filter(({ nodes }) => nodes.has(node))
  if (ours.length === 0)
    return withhold('noMatchingAdvertisement', describeUnmatched(pool, advertisements), candidates)
  if (announcer === undefined) return withhold('notOwner', 'no node is a candidate')
  const because = explain(node, announcer, { snapshot, advertisements, address: first })
  if (!candidates.includes(node)) return withhold('notOwner', because, candidates)
  return {
    outcome: announcer === node ? 'announce' : 'standby',
    addresses,
    pool: pool.name,
    interfaces: interfacesOf(ours),
    announcer,
    candidates,
    because
  }
}

/** Two elections that do not know of each other would have two nodes announce one address. */
function findRival({
  service,
  endpoints,
  snapshot: { nodes },
  advertisements
}: Omit<Election, 'address'>): string | undefined {
  const isLocal = service.spec?.externalTrafficPolicy === 'Local'
  for (const { name, rival } of nodes.values()) {
    if (rival === undefined || (isLocal && !endpoints.nodes.has(name))) continue
    if (!advertisements.some((one) => one.nodes.has(name))) continue
    return `pod ${rival} on node ${name} is a speaker of MetalLB, which can announce it: remove that one`
  }
  return undefined
}

interface Election {
  readonly service: ServiceView
  readonly endpoints: ServiceEndpoints
  readonly snapshot: L2Snapshot
  readonly advertisements: readonly L2Advertisement[]
  /** The first address decides for all. */
  readonly address: IpAddress | undefined
}

interface Candidate {
  readonly name: string
  /** 1: it is in maintenance, and has the address only if nobody else can; 2: it could not announce it now. */
  readonly yields: 0 | 1 | 2
  readonly score: number
  readonly digest: string
}

/** All that are candidates, the announcer before the others. */
function electionOrder({
  service,
  endpoints,
  snapshot,
  advertisements,
  address
}: Election): readonly string[] {
  const isLocal = service.spec?.externalTrafficPolicy === 'Local'
  const text = address?.toString() ?? ''
  const names = snapshot.members ?? snapshot.nodes.keys()
  const candidates: Candidate[] = []
  for (const name of names) {
    if (!isCandidate(snapshot, name)) continue
    if (!advertisements.some(({ nodes }) => nodes.has(name))) continue
    if (isLocal && !endpoints.nodes.has(name)) continue
    const score = advertisements.reduce((sum, ad) => sum + (ad.preferenceScores.get(name) ?? 0), 0)
    const yields = yieldOf(snapshot.nodes.get(name), advertisements, text)
    candidates.push({ name, yields, score, digest: electionDigest(name, text) })
  }
  return candidates
    .toSorted((a, b) => a.yields - b.yields || b.score - a.score || (a.digest < b.digest ? -1 : 1))
    .map(({ name }) => name)
}

function yieldOf(
  view: NodeView | undefined,
  advertisements: readonly L2Advertisement[],
  address: string
): Candidate['yields'] {
  if (view === undefined) return 0
  if (lostBy(view, advertisements).length > 0) return 2
  return isYielded(view, address) ? 1 : 0
}

/** The interfaces that a node is to announce on, if it can on none of them. */
function lostBy(
  { name, lostInterfaces }: NodeView,
  advertisements: readonly L2Advertisement[]
): readonly string[] {
  if (lostInterfaces === undefined || lostInterfaces.size === 0) return NOBODY
  const named = interfacesOf(advertisements.filter(({ nodes }) => nodes.has(name)))
  return named?.every((one) => lostInterfaces.has(one)) === true ? named : NOBODY
}

/** Whether a node may announce anything. One whose object is not known cannot be excluded. */
export function isCandidate(
  { nodes, members, ignoreExcludeLabel }: Pick<L2Snapshot, 'nodes' | 'members' | 'ignoreExcludeLabel'>,
  name: string
): boolean {
  if (members !== undefined && !members.has(name)) return false
  const node = nodes.get(name)
  if (node === undefined) return members !== undefined
  return isFit(node, ignoreExcludeLabel)
}

/** Orders candidates: ascending, as text. The address is in its canonical form. */
export function electionDigest(node: string, address: string): string {
  return hash('sha256', `${node}#${address}`, 'hex')
}

function explain(
  node: string,
  announcer: string,
  { snapshot, advertisements, address }: Pick<Election, 'snapshot' | 'advertisements' | 'address'>
): string {
  const own = snapshot.nodes.get(node)
  const reservation = own === undefined ? undefined : reservationOf(own, advertisements, address)
  if (announcer !== node) {
    const first = `node ${announcer} is the first of the candidates`
    return reservation === undefined ? first : `this node ${reservation}, and ${first}`
  }
  const first = 'it is the first of the candidates'
  return reservation === undefined ? first : `${first}, though it ${reservation}: nobody else can`
}

/** Why a node has the address only if nobody else can. */
function reservationOf(
  own: NodeView,
  advertisements: readonly L2Advertisement[],
  address: IpAddress | undefined
): string | undefined {
  const lost = lostBy(own, advertisements)
  if (lost.length > 0) return `has lost its interfaces (${lost.join(', ')})`
  const { maintenance } = own
  const isGivenUp = maintenance !== undefined && isYielded(own, address?.toString() ?? '')
  return isGivenUp ? `is in maintenance (${maintenance.because})` : undefined
}

function withhold(
  reason: WithholdReason,
  because: string,
  candidates: readonly string[] = NOBODY
): L2Decision {
  return { outcome: 'withhold', reason, because, announcer: candidates[0], candidates }
}

const NOBODY: readonly string[] = []

function describeUnmatched(pool: Pool, matching: readonly L2Advertisement[]): string {
  const name = JSON.stringify(pool.name)
  if (pool.l2Advertisements.length === 0) return `no L2Advertisement selects pool ${name}`
  if (matching.length === 0) return `no L2Advertisement of pool ${name} has a serviceSelector that matches it`
  return `no L2Advertisement of pool ${name} has a nodeSelector that matches this node`
}

/** One without interfaces means all. */
function interfacesOf(advertisements: readonly L2Advertisement[]): readonly string[] | undefined {
  const names = new Set<string>()
  for (const { interfaces } of advertisements) {
    if (interfaces === undefined) return undefined
    for (const name of interfaces) names.add(name)
  }
  return [...names].toSorted()
}
