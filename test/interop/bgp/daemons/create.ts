import type { Namespace } from '../../support/namespace.ts'
import { Bird } from './bird.ts'
import type { Daemon, DaemonId } from './daemon.ts'
import { Frr } from './frr.ts'
import { Gobgp } from './gobgp.ts'
import { Openbgpd } from './openbgpd.ts'

/** In the order of the table, with the names that their makers use. */
export const DAEMONS: readonly { readonly id: DaemonId; readonly name: string }[] = [
  { id: 'frr', name: 'FRR' },
  { id: 'bird', name: 'BIRD' },
  { id: 'gobgp', name: 'GoBGP' },
  { id: 'openbgpd', name: 'OpenBGPD' }
]

/** What must be installed for all of them. */
export const DAEMON_PROGRAMS = ['vtysh', 'bird', 'birdc', 'gobgpd', 'gobgp', 'bgpd', 'bgpctl'] as const

/** A daemon that is to run in this namespace. */
export function createDaemon(id: DaemonId, namespace: Namespace): Daemon {
  switch (id) {
    case 'frr':
      return new Frr(namespace)
    case 'bird':
      return new Bird(namespace)
    case 'gobgp':
      return new Gobgp(namespace)
    case 'openbgpd':
      return new Openbgpd(namespace)
  }
}
