/** Addresses under test: nobody's on the stage. */
export const VIP = '192.0.2.10'
export const VIP6 = '2001:db8::10'
/** Where solicitations for VIP6 are sent (RFC 4291 §2.7.1). */
export const VIP6_GROUP = 'ff02::1:ff00:10'

/** For a test of either family; named as the kernel's settings are. */
export const FAMILIES: readonly { readonly family: 'ipv4' | 'ipv6'; readonly vip: string }[] = [
  { family: 'ipv4', vip: VIP },
  { family: 'ipv6', vip: VIP6 }
]
