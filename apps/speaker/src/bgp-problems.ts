import type { ConfigResources, Problem } from '@clarion-lb/config'

const NOT_YET = 'BGP is not available yet: nothing is advertised to routers'

/** What the configuration asks for and this speaker cannot do, by name. */
export function bgpProblems({ bgpPeers = [], bgpAdvertisements = [] }: ConfigResources): readonly Problem[] {
  const problem = (
    kind: string,
    object: { readonly metadata?: { readonly name?: string; readonly namespace?: string } }
  ): Problem => ({
    severity: kind === 'BGPPeer' ? 'error' : 'warning',
    kind,
    namespace: object.metadata?.namespace,
    name: object.metadata?.name ?? '',
    field: 'spec',
    value: undefined,
    message: NOT_YET,
    remedy: 'announce the pool with an L2Advertisement, or remove this object'
  })
  return [
    ...bgpPeers.map((peer) => problem('BGPPeer', peer)),
    ...bgpAdvertisements.map((advertisement) => problem('BGPAdvertisement', advertisement))
  ]
}
