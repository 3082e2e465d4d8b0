import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { DAEMON_PROGRAMS, DAEMONS } from './daemons/create.ts'
import { ROWS } from './matrix.ts'
import { writeDocument } from './report/document.ts'
import { renderAll } from './report/render.ts'
import { Recorder } from './report/results.ts'
import { Cell } from './rows/cell.ts'
import { Stage } from './rows/stage.ts'

const skip = skipReason('sysctl', ...DAEMON_PROGRAMS) !== undefined
/** Of one row: some daemons refuse us for half a minute. */
const TIMEOUT_MS = 150_000

describe.skipIf(skip).each(DAEMONS)('BGP with $name', ({ id }) => {
  const recorder = new Recorder()
  let stage: Stage

  beforeAll(async () => {
    stage = await Stage.create(id, ROWS)
  })

  afterAll(async () => {
    const column = { table: 'bgp', daemon: id, version: await stage.daemon.version() } as const
    await stage.close()
    recorder.keep(
      column,
      ROWS.map((row) => row.id)
    )
    writeDocument(renderAll())
  })

  const rows = ROWS.map((row, index) => ({ ...row, index })).filter((row) => {
    const reason = row.unsupported?.[id]
    if (reason !== undefined) recorder.note(row.id, { unsupported: reason })
    return reason === undefined
  })
  test.each(rows)('$title', { timeout: TIMEOUT_MS }, async ({ index, ...row }) => {
    expect.hasAssertions()
    onTestFailed(() => {
      process.stderr.write(`${stage.daemon.log().slice(-4000)}\n`)
    })
    recorder.note(row.id, 'failed')
    const cell = new Cell(stage, row, index)
    try {
      await row.run(cell)
      recorder.note(row.id, 'passed')
    } finally {
      await cell.end()
    }
  })
})
