import { expect, test } from 'vitest'
import { type AddressReport, summarize } from './stream-report.ts'

const QUIET: AddressReport = { address: 'a', sent: 10, received: 10, duplicates: 0, gaps: [], moves: [] }

test('without a lost packet there is no gap', () => {
  expect(summarize([QUIET, QUIET])).toEqual({ gapsMs: [], sent: 20, lost: 0, duplicates: 0, moves: 0 })
})

test('of each address the longest gap counts, and every packet', () => {
  const hurt: AddressReport = {
    ...QUIET,
    received: 7,
    duplicates: 1,
    gaps: [
      { fromMs: 100, toMs: 120, lost: 1, isOver: true },
      { fromMs: 200, toMs: 500, lost: 2, isOver: false }
    ],
    moves: [{ atMs: 500, from: 1, to: 2 }]
  }
  expect(summarize([QUIET, hurt])).toEqual({ gapsMs: [300], sent: 20, lost: 3, duplicates: 1, moves: 1 })
})
