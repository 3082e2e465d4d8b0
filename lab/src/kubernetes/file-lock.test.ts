import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withFileLock } from './file-lock.ts'

test('two at once take turns, and the second is told that it waits', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-lock-'))
  const file = join(directory, 'lock')
  const said: string[] = []
  const { promise: isWaiting, resolve: waits } = Promise.withResolvers<void>()
  const { promise: hasFirst, resolve: first } = Promise.withResolvers<void>()
  const one = withFileLock(
    file,
    () => undefined,
    async () => {
      first()
      await isWaiting
      said.push('first')
    }
  )
  await hasFirst
  const two = withFileLock(file, waits, async () => {
    said.push('second')
  })
  await Promise.all([one, two])
  expect(said).toEqual(['first', 'second'])
  await rm(directory, { recursive: true })
})

test('a lock that failed work had is free again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-lock-'))
  const file = join(directory, 'lock')
  const nothing = (): void => undefined
  await expect(withFileLock(file, nothing, async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withFileLock(file, nothing, async () => 'free')).toBe('free')
  await rm(directory, { recursive: true })
})
