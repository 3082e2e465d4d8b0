import { expect, test } from 'vitest'
import { HeartbeatLedger } from './node-lifecycle.ts'

/** Another node that is heard of every half second. */
function others(ledger: HeartbeatLedger, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 500) ledger.hear('other', `at ${nowMs}`, nowMs)
}

test('a node is ready while its heartbeats change, and for the grace period after the last one', () => {
  const ledger = new HeartbeatLedger({ graceMs: 2000 })
  expect(ledger.isReady('node-1', 0)).toBe(false)
  ledger.hear('node-1', 'a', 0)
  others(ledger, 500, 1500)
  ledger.hear('node-1', 'a', 1500)
  others(ledger, 2000, 2000)
  expect(ledger.isReady('node-1', 2000)).toBe(true)
  expect(ledger.isReady('node-1', 2001)).toBe(false)
  ledger.hear('node-1', 'b', 2500)
  expect(ledger.isReady('node-1', 2500)).toBe(true)
})

test('when all nodes are silent at once none is blamed, also not after the first is heard of again', () => {
  const ledger = new HeartbeatLedger({ graceMs: 2000 })
  ledger.hear('node-1', 'a', 0)
  others(ledger, 0, 0)
  expect(ledger.isReady('node-1', 60_000)).toBe(true)
  others(ledger, 60_000, 60_500)
  expect(ledger.isReady('node-1', 60_500)).toBe(true)
  others(ledger, 61_000, 62_000)
  expect(ledger.isReady('node-1', 62_000)).toBe(false)
})
