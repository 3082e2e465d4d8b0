import { parseBfdProfiles } from './bfd-profiles.ts'
import { attachBgpAdvertisements } from './bgp-advertisements.ts'
import { refuseBgpExtras } from './bgp-extras.ts'
import { parseCommunities } from './communities.ts'
import { attachL2Advertisements } from './l2-advertisements.ts'
import type { Config, Problem } from './model.ts'
import { parsePeers } from './peers.ts'
import { parsePools } from './pools.ts'
import { ProblemList } from './problems.ts'
import type { ConfigResources } from './resources.ts'

export interface ConfigResult {
  /** What can be used. */
  readonly config: Config
  /** What cannot, and what was surely not meant. */
  readonly problems: readonly Problem[]
}

/**
 * Makes one model of the resources. An object with an error is left out, and does not disable the others. Pure, and
 * never throws, whatever the objects hold.
 */
export function buildConfig(asGiven: ConfigResources): ConfigResult {
  const resources = withoutNulls(asGiven)
  const { nodes = [], namespaces, secrets = new Map() } = resources
  const list = new ProblemList()
  const pools = new Map(parsePools(resources.pools ?? [], namespaces, list).map((pool) => [pool.name, pool]))
  const communities = parseCommunities(resources.communities ?? [], list)
  const l2 = attachL2Advertisements(resources.l2Advertisements ?? [], pools, nodes, list)
  const peerNames =
    resources.bgpPeers && new Set(resources.bgpPeers.map(({ metadata }) => metadata?.name ?? ''))
  const bgpContext = { pools, nodes, communities, peerNames }
  const bgp = attachBgpAdvertisements(resources.bgpAdvertisements ?? [], bgpContext, list)
  const bfdProfiles = parseBfdProfiles(resources.bfdProfiles ?? [], list)
  const bfdProfileNames = new Set((resources.bfdProfiles ?? []).map(({ metadata }) => metadata?.name ?? ''))
  const peers = parsePeers(resources.bgpPeers ?? [], { nodes, bfdProfiles, bfdProfileNames, secrets }, list)
  refuseBgpExtras(resources.bgpExtras, list)
  return {
    config: {
      pools: [...pools.values()].map(({ labels: _labels, ...pool }) => ({
        ...pool,
        l2Advertisements: l2.get(pool.name) ?? [],
        bgpAdvertisements: bgp.get(pool.name) ?? []
      })),
      peers,
      bfdProfiles
    },
    problems: list.problems
  }
}

/** `null` is how YAML says that nothing is there; from here on that is `undefined`. */
function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls) as T
  if (typeof value !== 'object' || value === null || value instanceof Map) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(
    entries.map(([name, inner]: [string, unknown]) => [name, withoutNulls(inner)])
  ) as T
}
