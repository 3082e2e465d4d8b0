import {
  decideL2,
  type L2Snapshot,
  type NodeMaintenance,
  PoolIndex,
  type ServiceEndpoints,
  summarizeEndpoints
} from './index.ts'
import { configOf, serviceOf } from './test-objects.ts'

const POOLS = ['10.0.0.0/8', '192.168.0.0/16', '2001:db8::/32', 'fc00::/7']
export const ABC: readonly string[] = ['node-a', 'node-b', 'node-c']

/** Nodes, and what is told of them. */
export interface World {
  readonly nodes: readonly string[]
  readonly members?: readonly string[] | undefined
  readonly advertisements?: readonly Readonly<Record<string, unknown>>[]
  readonly unavailable?: readonly string[]
  readonly excluded?: readonly string[]
  readonly ignoreExcludeLabel?: boolean
  /** Where MetalLB's speaker runs. */
  readonly rivals?: readonly string[]
  /** Interfaces that nobody is reached by, by node. */
  readonly lost?: Readonly<Record<string, readonly string[]>>
  /** What nodes in maintenance give up, 0–1. */
  readonly yielded?: Readonly<Record<string, number>>
}

export function snapshotOf(world: World): L2Snapshot {
  const { nodes, members, advertisements = [{}], unavailable = [], excluded = [] } = world
  const config = configOf(
    { lan: POOLS },
    {
      nodes: nodes.map((name) => ({ name, labels: { name } })),
      l2Advertisements: advertisements.map((spec, i) => ({ metadata: { name: `ad${i}` }, spec }))
    }
  )
  return {
    pools: new PoolIndex(config.pools),
    nodes: new Map(
      nodes.map((name) => [
        name,
        {
          name,
          isNetworkUnavailable: unavailable.includes(name),
          isExcluded: excluded.includes(name),
          rival: world.rivals?.includes(name) === true ? 'speaker-x7k2p' : undefined,
          lostInterfaces: new Set(world.lost?.[name]),
          maintenance: maintenanceOf(world.yielded?.[name])
        }
      ])
    ),
    members: members === undefined ? undefined : new Set(members),
    ignoreExcludeLabel: world.ignoreExcludeLabel ?? false
  }
}

function maintenanceOf(yieldedShare: number | undefined): NodeMaintenance | undefined {
  return yieldedShare === undefined
    ? undefined
    : { because: 'annotation clarion.io/maintenance', yieldedShare, isWithdrawn: false }
}

export const READY: ServiceEndpoints = summarizeEndpoints([{ endpoints: [{ nodeName: 'node-a' }] }])

/** Who the first of the nodes says announces a Service with this address. */
export function announcerOf(
  world: World,
  address: string,
  options: Parameters<typeof serviceOf>[1] = {}
): string | undefined {
  const service = serviceOf('a', { ingress: [address], ...options })
  return decideL2(world.nodes[0] ?? '', service, READY, snapshotOf(world)).announcer
}
