import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DaemonId } from '../daemons/daemon.ts'
import { listOf, member, parseJson, textOf } from '../daemons/json.ts'

/** Where runs leave what they found; a file for each table and daemon. */
const DIRECTORY = join(import.meta.dirname, 'results')

/** Tables of docs/interop.md. */
export type TableId = 'bgp' | 'bfd'

/** Of a cell: `passed`, `failed`, or why it cannot be. */
export type Outcome = 'passed' | 'failed' | { readonly unsupported: string }

export interface Cell {
  readonly row: string
  readonly outcome: Outcome
}

/** A column of a table. */
export interface Column {
  readonly table: TableId
  readonly daemon: DaemonId
  readonly version: string
  readonly cells: readonly Cell[]
}

/** Collects the outcomes of a daemon while its tests run. */
export class Recorder {
  readonly #outcomes: Map<string, Outcome> = new Map()

  note(row: string, outcome: Outcome): void {
    this.#outcomes.set(row, outcome)
  }

  /** Keeps them, if every row has one: a run of some tests says nothing about the others. */
  keep(column: Omit<Column, 'cells'>, rows: readonly string[]): void {
    const cells = rows.flatMap((row) => {
      const outcome = this.#outcomes.get(row)
      return outcome === undefined ? [] : [{ row, outcome }]
    })
    if (cells.length !== rows.length) return
    mkdirSync(DIRECTORY, { recursive: true })
    const file = join(DIRECTORY, `${column.table}-${column.daemon}.json`)
    writeFileSync(file, `${JSON.stringify({ ...column, cells }, undefined, 2)}\n`)
  }
}

/** What the last runs found. */
export function readColumns(): readonly Column[] {
  return readdirSync(DIRECTORY)
    .toSorted()
    .map((name) => columnOf(parseJson(readFileSync(join(DIRECTORY, name), 'utf8'))))
}

function columnOf(value: unknown): Column {
  return {
    table: member(value, 'table') === 'bfd' ? 'bfd' : 'bgp',
    daemon: daemonOf(member(value, 'daemon')),
    version: textOf(member(value, 'version')),
    cells: listOf(member(value, 'cells')).map((cell) => ({
      row: textOf(member(cell, 'row')),
      outcome: outcomeOf(member(cell, 'outcome'))
    }))
  }
}

function daemonOf(value: unknown): DaemonId {
  if (value === 'frr' || value === 'bird' || value === 'gobgp' || value === 'openbgpd') return value
  throw new TypeError(`no daemon: ${String(value)}`)
}

function outcomeOf(value: unknown): Outcome {
  if (value === 'passed') return 'passed'
  const reason = textOf(member(value, 'unsupported'))
  return reason === '' ? 'failed' : { unsupported: reason }
}
