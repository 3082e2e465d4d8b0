import { afterAll, beforeAll, describe, onTestFailed, test } from 'vitest'
import { skipReason } from '../support/requirements.ts'
import { DAEMON_PROGRAMS, DAEMONS } from './daemons/create.ts'
import { ROWS } from './matrix.ts'
import { Cell } from './rows/cell.ts'
import { Stage } from './rows/stage.ts'

const skip = skipReason('sysctl', ...DAEMON_PROGRAMS) !== undefined

describe.skipIf(skip).each(DAEMONS)('$name', ({ id }) => {
  let stage: Stage

  beforeAll(async () => {
    stage = await Stage.create(id, ROWS)
  })

  afterAll(async () => stage?.close())

  const rows = ROWS.map((row, index) => ({ ...row, index })).filter((row) => row.unsupported?.[id] === undefined)
  test.each(rows)('$title', async ({ index, ...row }) => {
    onTestFailed(() => {
      process.stderr.write(`${stage.daemon.log().slice(-4000)}\n`)
    })
    const cell = new Cell(stage, row, index)
    try {
      await row.run(cell)
    } finally {
      await cell.end()
    }
  })
})
