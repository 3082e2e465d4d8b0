import { afterEach, expect, test, vi } from 'vitest'
import { probeSandbox } from './sandbox.ts'

afterEach(() => void vi.unstubAllEnvs())

test('without the program that makes namespaces the refusal names it', () => {
  vi.stubEnv('PATH', '/nowhere')
  const reason = process.platform === 'linux' ? /^there is no program unshare$/ : /Linux/
  const sandbox = probeSandbox()
  expect(sandbox.type === 'refused' ? sandbox.reason : '').toMatch(reason)
})
