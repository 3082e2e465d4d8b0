import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ControlStandIn } from './stand-in.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const POD = {
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: { nodeName: 'node-1' },
  status: { podIPs: [{ ip: '10.244.0.1' }] }
}
const SERVICE = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ipFamilies: ['IPv4'] }
}

/** An API that has one Service with a pod on node-1; nodes are heard of when the test says so. */
class FakeApi {
  readonly written: string[] = []
  /** Writes are carried out, and not answered. */
  isMute = false
  #tellLeases: ((leases: readonly object[]) => void) | undefined
  #heartbeats = 0

  async watch<T>(
    plural: string,
    _signal: AbortSignal,
    onChange: (objects: readonly T[]) => void
  ): Promise<void> {
    const tell = (objects: readonly object[]): void => onChange(objects.filter((object) => isAny<T>(object)))
    if (plural === 'leases') this.#tellLeases = tell
    else tell(plural === 'pods' ? [POD] : [SERVICE])
  }

  async apply(slice: object): Promise<void> {
    this.written.push(JSON.stringify(slice).includes('"ready":true') ? 'ready' : 'not ready')
    if (this.isMute) throw new Error('no answer in time')
  }

  async delete(): Promise<void> {
    // There is nothing to delete.
  }

  /** A second in which these nodes are heard of. */
  async second(...nodes: readonly string[]): Promise<void> {
    this.#heartbeats += 1
    const spec = { renewTime: String(this.#heartbeats) }
    this.#tellLeases?.(nodes.map((name) => ({ metadata: { name, namespace: 'kube-node-lease' }, spec })))
    await vi.advanceTimersByTimeAsync(1000)
  }
}

function isAny<T>(_object: unknown): _object is T {
  return true
}

test('aborted while it starts it leaves nothing behind', async () => {
  const abort = new AbortController()
  const api = new FakeApi()
  const starting = new ControlStandIn({ api }).start(abort.signal)
  abort.abort()
  await starting
  expect(vi.getTimerCount()).toBe(0)
})

test('a write that may have been carried out without an answer is made good', async () => {
  const abort = new AbortController()
  const api = new FakeApi()
  await new ControlStandIn({ api }).start(abort.signal)
  await api.second('node-1', 'node-2')
  expect(api.written.at(-1)).toBe('ready')
  api.isMute = true
  for (let second = 0; second < 4; second += 1) await api.second('node-2')
  expect(api.written.at(-1)).toBe('not ready')
  api.isMute = false
  await api.second('node-1', 'node-2')
  expect(api.written.at(-1)).toBe('ready')
  abort.abort()
})
