import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../shell.ts'
import { writeImages } from './images.ts'

test('the archive names both images, and is the same bytes each time', async () => {
  const directories = await Promise.all([1, 2].map(async () => mkdtemp(join(tmpdir(), 'clarion-images-'))))
  const program = join(directories[0] ?? '', 'program')
  await writeFile(program, 'not really a program')
  const archives = await Promise.all(directories.map(async (directory) => writeImages(directory, program)))
  const [first, second] = await Promise.all(archives.map(async (archive) => readFile(archive)))
  expect(first?.equals(second ?? Buffer.of())).toBe(true)
  const index = await run('tar', ['-xOf', archives[0] ?? '', './index.json'])
  expect([...index.matchAll(/localhost\/\w+:lab/g)].map(([name]) => name)).toEqual([
    'localhost/pause:lab',
    'localhost/web:lab'
  ])
  await Promise.all(directories.map(async (directory) => rm(directory, { recursive: true })))
})
