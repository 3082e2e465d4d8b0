import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  EXCLUDE_FROM_LOAD_BALANCERS_LABEL,
  ServiceAnnotation,
  SessionLabel,
  StatusLabel
} from '../../packages/crds/src/index.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const SOURCES = globSync(['apps/*/src/**/*.ts', 'packages/{config,planner,ipam}/src/**/*.ts'], { cwd: ROOT })
  .filter((file) => !file.endsWith('.test.ts'))
  .map(read)
const ALL = SOURCES.join('\n')

/** The spans of code in the first column of the tables below a heading. */
function firstColumn(text: string, heading: string): readonly string[] {
  const [, rest = ''] = text.split(`\n${heading}\n`)
  const [section = ''] = rest.split(/\n#{1,6} /)
  const cells = section
    .split('\n')
    .flatMap((line) => (line.startsWith('|') ? (line.split('|')[1] ?? '') : []))
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, span = '']) => span))
}

describe('the page of annotations, labels and events', () => {
  const text = read('docs/reference/annotations.md')

  test('has each annotation and label that the code knows', () => {
    const names = [
      ...Object.values(ServiceAnnotation).flatMap(({ current, deprecated }) => [current, deprecated]),
      ...Object.values(StatusLabel),
      ...Object.values(SessionLabel),
      EXCLUDE_FROM_LOAD_BALANCERS_LABEL,
      ...(ALL.match(/(?<=')clarion\.io\/[\w-]+(?=')/g) ?? [])
    ]
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })

  test('has each reason of an event, and no other', () => {
    const said = Array.from(ALL.matchAll(/'(?:Normal|Warning)',\s*'([^']+)'/g), ([, reason = '']) => reason)
    expect(said.length).toBeGreaterThan(10)
    expect(firstColumn(text, '## Events').toSorted()).toEqual([...new Set(said)].toSorted())
  })
})

describe('what troubleshooting quotes is what the code says:', () => {
  const text = read('docs/troubleshooting.md')

  test.each(firstColumn(text, '## Logs at a glance'))('log message %s', (message) => {
    expect(ALL).toContain(`'${message}'`)
  })

  test.each([
    '## The Service stays pending',
    '### No node announces it',
    '## A BGP session does not come up',
    '## A pod is not ready'
  ])('%s', (heading) => {
    const spans = firstColumn(text, heading)
    expect(spans.length).toBeGreaterThan(1)
    // Texts with names in them are quoted with … in place of these.
    const pieces = spans.flatMap((span) => span.replaceAll(/IPv[46]/g, 'IPv${family}').split('…'))
    expect(
      pieces.filter((piece) => !(ALL.includes(piece.trim()) || SESSIONS.includes(piece.trim())))
    ).toEqual([])
  })
})

describe('compatibility with MetalLB', () => {
  const [, ...sections] = read('docs/metallb-compatibility.md').split('\n## ')
  const rows = sections.flatMap((section) =>
    section
      .split('\n')
      .filter((line) => /^\| [^-]/.test(line))
      .slice(1)
  )

  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(80)
  })

  test.each(rows)('a row names tests that there are, or says that there is none: %s', (row) => {
    const cell = row.split('|').at(-2)?.trim() ?? ''
    const files =
      cell === '_untested_' ? [] : cell.split(', ').map((text) => /^`([^`]+)`$/.exec(text)?.[1] ?? '')
    expect(files.filter((file) => !existsSync(join(ROOT, file)) || !file.includes('.test.'))).toEqual([])
  })
})

/** What sessions with routers say of their ends. */
const SESSIONS = globSync('packages/{bgp,bfd}/src/**/*.ts', { cwd: ROOT })
  .filter((file) => !file.endsWith('.test.ts'))
  .map(read)
  .join('\n')
