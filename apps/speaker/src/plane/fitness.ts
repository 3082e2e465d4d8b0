import type { LinkInterface } from '@clarion-lb/link'

/** What an interface is fit for. */
export interface Fitness {
  readonly arp: boolean
  readonly ndp: boolean
  /** Set when it is fit for neither. */
  readonly unfitBecause: string | undefined
}

/**
 * Whether addresses can be announced on an interface: up, not a member of a bridge or bond (frames are seen at its
 * master), able to resolve addresses; ARP needs broadcast, NDP an IPv6 link-local address of its own.
 */
export function fitnessOf(link: LinkInterface): Fitness {
  const unfit = (unfitBecause: string): Fitness => ({ arp: false, ndp: false, unfitBecause })
  if (!link.isUp) return unfit('is down')
  if (link.isLoopback) return unfit('is the loopback')
  if (link.mac === undefined) return unfit('has no Ethernet address')
  if (link.masterIndex !== undefined) return unfit('is a member of a bridge, bond or VRF')
  if (link.isNoArp) return unfit('does not resolve addresses (NOARP)')
  const ndp = link.addresses.some(({ address }) => address.family === 6 && address.isLinkLocal)
  if (!link.isBroadcast && !ndp) return unfit('has neither broadcast nor an IPv6 link-local address')
  return { arp: link.isBroadcast, ndp, unfitBecause: undefined }
}
