import { expect } from 'vitest'
import { type Cell, PATIENCE } from './cell.ts'
import { DAEMON_ASN, DAEMON_ROUTES, OWN_ASN, type Row } from './row.ts'

const BIG_ASN = 4_200_000_001
const PASSWORD = 's3cret-of-77'

/** The session is up, a route goes there and back again, and one comes here. */
async function exchange(cell: Cell, asPath: readonly number[], nextHop?: string): Promise<void> {
  await cell.connect()
  for (const family of cell.peer.families) {
    const prefix = cell.prefix(family)
    await cell.advertise({ prefix })
    await cell.has(prefix, { asPath, ...(nextHop === undefined ? {} : { nextHops: [nextHop] }) })
    await cell.heard(DAEMON_ROUTES[family])
    await cell.advertise()
    await cell.hasNot(prefix)
  }
}

const external = { asn: OWN_ASN, transport: 4, families: [4] } as const

/** Kinds of sessions. */
export const SESSION_ROWS: readonly Row[] = [
  {
    ...external,
    id: 'ebgp',
    title: 'eBGP over IPv4',
    run: async (cell) => exchange(cell, [OWN_ASN], cell.peer.address)
  },
  {
    ...external,
    id: 'ibgp',
    title: 'iBGP over IPv4',
    asn: DAEMON_ASN,
    run: async (cell) => exchange(cell, [], cell.peer.address)
  },
  {
    ...external,
    id: 'ebgp6',
    title: 'eBGP over IPv6',
    transport: 6,
    families: [6],
    run: async (cell) => {
      await exchange(cell, [OWN_ASN])
      await cell.advertise({ prefix: cell.prefix(6) })
      await expect
        .poll(async () => (await cell.daemon.paths(cell.prefix(6)))[0]?.nextHops, PATIENCE)
        .toContain(cell.peer.address)
    }
  },
  {
    ...external,
    id: 'ibgp6',
    title: 'iBGP over IPv6',
    asn: DAEMON_ASN,
    transport: 6,
    families: [6],
    run: async (cell) => exchange(cell, [])
  },
  {
    ...external,
    id: 'both',
    title: 'IPv4 and IPv6 in one session (RFC 4760)',
    families: [4, 6],
    ours: ({ ipv6 }) => ({ nextHops: { ipv6 } }),
    run: async (cell) => {
      await cell.connect()
      const [prefix4, prefix6] = [cell.prefix(4), cell.prefix(6)]
      await cell.advertise({ prefix: prefix4 }, { prefix: prefix6 })
      await cell.has(prefix4, { nextHops: [cell.peer.address ?? ''] })
      await cell.has(prefix6, { nextHops: [cell.spec.nextHops?.ipv6 ?? ''] })
      await cell.advertise({ prefix: prefix6 })
      await cell.hasNot(prefix4)
      await cell.has(prefix6)
    }
  },
  {
    ...external,
    id: 'extendedNextHop',
    title: 'IPv4 routes with IPv6 next hops (RFC 8950)',
    transport: 6,
    families: [4],
    theirs: { hasExtendedNextHop: true },
    unsupported: { openbgpd: 'came with OpenBGPD 8.9' },
    run: async (cell) => {
      await cell.connect()
      await cell.advertise({ prefix: cell.prefix(4) })
      await expect
        .poll(async () => (await cell.daemon.paths(cell.prefix(4)))[0]?.nextHops, PATIENCE)
        .toContain(cell.peer.address)
    }
  },
  {
    ...external,
    id: 'unnumbered',
    title: 'Unnumbered: the neighbour on an interface, IPv4 and IPv6 routes',
    transport: 6,
    families: [4, 6],
    isUnnumbered: true,
    theirs: { isPassive: false },
    unsupported: {
      bird: 'takes no neighbour from router advertisements',
      gobgp: 'looks for its neighbour only once, when it starts',
      openbgpd: 'has no unnumbered sessions'
    },
    run: async (cell) => {
      await cell.connect()
      for (const family of [4, 6] as const) {
        await cell.advertise({ prefix: cell.prefix(family) })
        await cell.has(cell.prefix(family), { asPath: [OWN_ASN] })
        const [path] = await cell.daemon.paths(cell.prefix(family))
        expect(path?.nextHops.every((address) => address.startsWith('fe80::'))).toBe(true)
        await cell.heard(DAEMON_ROUTES[family])
      }
    }
  },
  {
    ...external,
    id: 'passive',
    title: 'The daemon connects, we wait',
    theirs: { isPassive: false },
    ours: () => ({ isPassive: true }),
    run: async (cell) => exchange(cell, [OWN_ASN])
  },
  {
    ...external,
    id: 'collision',
    title: 'Both connect (RFC 4271 §6.8)',
    theirs: { isPassive: false },
    run: async (cell) => exchange(cell, [OWN_ASN])
  },
  {
    ...external,
    id: 'md5',
    title: 'TCP MD5 (RFC 2385)',
    unsupported: { openbgpd: 'sets no keys on its listening sockets on Linux (7.7); see the next row' },
    theirs: { password: PASSWORD },
    ours: () => ({ password: PASSWORD }),
    run: async (cell) => exchange(cell, [OWN_ASN])
  },
  {
    ...external,
    id: 'md5Passive',
    title: 'TCP MD5 over IPv6, the daemon connects',
    transport: 6,
    families: [6],
    theirs: { password: PASSWORD, isPassive: false },
    ours: () => ({ password: PASSWORD, isPassive: true }),
    run: async (cell) => exchange(cell, [OWN_ASN])
  },
  {
    ...external,
    id: 'gtsm',
    title: 'TTL security (RFC 5082)',
    theirs: { hasTtlSecurity: true },
    ours: () => ({ ttlSecurityHops: 1 }),
    run: async (cell) => exchange(cell, [OWN_ASN])
  },
  {
    ...external,
    id: 'fourOctets',
    title: 'AS numbers of four octets (RFC 6793)',
    asn: BIG_ASN,
    run: async (cell) => exchange(cell, [BIG_ASN])
  }
]
