import type { DaemonPeer } from '../daemons/daemon.ts'
import type { PeerSpec } from '../driver-protocol.ts'
import { DAEMON_ASN, OWN_ASN, type Row } from './row.ts'

/** So many rows have addresses of their own. */
const MAX_ROWS = 90
const DEFAULT_HOLD_TIME_S = 90
/** Of both sides. */
const DEVICE = 'e0'

/** Both ends of a row's session, and the prefixes that it is about. */
export interface RowAddresses {
  readonly ours: readonly [ipv4: string, ipv6: string]
  readonly theirs: readonly [ipv4: string, ipv6: string]
}

/** Of the row at this place, with prefix lengths. */
export function addressesOf(_row: Row, index: number): RowAddresses {
  if (index >= MAX_ROWS) throw new RangeError(`${index} rows are too many for their addresses`)
  return {
    ours: [`192.0.2.${index + 1}/24`, `2001:db8::1:${index + 1}/64`],
    theirs: [`192.0.2.${index + 101}/24`, `2001:db8::2:${index + 1}/64`]
  }
}

/** Prefixes of a row: addresses of services, two of each family. */
export function prefixesOf(index: number): { readonly 4: readonly string[]; readonly 6: readonly string[] } {
  return {
    4: [`203.0.113.${index + 1}/32`, `203.0.113.${index + 101}/32`],
    6: [`2001:db8:113::1:${index + 1}/128`, `2001:db8:113::2:${index + 1}/128`]
  }
}

/** The session as the daemon has it. It waits for us, unless the row says otherwise. */
export function peerOf(row: Row, index: number): DaemonPeer {
  const { ours, theirs } = addressesOf(row, index)
  const i = row.transport === 4 ? 0 : 1
  const addresses = { address: withoutLength(ours[i]), localAddress: withoutLength(theirs[i]) }
  return {
    name: row.id,
    ...(row.isUnnumbered === true ? { interface: DEVICE } : addresses),
    asn: row.asn,
    families: row.families,
    holdTimeS: DEFAULT_HOLD_TIME_S,
    isPassive: true,
    ...row.theirs
  }
}

/** The session as we have it. */
export function specOf(row: Row, index: number): PeerSpec {
  const { ours, theirs } = addressesOf(row, index)
  const i = row.transport === 4 ? 0 : 1
  const own = { ipv4: withoutLength(ours[0]), ipv6: withoutLength(ours[1]) }
  const addresses = { address: withoutLength(theirs[i]), localAddress: withoutLength(ours[i]) }
  return {
    name: row.id,
    ...(row.isUnnumbered === true ? { interface: DEVICE } : addresses),
    asn: row.isUnnumbered === true ? 'external' : DAEMON_ASN,
    ...(row.asn === OWN_ASN ? {} : { localAsn: row.asn }),
    families: row.families,
    connectRetryMs: 1000,
    ...row.ours?.(own)
  }
}

function withoutLength(address: string): string {
  return address.split('/')[0] ?? address
}
