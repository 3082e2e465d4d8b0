import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/**
 * Promises that the first TypeScript block of a package's README is `examples/readme.ts`, word for word, that it
 * runs, and that it prints what its trailing `// prints: …` comments say. Type-checking is `npm run typecheck`'s.
 */
export function testReadmeExample(packageDirectory: string): void {
  test('the README example is the file that is type-checked, and prints what it says', async () => {
    const file = join(packageDirectory, 'examples', 'readme.ts')
    const [readme, example] = await Promise.all([
      readFile(join(packageDirectory, 'README.md'), 'utf8'),
      readFile(file, 'utf8')
    ])
    expect(/```ts\n(.*?)```/s.exec(readme)?.[1]).toBe(example)
    const promised = [...example.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1])
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@clarion-lb/source', '--disable-warning=ExperimentalWarning', file],
      { timeout: 20_000 }
    )
    expect(promised.length).toBeGreaterThan(0)
    expect(stdout.trimEnd().split('\n')).toEqual(promised)
  })
}
