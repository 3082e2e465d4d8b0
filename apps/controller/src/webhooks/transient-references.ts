import type { ConfigResources } from '@clarion-lb/config'
import { isRecord } from './json.ts'

/**
 * An object without what it refers to and what may still come: a BFDProfile, a Secret, names of communities. What else is
 * wrong with it, or with others because of it, is seen then, as MetalLB's webhooks see it.
 */
export function blank(object: unknown): unknown {
  return isRecord(object) ? blankSpec(object) : object
}

/** All that may refer to something, in the same way. */
export function blankAll<T extends ConfigResources>(resources: T): T {
  const { bgpPeers, bgpAdvertisements } = resources
  return {
    ...resources,
    ...(bgpPeers && { bgpPeers: bgpPeers.map(blankSpec) }),
    ...(bgpAdvertisements && { bgpAdvertisements: bgpAdvertisements.map(blankSpec) })
  }
}

function blankSpec<T extends { readonly spec?: unknown }>(object: T): T {
  const { spec } = object
  if (!isRecord(spec)) return object
  const { bfdProfile: _profile, passwordSecret, communities, ...rest } = spec
  return {
    ...object,
    spec: {
      ...rest,
      // Two passwords are a contradiction, whether the Secret is there or not.
      ...(passwordSecret === undefined || rest['password'] === undefined ? {} : { passwordSecret }),
      ...(Array.isArray(communities) ? { communities: communities.filter(isLiteral) } : {})
    }
  }
}

/** A Community's own list, too, is called that; there are no texts in it. */
function isLiteral(community: unknown): boolean {
  return typeof community !== 'string' || community.includes(':')
}
