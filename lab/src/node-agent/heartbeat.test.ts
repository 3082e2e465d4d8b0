import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Heartbeat } from './heartbeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('renews until the signal aborts', async () => {
  const abort = new AbortController()
  let renewals = 0
  const api = {
    apply: async (): Promise<void> => {
      renewals += 1
    }
  }
  await new Heartbeat({ api, nodeName: 'node-1' }).start(abort.signal)
  await vi.advanceTimersByTimeAsync(1000)
  expect(renewals).toBe(3)
  abort.abort()
  expect(vi.getTimerCount()).toBe(0)
})

test('aborted while it starts it leaves nothing behind', async () => {
  const abort = new AbortController()
  const api = { apply: async (): Promise<void> => abort.abort() }
  await new Heartbeat({ api, nodeName: 'node-1' }).start(abort.signal)
  expect(vi.getTimerCount()).toBe(0)
})
