import type { AdvertisedAttributes } from '@clarion-lb/bgp'
import type { DaemonPath } from '../daemons/daemon.ts'
import type { Cell } from './cell.ts'
import { DAEMON_ASN, OWN_ASN, type Row } from './row.ts'

/** Sends a route with these attributes, and then without: both are what the daemon has. */
async function carry(
  cell: Cell,
  attributes: AdvertisedAttributes,
  seen: Partial<DaemonPath>,
  unseen: Partial<DaemonPath>
): Promise<void> {
  const prefix = cell.prefix(4)
  await cell.connect()
  await cell.advertise({ prefix, attributes })
  await cell.has(prefix, seen)
  await cell.advertise({ prefix })
  await cell.has(prefix, unseen)
}

const external = { asn: OWN_ASN, transport: 4, families: [4] } as const
/** RFC 4360 §4: two octets of type, of an AS number, four of value. */
const ROUTE_TARGET = (0x0002n << 48n) | (64_501n << 32n) | 77n

/** What routes carry. */
export const ATTRIBUTE_ROWS: readonly Row[] = [
  {
    ...external,
    id: 'communities',
    title: 'Communities (RFC 1997)',
    run: async (cell) =>
      carry(
        cell,
        { communities: [64_501 * 65_536 + 80, 64_501 * 65_536 + 9] },
        { communities: ['64501:9', '64501:80'] },
        { communities: [] }
      )
  },
  {
    ...external,
    id: 'largeCommunities',
    title: 'Large communities (RFC 8092)',
    run: async (cell) =>
      carry(
        cell,
        { largeCommunities: [{ globalAdministrator: 4_200_000_001, localData1: 1, localData2: 2 }] },
        { largeCommunities: ['4200000001:1:2'] },
        { largeCommunities: [] }
      )
  },
  {
    ...external,
    id: 'extendedCommunities',
    title: 'Extended communities (RFC 4360)',
    run: async (cell) =>
      carry(
        cell,
        { extendedCommunities: [ROUTE_TARGET] },
        { extendedCommunities: ['rt:64501:77'] },
        { extendedCommunities: [] }
      )
  },
  {
    ...external,
    id: 'localPref',
    title: 'LOCAL_PREF in iBGP',
    asn: DAEMON_ASN,
    run: async (cell) => carry(cell, { localPref: 234 }, { localPref: 234 }, { localPref: 100 })
  },
  {
    ...external,
    id: 'med',
    title: 'MULTI_EXIT_DISC',
    run: async (cell) => {
      const prefix = cell.prefix(4)
      await cell.connect()
      await cell.advertise({ prefix, attributes: { med: 4321 } })
      await cell.has(prefix, { med: 4321 })
      await cell.advertise({ prefix, attributes: { med: 7 } })
      await cell.has(prefix, { med: 7 })
    }
  }
]
