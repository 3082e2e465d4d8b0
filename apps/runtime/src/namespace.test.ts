import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { afterwards } from '../test/test-cluster.ts'
import { FlagError } from './flags.ts'
import { resolveNamespace } from './namespace.ts'

async function fileWith(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-'))
  afterwards(() => rm(directory, { recursive: true }))
  const file = join(directory, 'namespace')
  await writeFile(file, text)
  return file
}

test('what was given counts, before that of the pod', async () => {
  expect(resolveNamespace('given', await fileWith('pod'))).toBe('given')
})

test('nothing given: that of the pod, without white space', async () => {
  expect(resolveNamespace('', await fileWith('metallb-system\n'))).toBe('metallb-system')
})

test('neither is a mistake of the flags, and the text names flag and variable', async () => {
  for (const file of [await fileWith('\n'), '/nonexistent/namespace']) {
    expect(() => resolveNamespace('', file)).toThrow(FlagError)
    expect(() => resolveNamespace('', file)).toThrow('--namespace (METALLB_NAMESPACE)')
  }
})
