import { expect } from 'vitest'
import type { DaemonId, Family } from '../bgp/daemons/daemon.ts'
import type { BfdCell } from './cell.ts'

/** For `expect.poll`. Sessions begin with a packet a second. */
const PATIENCE = { timeout: 20_000, interval: 20 } as const
const MULTIPLIER = 3
const FAST_MS = 50
/**
 * For rows that count how often a session goes down: no process that stands still for 3 s ends it. BIRD has one interval
 * for all of an interface, that of the first row; the longer one of both sides counts.
 */
const SLOW_MS = 1500

/** A row of the BFD matrix. */
export interface BfdRow {
  readonly id: string
  readonly title: string
  readonly family: Family
  readonly hops: 'single' | 'multi'
  readonly intervalMs: number
  readonly profile?: string
  readonly unsupported?: Partial<Record<DaemonId, string>>
  run(cell: BfdCell): Promise<void>
}

async function up(cell: BfdCell): Promise<void> {
  await expect.poll(async () => (await cell.report()).state, PATIENCE).toBe('up')
  await expect.poll(async () => cell.daemonState(), PATIENCE).toBe('up')
}

/** Both sides agree on what was wished for. */
async function comesUp(cell: BfdCell): Promise<void> {
  await cell.begin()
  await up(cell)
  await expect
    .poll(async () => cell.report(), PATIENCE)
    .toMatchObject({ transmitIntervalMs: FAST_MS, detectionTimeMs: FAST_MS * MULTIPLIER })
}

const single = { family: 4, hops: 'single', intervalMs: FAST_MS } as const
const steady = { ...single, intervalMs: SLOW_MS } as const

/** All rows of the BFD matrix, in the order in which they run. */
export const BFD_ROWS: readonly BfdRow[] = [
  { ...single, id: 'ipv4', title: 'A neighbour over IPv4, 50 ms × 3 (RFC 5881)', run: comesUp },
  { ...single, id: 'ipv6', title: 'A neighbour over IPv6, 50 ms × 3', family: 6, run: comesUp },
  { ...single, id: 'multihop', title: 'Several hops, 50 ms × 3 (RFC 5883)', hops: 'multi', run: comesUp },
  {
    ...steady,
    id: 'cut',
    title: 'The path is cut: both sides find out, and come back when it is mended',
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      await cell.cut()
      await expect.poll(async () => cell.daemonState(), PATIENCE).toBe('down')
      await expect.poll(async () => (await cell.report()).downReasons, PATIENCE).not.toEqual([])
      await cell.mend()
      await up(cell)
      // The packet that made us come up was sent before the daemon was up itself.
      await expect
        .poll(async () => cell.report(), PATIENCE)
        .toMatchObject({ downReasons: ['detectionTimeExpired'], remoteDiagnostic: 0 })
    }
  },
  {
    ...single,
    id: 'killed',
    title: 'Our process is killed: the daemon finds out',
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      await cell.kill()
      await expect.poll(async () => cell.daemonState(), PATIENCE).toBe('down')
    }
  },
  {
    ...single,
    id: 'frozen',
    title: 'The daemon freezes: we find out',
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      cell.daemon.freeze()
      await expect
        .poll(async () => (await cell.report()).downReasons, PATIENCE)
        .toContain('detectionTimeExpired')
      cell.daemon.thaw()
      await up(cell)
    }
  },
  {
    ...steady,
    id: 'ourAdminDown',
    title: 'We end it on purpose, and begin again',
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      await cell.setOurs('down')
      await expect.poll(async () => cell.daemonState(), PATIENCE).toBe('down')
      await cell.setOurs('up')
      await up(cell)
      expect((await cell.report()).downReasons).toEqual(['administrative'])
    }
  },
  {
    ...steady,
    id: 'theirAdminDown',
    title: 'The daemon’s operator ends it: we are told that it is no failure',
    unsupported: { bird: 'stops its sessions without a word' },
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      await cell.daemon.setBfd(cell.peer, 'down')
      await expect.poll(async () => (await cell.report()).downReasons, PATIENCE).toEqual(['remoteAdminDown'])
      await cell.daemon.setBfd(cell.peer, 'up')
      await up(cell)
    }
  },
  {
    ...steady,
    id: 'profile',
    title: 'A `bfd profile` gives the times, and changes them while the session is up',
    profile: 'calm',
    unsupported: { bird: 'has no profiles' },
    run: async (cell) => {
      await cell.begin()
      await up(cell)
      await expect
        .poll(async () => (await cell.report()).detectionTimeMs, PATIENCE)
        .toBe(SLOW_MS * MULTIPLIER)
      await cell.changeProfile(2 * SLOW_MS)
      await expect
        .poll(async () => cell.report(), PATIENCE)
        .toMatchObject({
          transmitIntervalMs: 2 * SLOW_MS,
          detectionTimeMs: 2 * SLOW_MS * MULTIPLIER,
          downReasons: []
        })
      expect(await cell.daemonState()).toBe('up')
    }
  }
]
