import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiError, page, ScriptedClient } from '../test/scripted-client.ts'
import { Informer } from './informer.ts'
import { type InformerClient, type InformerOptions } from './informer-options.ts'
import { type KubeObject } from './object.ts'
import { Recovery } from './recovery.ts'
import { NODES } from './resource.ts'
import { RetryPause } from './retry-pause.ts'
import { yieldToEventLoop } from './sleep.ts'

/** One that waits this long after a failure, if nobody calls it. */
const PATIENT_MS = 60_000

const informers: Informer<KubeObject>[] = []

/** The name becomes its selector, by which the script knows it. */
function start(
  client: InformerClient,
  name: string,
  options: Partial<InformerOptions<KubeObject>> = {}
): Informer<KubeObject> {
  const informer = new Informer({ client, resource: NODES, labelSelector: name, random: () => 0, ...options })
  informers.push(informer)
  informer.start()
  return informer
}

function startPatient(client: InformerClient): Informer<KubeObject> {
  return start(client, 'patient', { minRetryMs: PATIENT_MS, maxRetryMs: PATIENT_MS })
}

/** A server that is away, until told otherwise. */
class Stage {
  failure: Error | undefined = apiError(503)
  readonly script: ScriptedClient = new ScriptedClient(({ labelSelector }) => {
    const failure = labelSelector === 'patient' ? (this.patientFailure ?? this.failure) : this.failure
    if (failure !== undefined) throw failure
    return page(5, [])
  })
  patientFailure: Error | undefined

  get client(): InformerClient {
    return this.script.client
  }

  attemptsOf(name: string): number {
    return this.script.lists.filter(({ labelSelector }) => labelSelector === name).length
  }
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 4; turn += 1) await yieldToEventLoop()
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(async () => {
  await Promise.all(informers.splice(0).map((informer) => informer.stop()))
  vi.useRealTimers()
})

describe('a server that is back', () => {
  test('for one informer of a client is back at once for those that wait', async () => {
    const stage = new Stage()
    const [quick, patient] = [start(stage.client, 'quick'), startPatient(stage.client)]
    await pass(0)
    stage.failure = undefined
    await pass(100)
    expect([quick.isConnected, patient.isConnected]).toEqual([true, true])
  })

  test('for one client says nothing about the server of another', async () => {
    const [stage, other] = [new Stage(), new Stage()]
    start(stage.client, 'quick')
    startPatient(other.client)
    await pass(0)
    stage.failure = undefined
    await pass(100)
    expect(other.attemptsOf('patient')).toBe(1)
  })

  test('does not shorten a wait that the server has ordered', async () => {
    const stage = new Stage()
    stage.patientFailure = apiError(429, 30_000)
    start(stage.client, 'quick')
    startPatient(stage.client)
    await pass(0)
    stage.failure = undefined
    await pass(1000)
    expect(stage.attemptsOf('patient')).toBe(1)
  })

  test('is not asked sooner for a kind that it does not know', async () => {
    const stage = new Stage()
    stage.patientFailure = apiError(404)
    start(stage.client, 'quick')
    startPatient(stage.client)
    await pass(0)
    stage.failure = undefined
    await pass(1000)
    expect(stage.attemptsOf('patient')).toBe(1)
  })

  test('while an attempt is still failing lets the next one follow at once', async () => {
    const recovery = new Recovery()
    const pause = new RetryPause(recovery)
    pause.begin()
    recovery.note()
    const { signal } = new AbortController()
    await expect(pause.afterFailure(PATIENT_MS, false, signal)).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('again and again for a moment is not asked without end', async () => {
    let attempts = 0
    const client: InformerClient = {
      list: async () => ({
        items: [],
        resourceVersion: '5',
        continue: undefined,
        remainingItemCount: undefined
      }),
      watch: async (_resource, { onOpen }) => {
        attempts += 1
        onOpen?.()
        throw apiError(500)
      }
    }
    for (const name of ['a', 'b', 'c']) start(client, name, { minRetryMs: 1000, maxRetryMs: 1000 })
    for (let second = 0; second < 60; second += 1) await pass(1000)
    // Three informers, once a second, and once more because another was there.
    expect(attempts).toBeLessThanOrEqual(2 * 3 * 61)
  })

  test('leaves an informer that has been stopped alone', async () => {
    const stage = new Stage()
    const patient = startPatient(stage.client)
    start(stage.client, 'quick')
    await pass(0)
    await patient.stop()
    stage.failure = undefined
    await pass(100)
    expect(stage.attemptsOf('patient')).toBe(1)
  })
})
