import type { Ipv6Address } from '@clarion-lb/netaddr'

/**
 * Finds the router on an interface, again and again.
 *
 * @param onNeighbor is told its link-local address, also if it is another one later
 * @returns what ends it
 */
export type DiscoverNeighbor = (
  interfaceName: string,
  onNeighbor: (linkLocal: Ipv6Address) => void
) => () => void

export const discoverNeighbor: DiscoverNeighbor = () => () => undefined
