import type { BGPAdvertisement as BGPAdvertisementResource } from '@clarion-lb/crds'
import { choosePools } from './attachment.ts'
import { resolveCommunity, sortCommunities } from './communities.ts'
import type { BgpAdvertisement, Community } from './model.ts'
import type { ParsedPool } from './pools.ts'
import type { Findings, ProblemList } from './problems.ts'
import type { Labelled } from './resources.ts'
import { compileSelectors, refuseDuplicates, selectNames } from './selectors-of.ts'

export interface BgpContext {
  readonly pools: ReadonlyMap<string, ParsedPool>
  readonly nodes: readonly Labelled[]
  readonly communities: ReadonlyMap<string, Community>
  /** Names of the BGPPeers that there are; `undefined`: nobody knows. */
  readonly peerNames: ReadonlySet<string> | undefined
}

/** The BGP advertisements of each pool, by name of the pool, each once however it was reached. */
export function attachBgpAdvertisements(
  advertisements: readonly BGPAdvertisementResource[],
  context: BgpContext,
  list: ProblemList
): Map<string, BgpAdvertisement[]> {
  const attached = new Map<string, BgpAdvertisement[]>()
  const identities = new Map<string, string>()
  for (const resource of advertisements.toSorted(byName)) {
    const findings = list.about('BGPAdvertisement', resource)
    findings.checkSchema('BGPAdvertisement')
    if (findings.hasErrors) continue
    const chosen = choosePools(resource.spec ?? {}, context.pools, findings)
    const advertisement = parseAdvertisement(resource.spec ?? {}, context, findings)
    for (const name of chosen)
      checkAgainstPool(advertisement, context.pools.get(name), attached.get(name) ?? [], findings)
    if (findings.hasErrors) continue
    const identity = identityOf(advertisement, chosen)
    const twin = identities.get(identity)
    if (twin === undefined) identities.set(identity, findings.name)
    else {
      // What both say of a prefix is merged: it does no harm.
      findings.warning({
        field: 'spec',
        message: `says the same as BGPAdvertisement ${twin}`,
        remedy: 'remove one of them'
      })
    }
    for (const name of chosen) attached.set(name, [...(attached.get(name) ?? []), advertisement])
  }
  return attached
}

function parseAdvertisement(
  spec: NonNullable<BGPAdvertisementResource['spec']>,
  { nodes, communities, peerNames }: BgpContext,
  findings: Findings
): BgpAdvertisement {
  const { aggregationLength = 32, aggregationLengthV6 = 128, localPref = 0, peers = [] } = spec
  checkLength(aggregationLength, 32, 'spec.aggregationLength', findings)
  checkLength(aggregationLengthV6, 128, 'spec.aggregationLengthV6', findings)
  refuseDuplicates(peers, 'spec.peers', findings)
  if (peerNames !== undefined) warnOfUnknownPeers(peers, peerNames, findings)
  refuseDuplicates(spec.communities, 'spec.communities', findings)
  const nodeSelectors = compileSelectors(spec.nodeSelectors, 'spec.nodeSelectors', findings)
  return {
    name: findings.name,
    nodes: selectNames(nodeSelectors, nodes),
    aggregationLength,
    aggregationLengthV6,
    localPref,
    communities: parseOwnCommunities(spec.communities ?? [], communities, findings),
    peers,
    serviceSelectors: compileSelectors(spec.serviceSelectors, 'spec.serviceSelectors', findings)
  }
}

function warnOfUnknownPeers(peers: readonly string[], known: ReadonlySet<string>, findings: Findings): void {
  for (const [i, name] of peers.entries()) {
    if (known.has(name)) continue
    findings.warning({
      field: `spec.peers[${i}]`,
      value: name,
      message: 'there is no such BGPPeer',
      remedy: 'check the name, or create it'
    })
  }
}

/** As many as MetalLB takes on one route. */
const MAX_COMMUNITIES = 63

