import type { IpFamily } from '@clarion-lb/netaddr'

/** Address family and subsequent address family, as they are in RFC 4760. */
export interface AfiSafi {
  readonly afi: number
  readonly safi: number
}

const UNICAST = 1

/** Address family identifiers (IANA "Address Family Numbers"). */
export const AFI: Readonly<Record<IpFamily, number>> = { 4: 1, 6: 2 }

/** The unicast family with these numbers; `undefined` for any other, which this package does not speak. */
export function familyOf({ afi, safi }: AfiSafi): IpFamily | undefined {
  if (safi !== UNICAST) return undefined
  if (afi === AFI[4]) return 4
  return afi === AFI[6] ? 6 : undefined
}

/** The numbers of a unicast family. */
export function afiSafiOf(family: IpFamily): AfiSafi {
  return { afi: AFI[family], safi: UNICAST }
}
