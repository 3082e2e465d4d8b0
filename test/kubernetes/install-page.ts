import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './control-plane-fixture.ts'

/** The commands of a section of the page about installing, as they are written there. */
export function commandsOf(heading: string): string {
  const page = readFileSync(join(ROOT, 'docs', 'install.md'), 'utf8')
  const [, rest = ''] = page.split(`\n## ${heading}\n`)
  const [section = ''] = rest.split('\n## ')
  const blocks = Array.from(section.matchAll(/^```\n([\s\S]*?)^```$/gm), ([, block = '']) => block)
  if (blocks.length === 0) throw new Error(`the page about installing has no commands under "${heading}"`)
  return blocks.join('')
}
