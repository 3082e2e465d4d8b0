import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiError } from '../test/scripted-client.ts'
import { LeaseHeartbeat } from './lease-heartbeat.ts'
import { type KubeObject } from './object.ts'
import { recoveryOf } from './recovery.ts'

/** A server of which the test says whether it is away, and whether requests to it hang. */
class Stage {
  state: 'there' | 'away' | 'hanging' = 'there'
  attempts = 0
  readonly client = {
    patch: async <T extends KubeObject>(
      _resource: unknown,
      _key: unknown,
      _patch: unknown,
      options: { readonly signal?: AbortSignal | undefined } = {}
    ): Promise<T> => this.#patch<T>(options.signal),
    create: async <T extends KubeObject>(_resource: unknown, object: T): Promise<T> => object
  }
  readonly heartbeat: LeaseHeartbeat = new LeaseHeartbeat({
    client: this.client,
    lease: { namespace: 'ns', name: 'node-1' },
    durationMs: 4000,
    intervalMs: 1000,
    releaseOnStop: false
  })

  async #patch<T extends KubeObject>(signal: AbortSignal | undefined): Promise<T> {
    this.attempts += 1
    if (this.state === 'away') throw apiError(503)
    if (this.state === 'hanging') {
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true })
      })
    }
    throw apiError(404)
  }
}

let stage: Stage

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  stage = new Stage()
  stage.heartbeat.start()
  await pass(0)
})
afterEach(async () => {
  await stage.heartbeat.stop()
  vi.useRealTimers()
})

describe('LeaseHeartbeat', () => {
  test('while it fails, retryNow ends the pause', async () => {
    stage.state = 'away'
    await pass(1000)
    stage.heartbeat.retryNow()
    await pass(0)
    expect(stage.attempts).toBe(3)
  })

  test('while it fails, retryNow gives up an attempt that hangs', async () => {
    stage.state = 'away'
    await pass(1000)
    stage.state = 'hanging'
    await pass(1000)
    stage.state = 'there'
    stage.heartbeat.retryNow()
    await pass(0)
    expect([stage.attempts, stage.heartbeat.renewedAt]).toEqual([4, performance.now()])
  })

  test('a renewal that is in good order is not disturbed', async () => {
    for (let call = 0; call < 5; call += 1) stage.heartbeat.retryNow()
    await pass(0)
    expect(stage.attempts).toBe(1)
  })

  test('when an informer of its client reaches the server, it tries at once', async () => {
    stage.state = 'away'
    await pass(1000)
    stage.state = 'there'
    recoveryOf(stage.client).note()
    await pass(0)
    expect(stage.heartbeat.renewedAt).toBe(performance.now())
    await stage.heartbeat.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('when it reaches the server again, the informers of its client hear of it, once', async () => {
    const recovery = recoveryOf(stage.client)
    stage.state = 'away'
    await pass(2000)
    stage.state = 'there'
    await pass(5000)
    expect(recovery.count).toBe(1)
  })
})
