import type { ConfigResources } from '@clarion-lb/config'
import type { KubeObject } from '@clarion-lb/k8s-watch'
import { isRecord } from './json.ts'

/** Where the objects of each kind are. */
const LIST_OF = {
  IPAddressPool: 'pools',
  L2Advertisement: 'l2Advertisements',
  BGPAdvertisement: 'bgpAdvertisements',
  BGPPeer: 'bgpPeers',
  BFDProfile: 'bfdProfiles',
  Community: 'communities'
} as const

export type ReviewedKind = keyof typeof LIST_OF

export function isReviewedKind(kind: string): kind is ReviewedKind {
  return Object.hasOwn(LIST_OF, kind)
}

/**
 * The resources with `object` in the place of the one of that name, or without it. It counts as the youngest: of two
 * that exclude each other, the one that is about to be written is to blame.
 */
export function withCandidate(
  resources: ConfigResources,
  kind: ReviewedKind,
  name: string,
  object: unknown
): ConfigResources {
  const list = LIST_OF[kind]
  const others: readonly KubeObject[] = resources[list] ?? []
  const kept = others.filter(({ metadata }) => metadata?.name !== name)
  return { ...resources, [list]: isRecord(object) ? [...kept, youngest(object, name)] : kept }
}

function youngest(object: Readonly<Record<string, unknown>>, name: string): object {
  const { metadata } = object
  const { creationTimestamp: _createdAt, ...rest } = isRecord(metadata) ? metadata : {}
  return { ...object, metadata: { ...rest, name } }
}
