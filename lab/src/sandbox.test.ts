import { afterEach, expect, test, vi } from 'vitest'
import { probeSandbox } from './sandbox.ts'

afterEach(() => void vi.unstubAllEnvs())

test('without the program that makes namespaces the refusal names it', () => {
  vi.stubEnv('PATH', '/nowhere')
  const reason =
    process.platform === 'linux' ? 'there is no program unshare' : expect.stringContaining('Linux')
  expect(probeSandbox()).toEqual({ type: 'refused', reason })
})