function parseOwnCommunities(
  texts: readonly string[],
  aliases: ReadonlyMap<string, Community>,
  findings: Findings
): readonly Community[] {
  const resolved = texts.flatMap((text, i) => {
    const community = resolveCommunity(text, aliases)
    if (community !== undefined) return community
    findings.error({
      field: `spec.communities[${i}]`,
      value: text,
      message: 'is neither a community nor the name of one',
      remedy: 'write it as 64512:100, or add a Community with this name',
      // What has no colon may be the name of a Community that is still to come.
      ...(text.includes(':') ? {} : { acceptedBy: 'metallb' })
    })
    return []
  })
  const communities = sortCommunities(resolved)
  if (communities.length > MAX_COMMUNITIES) {
    findings.error({
      field: 'spec.communities',
      value: communities.length,
      message: `are more than ${MAX_COMMUNITIES}`,
      remedy: 'remove some',
      acceptedBy: 'metallb'
    })
  }
  return communities
}

function checkLength(length: number, max: number, field: string, findings: Findings): void {
  if (length >= 1 && length <= max) return
  findings.error({
    field,
    value: length,
    message: `is not from 1 to ${max}`,
    remedy: `leave it out for ${max}`
  })
}

/** The aggregate may not be wider than an entry's widest prefix, or it would cover addresses that are not ours. */
function checkAgainstPool(
  advertisement: BgpAdvertisement,
  pool: ParsedPool | undefined,
  others: readonly BgpAdvertisement[],
  findings: Findings
): void {
  for (const range of pool?.ranges ?? []) {
    const length = range.family === 4 ? advertisement.aggregationLength : advertisement.aggregationLengthV6
    const widest = Math.min(...range.toPrefixes().map((prefix) => prefix.length))
    if (length >= widest) continue
    findings.error({
      field: range.family === 4 ? 'spec.aggregationLength' : 'spec.aggregationLengthV6',
      value: length,
      message: `is shorter than ${widest}, the widest prefix of ${range.toString()} in pool ${pool?.name}`,
      remedy: `use ${widest} or more, or enlarge the pool`
    })
  }
  const rival = others.find((other) => conflicts(advertisement, other, pool))
  if (rival !== undefined) {
    findings.error({
      field: 'spec.localPref',
      value: advertisement.localPref,
      message: `differs from BGPAdvertisement ${rival.name}, which advertises the same prefixes of pool ${pool?.name} to the same peers`,
      remedy: 'use one value, or separate them by peers, nodes or aggregation length'
    })
  }
}

function conflicts(a: BgpAdvertisement, b: BgpAdvertisement, pool: ParsedPool | undefined): boolean {
  if (a.localPref === b.localPref || a.serviceSelectors.length > 0 || b.serviceSelectors.length > 0)
    return false
  const families = new Set(pool?.ranges.map(({ family }) => family))
  const isSameLength = (family: 4 | 6): boolean =>
    family === 4
      ? a.aggregationLength === b.aggregationLength
      : a.aggregationLengthV6 === b.aggregationLengthV6
  if (![...families].some(isSameLength)) return false
  const sharesPeer =
    a.peers.length === 0 || b.peers.length === 0 || a.peers.some((peer) => b.peers.includes(peer))
  return sharesPeer && [...a.nodes].some((node) => b.nodes.has(node))
}

function identityOf(advertisement: BgpAdvertisement, pools: ReadonlySet<string>): string {
  const { nodes, peers, serviceSelectors, communities, aggregationLength, aggregationLengthV6, localPref } =
    advertisement
  return JSON.stringify([
    [...pools].toSorted(),
    [...nodes].toSorted(),
    peers.toSorted(),
    serviceSelectors.map(({ text }) => text).toSorted(),
    communities.map((community) => JSON.stringify(community)).toSorted(),
    aggregationLength,
    aggregationLengthV6,
    localPref
  ])
}

function byName(a: BGPAdvertisementResource, b: BGPAdvertisementResource): number {
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}
