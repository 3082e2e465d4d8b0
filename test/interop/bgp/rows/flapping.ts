import { expect } from 'vitest'
import type { DaemonId } from '../daemons/daemon.ts'
import type { ResourceReport } from '../driver-protocol.ts'
import { type Cell, PATIENCE } from './cell.ts'
import { OWN_ASN, type Row } from './row.ts'

/** So often; fewer where the daemon refuses us for 5 s after each. */
const TIMES = 100
const FEWER: Partial<Record<DaemonId, number>> = { gobgp: 5 }
/** Objects of the runtime come and go; a session that is kept would be more than this, so often. */
const HEAP_ALLOWANCE_BYTES = 8 * 1024 * 1024

async function flap(cell: Cell): Promise<void> {
  await cell.connectAlone()
  const { speaker, spec, daemon, peer } = cell
  const prefix = cell.prefix(4)
  const once = async (): Promise<void> => {
    await speaker.ask('removePeer', { name: spec.name, stop: { mode: 'shutdown' } })
    await daemon.forgive(peer)
    await speaker.ask('addPeer', spec)
    await cell.advertise({ prefix })
    await expect.poll(async () => (await cell.report()).state, PATIENCE).toBe('established')
  }
  await once()
  const before = await speaker.ask('resources', undefined)
  for (let i = 0; i < (FEWER[daemon.id] ?? TIMES); i += 1) await once()
  await cell.established()
  await cell.has(prefix)
  // What is left of the last session goes within moments; what stays adds up.
  const held = async (): Promise<number> => countOf(await speaker.ask('resources', undefined))
  await expect.poll(held, PATIENCE).toBeLessThanOrEqual(countOf(before))
  const after = await speaker.ask('resources', undefined)
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_ALLOWANCE_BYTES)
}

function countOf({ active, openFiles }: ResourceReport): number {
  return active.filter((kind) => kind !== 'Immediate').length + openFiles
}

/** Many sessions, one after the other. */
export const FLAPPING_ROW: Row = {
  id: 'flapping',
  title: 'We end and begin the session 100 times (GoBGP: 5), and nothing is left over',
  asn: OWN_ASN,
  transport: 4,
  families: [4],
  run: flap
}
