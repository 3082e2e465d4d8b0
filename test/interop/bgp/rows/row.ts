import type { DaemonId, DaemonPeer, Family } from '../daemons/daemon.ts'
import type { PeerSpec } from '../driver-protocol.ts'
import type { Cell } from './cell.ts'

/** A row of the matrix: one promise, kept with every daemon that can. */
export interface Row {
  /** Letters and digits only; also the name of its session. */
  readonly id: string
  /** As the table has it. */
  readonly title: string
  /** Family of the session's addresses. */
  readonly transport: Family
  readonly families: readonly Family[]
  /** Our autonomous system in it. */
  readonly asn: number
  /** Each side knows only its interface. */
  readonly isUnnumbered?: boolean
  /** What else the daemon's side is told. */
  readonly theirs?: Partial<DaemonPeer>
  /** What else our side is told. */
  readonly ours?: (own: { readonly ipv4: string; readonly ipv6: string }) => Partial<PeerSpec>
  /** Daemons that cannot do it, and why. */
  readonly unsupported?: Partial<Record<DaemonId, string>>
  run(cell: Cell): Promise<void>
}

/** The daemon's autonomous system. */
export const DAEMON_ASN = 64500
/** Ours, but for rows about that. */
export const OWN_ASN = 64501
/** What daemons originate. */
export const DAEMON_ROUTES = { 4: '198.51.100.0/24', 6: '2001:db8:51::/48' } as const
