import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  FAILOVER_CASES,
  FAILOVER_CONDITIONS,
  type FailoverCase,
  FailoverLab,
  type Owners,
  runCase
} from '@clarion-lb/lab'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from './fixture.ts'

const LABS = [3, 12].map((nodeCount) => ({ ...FAILOVER_CONDITIONS, nodeCount }))

/** In words, for the name of the test. */
function promiseOf({ moves, goalMs }: FailoverCase): string {
  const moved = { all: 'its addresses go to others and come back', none: 'nothing moves', maybe: '' }[moves]
  return [moved, goalMs === 0 ? 'no packet is lost' : ''].filter(Boolean).join(', ')
}

describe.each(LABS)('$nodeCount nodes, $addressCount addresses, $rate packets a second to each:', (size) => {
  let directory: string
  let lab: FailoverLab
  /** Who answers when all is well. */
  let before: Owners
  let round = 0

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clarion-failover-'))
    lab = new FailoverLab({ ...size, directory, root: ROOT })
    await lab.start()
    before = await lab.owners()
  })
  afterAll(async () => {
    await lab?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  /** Each node that has addresses has its turn. */
  const nextVictim = (): string => {
    const names = lab.cluster.nodeNames.filter((name) => [...before.values()].includes(name))
    round += 1
    return names[round % names.length] ?? ''
  }

  const rows = FAILOVER_CASES.map((failure) => ({ title: `${failure.name}: ${promiseOf(failure)}`, failure }))

  test.each(rows)('$title', async ({ failure }) => {
    const { affected, hasMoved, out, others, back } = await runCase(lab, failure, {
      victim: nextVictim(),
      before
    })
    const all = [out, others, back]
    expect(affected).toBeGreaterThan(0)
    // Each packet came to one node.
    expect(all.map(({ duplicates }) => duplicates)).toEqual([0, 0, 0])
    if (failure.moves === 'all') expect(hasMoved).toBe(true)
    if (failure.moves === 'none') expect(all.map(({ moves }) => moves)).toEqual([0, 0, 0])
    if (failure.goalMs === 0) expect(all.map(({ lost }) => lost)).toEqual([0, 0, 0])
  })
})
