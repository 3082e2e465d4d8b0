import { expect, test } from 'vitest'
import { HeartbeatLedger } from './node-lifecycle.ts'

test('a node is ready while its heartbeats change, and for the grace period after the last one', () => {
  const ledger = new HeartbeatLedger({ graceMs: 2000 })
  expect(ledger.isReady('node-1', 0)).toBe(false)
  ledger.hear('node-1', 'a', 0)
  ledger.hear('node-1', 'a', 1500)
  expect(ledger.isReady('node-1', 2000)).toBe(true)
  expect(ledger.isReady('node-1', 2001)).toBe(false)
  ledger.hear('node-1', 'b', 2500)
  expect(ledger.isReady('node-1', 4500)).toBe(true)
})
