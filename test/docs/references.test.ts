import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { outcomeOf, RULES } from '../../docs/source/configuration-rules.ts'
import { generatedPages } from '../../docs/source/generated-files.ts'
import { buildConfig } from '../../packages/config/src/index.ts'
import { KINDS, type OpenApiSchema } from '../../packages/crds/src/index.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const read = (path: string): string => readFileSync(join(DOCS, path), 'utf8')

test.each(Object.entries(await generatedPages()))(
  'docs/%s is what `npm run generate` makes',
  (path, text) => {
    expect(read(path)).toBe(text)
  }
)

describe('the configuration reference', () => {
  test.each(Object.entries(KINDS))('has every field of %s', (_name, { versions }) => {
    const text = read('reference/configuration.md')
    const paths = versions.flatMap(({ spec, status }) => [
      ...pathsOf('spec', spec),
      ...pathsOf('status', status)
    ])
    expect(paths.filter((path) => !text.includes(`\`${path}\``))).toEqual([])
  })

  const rules = Object.entries(RULES).flatMap(([kind, ofKind]) => ofKind.map((rule) => ({ kind, ...rule })))
  test.each(rules)('is true of $kind: $outcome: $says', ({ kind, outcome, field, example }) => {
    const { problems } = buildConfig(example)
    const found = problems.filter((problem) => problem.kind === kind && problem.field === field)
    expect(found.map(outcomeOf)).toContain(outcome)
  })
})

/** Paths of all fields but those of label selectors, which have a table of their own. */
function pathsOf(path: string, { properties = {} }: OpenApiSchema): readonly string[] {
  return Object.entries(properties).flatMap(([name, inner]) => {
    const own = `${path}.${name}`
    const items = inner.items
    const isSelector = (one: OpenApiSchema | undefined): boolean =>
      one?.properties?.['matchLabels'] !== undefined
    if (isSelector(inner) || isSelector(items)) return [own]
    return [own, ...pathsOf(items === undefined ? own : `${own}[]`, items ?? inner)]
  })
}
