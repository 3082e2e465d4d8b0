import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { writeDocument } from '../bgp/report/document.ts'
import { renderAll } from '../bgp/report/render.ts'
import { Recorder } from '../bgp/report/results.ts'
import { skipReason } from '../support/requirements.ts'
import { BfdCell } from './cell.ts'
import { BFD_ROWS } from './rows.ts'
import { BfdStage } from './stage.ts'

const skip = skipReason('sysctl', 'vtysh', 'bird', 'birdc') !== undefined
const DAEMONS = [
  { id: 'frr', name: 'FRR' },
  { id: 'bird', name: 'BIRD' }
] as const

describe.skipIf(skip).each(DAEMONS)('BFD with $name', ({ id }) => {
  const recorder = new Recorder()
  let stage: BfdStage

  beforeAll(async () => {
    stage = await BfdStage.create(id, BFD_ROWS)
  })

  afterAll(async () => {
    const column = { table: 'bfd', daemon: id, version: await stage.daemon.version() } as const
    await stage.close()
    recorder.keep(
      column,
      BFD_ROWS.map((row) => row.id)
    )
    writeDocument(renderAll())
  })

  const rows = BFD_ROWS.map((row, index) => ({ ...row, index })).filter((row) => {
    const reason = row.unsupported?.[id]
    if (reason !== undefined) recorder.note(row.id, { unsupported: reason })
    return reason === undefined
  })
  test.each(rows)('$title', async ({ index, ...row }) => {
    expect.hasAssertions()
    onTestFailed(() => {
      process.stderr.write(`${stage.daemon.log().slice(-4000)}\n`)
    })
    recorder.note(row.id, 'failed')
    const cell = new BfdCell(stage, row, index)
    try {
      await row.run(cell)
      recorder.note(row.id, 'passed')
    } finally {
      await cell.end()
    }
  })
})
