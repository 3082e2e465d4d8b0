import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiError } from '../test/scripted-client.ts'
import { SimBench } from '../test/sim-bench.ts'
import { COMBINED_PREFIX } from './event-correlator.ts'
import { EventRecorder, type EventRecorderOptions } from './event-recorder.ts'
import { type Patch } from './kube-request.ts'
import { isKubeObject, type KubeObject } from './object.ts'
import { EVENTS } from './resource.ts'

function service(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name, uid: `uid-${name}`, resourceVersion: '7' }
  }
}

/** Keeps what it is sent. */
class ScriptedServer {
  readonly created: KubeObject[] = []
  readonly patches: Patch['body'][] = []
  /** Thrown instead of an answer, first to last. */
  readonly failures: Error[] = []
  /** Requests wait for this. */
  open: Promise<void> = Promise.resolve()

  readonly client: EventRecorderOptions['client'] = {
    create: async (_resource, object) => {
      await this.#answer()
      this.created.push(object)
      return object
    },
    patch: async <T extends KubeObject>(_resource: unknown, _key: unknown, { body }: Patch): Promise<T> => {
      await this.#answer()
      this.patches.push(body)
      const object = { metadata: { name: 'x' } }
      if (!isKubeObject<T>(object)) throw new TypeError('never')
      return object
    }
  }

  async #answer(): Promise<void> {
    await this.open
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
  }

  recorder(options: Partial<EventRecorderOptions> = {}): EventRecorder {
    return new EventRecorder({ client: this.client, component: 'metallb-controller', ...options })
  }
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('EventRecorder', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('records what kubectl describe shows', async () => {
    const server = new ScriptedServer()
    vi.setSystemTime(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
    server.recorder({ host: 'node-1' }).record(service('web'), 'Normal', 'IPAllocated', 'Assigned IP')
    await pass(0)
    const time = '2026-01-02T03:04:05Z'
    expect(server.created).toMatchObject([
      {
        metadata: { namespace: 'default' },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'Service',
          namespace: 'default',
          name: 'web',
          uid: 'uid-web',
          resourceVersion: '7'
        },
        type: 'Normal',
        reason: 'IPAllocated',
        message: 'Assigned IP',
        count: 1,
        firstTimestamp: time,
        lastTimestamp: time,
        source: { component: 'metallb-controller', host: 'node-1' },
        reportingComponent: 'metallb-controller',
        reportingInstance: 'node-1'
      }
    ])
    expect(server.created[0]?.metadata?.name).toMatch(/^web\.[0-9a-f]+$/)
  })

  test('repeats become counts of one Event: those of one turn in one request, later ones in a patch', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder()
    for (let repeat = 0; repeat < 3; repeat += 1) recorder.record(service('web'), 'Warning', 'Failed', 'no')
    await pass(0)
    expect(server.created).toMatchObject([{ count: 3 }])
    for (let repeat = 0; repeat < 2; repeat += 1) recorder.record(service('web'), 'Warning', 'Failed', 'no')
    await pass(0)
    expect([server.created.length, server.patches]).toMatchObject([1, [{ count: 5, message: 'no' }]])
    expect(recorder.counters).toEqual({ recorded: 5, sent: 2, suppressed: 0, dropped: 0 })
  })

  test('the first event after a silence lets other writes go first, those that follow meanwhile go with it', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder({ delayMs: 50 })
    recorder.record(service('web'), 'Normal', 'Seen', 'first')
    await pass(30)
    recorder.record(service('db'), 'Normal', 'Seen', 'second')
    await pass(19)
    expect(server.created).toEqual([])
    await pass(1)
    expect(server.created).toMatchObject([{ message: 'first' }, { message: 'second' }])
    recorder.record(service('web'), 'Normal', 'Seen', 'third')
    await pass(49)
    expect(server.created).toHaveLength(2)
    await pass(1)
    expect(server.created).toHaveLength(3)
  })

  test('while there is something better to do events go out one by one, with pauses', async () => {
    const server = new ScriptedServer()
    let isBusy = true
    const recorder = server.recorder({ isBusy: () => isBusy })
    for (const name of ['a', 'b', 'c', 'd']) recorder.record(service(name), 'Normal', 'Seen', name)
    await pass(99)
    expect(server.created).toMatchObject([{ message: 'a' }])
    await pass(1)
    expect(server.created).toMatchObject([{ message: 'a' }, { message: 'b' }])
    isBusy = false
    await pass(100)
    expect(server.created).toHaveLength(4)
  })

  test('an end does not wait until there is nothing better to do', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder({ isBusy: () => true })
    for (const name of ['a', 'b', 'c']) recorder.record(service(name), 'Normal', 'Seen', name)
    await pass(0)
    await recorder.stop()
    expect(server.created).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an end does not wait for the delay, and loses nothing', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder({ delayMs: 60_000 })
    recorder.record(service('web'), 'Normal', 'Seen', 'once')
    await recorder.stop()
    expect(server.created).toMatchObject([{ message: 'once' }])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what is recorded while its series is being sent is sent after it', async () => {
    const server = new ScriptedServer()
    const gate = Promise.withResolvers<void>()
    server.open = gate.promise
    const recorder = server.recorder()
    recorder.record(service('web'), 'Normal', 'Seen', 'once')
    await pass(0)
    recorder.record(service('web'), 'Normal', 'Seen', 'once')
    gate.resolve()
    await pass(0)
    expect([server.created.length, server.patches]).toMatchObject([1, [{ count: 2 }]])
  })

  test('many different messages with one reason are combined', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder({ maxSimilar: 2 })
    for (const message of ['1', '2', '3', '4']) recorder.record(service('web'), 'Normal', 'Seen', message)
    await pass(0)
    expect(server.created).toMatchObject([
      { message: '1', count: 1 },
      { message: '2', count: 1 },
      { message: `${COMBINED_PREFIX}4`, count: 2 }
    ])
  })

  test('a flood about one object is suppressed; another object is heard', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder({ burst: 3 })
    for (let repeat = 0; repeat < 100; repeat += 1) recorder.record(service('loud'), 'Normal', 'Seen', 'x')
    recorder.record(service('quiet'), 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.created).toMatchObject([{ count: 3 }, { involvedObject: { name: 'quiet' } }])
    expect(recorder.counters.suppressed).toBe(97)
  })

  test('while the server is silent the queue is bounded, and repeats of what waits still count', async () => {
    const server = new ScriptedServer()
    const gate = Promise.withResolvers<void>()
    server.open = gate.promise
    const recorder = server.recorder({ maxQueued: 2 })
    for (const name of ['a', 'b', 'c', 'd', 'a']) recorder.record(service(name), 'Normal', 'Seen', 'x')
    expect([recorder.queued, recorder.counters.dropped]).toEqual([2, 2])
    gate.resolve()
    await pass(0)
    expect(server.created).toMatchObject([
      { count: 2, involvedObject: { name: 'a' } },
      { count: 1, involvedObject: { name: 'b' } }
    ])
  })

  test('a failed request is repeated with delays, in order, and given up after so many attempts', async () => {
    const server = new ScriptedServer()
    const problems: unknown[] = []
    const recorder = server.recorder({ maxAttempts: 3, onProblem: (error) => problems.push(error) })
    server.failures.push(apiError(500), apiError(429))
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    recorder.record(service('b'), 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.created).toEqual([])
    await pass(10_000)
    expect(server.created).toMatchObject([
      { involvedObject: { name: 'a' } },
      { involvedObject: { name: 'b' } }
    ])
    server.failures.push(apiError(500), apiError(500), apiError(503))
    recorder.record(service('c'), 'Normal', 'Seen', 'x')
    await pass(60_000)
    expect([problems, recorder.counters]).toMatchObject([[{ status: 503 }], { sent: 2, dropped: 1 }])
  })

  test.each([403, 404, 422])('a %i is final', async (status) => {
    const server = new ScriptedServer()
    const problems: unknown[] = []
    const recorder = server.recorder({ onProblem: (error) => problems.push(error) })
    server.failures.push(apiError(status))
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(60_000)
    expect([server.created, problems]).toMatchObject([[], [{ status }]])
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.created.length).toBe(1)
  })

  test('an Event that exists already is an attempt whose answer was lost', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder()
    server.failures.push(apiError(500), apiError(409))
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(10_000)
    expect(recorder.counters).toMatchObject({ sent: 1, dropped: 0 })
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.patches).toMatchObject([{ count: 2 }])
  })

  test('an Event that the server has forgotten is made again', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder()
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(0)
    server.failures.push(apiError(404))
    recorder.record(service('a'), 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.created).toMatchObject([{ count: 1 }, { count: 2 }])
  })

  test('names differ within one millisecond and after the clock was set back', async () => {
    const server = new ScriptedServer()
    let now = 1_000_000
    const recorder = server.recorder({ wallClock: () => now })
    for (const message of ['1', '2']) recorder.record(service('a'), 'Normal', 'Seen', message)
    now = 0
    recorder.record(service('a'), 'Normal', 'Seen', '3')
    await pass(0)
    expect(new Set(server.created.map(({ metadata }) => metadata?.name)).size).toBe(3)
  })

  test('long messages and names are cut to what the server takes', async () => {
    const server = new ScriptedServer()
    const recorder = server.recorder()
    const message = 'x'.repeat(5000)
    for (let repeat = 0; repeat < 2; repeat += 1) {
      recorder.record(service('n'.repeat(253)), 'Normal', 'Seen', message)
      await pass(0)
    }
    expect(server.created[0]?.metadata?.name?.length).toBeLessThanOrEqual(253)
    const sent = [...server.created, ...server.patches]
    expect(sent.map((body) => ('message' in body ? String(body.message).length : 0))).toEqual([1024, 1024])
  })

  test('a cluster-scoped object has its events in the default namespace', async () => {
    const server = new ScriptedServer()
    server
      .recorder()
      .record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }, 'Normal', 'Seen', 'x')
    await pass(0)
    expect(server.created).toMatchObject([{ metadata: { namespace: 'default' } }])
  })

  test('stop sends what waits, for a short while, and then drops it; nothing is recorded after', async () => {
    const server = new ScriptedServer()
    const polite = server.recorder()
    polite.record(service('a'), 'Normal', 'Seen', 'x')
    await polite.stop()
    polite.record(service('b'), 'Normal', 'Seen', 'x')
    expect([server.created.length, polite.counters]).toMatchObject([1, { recorded: 1, sent: 1 }])
    const stuck = server.recorder()
    server.failures.push(...Array.from({ length: 100 }, () => apiError(500)))
    for (const name of ['a', 'b']) stuck.record(service(name), 'Normal', 'Seen', 'x')
    const stopping = stuck.stop()
    await pass(3000)
    await stopping
    expect([stuck.counters, stuck.queued, vi.getTimerCount()]).toMatchObject([{ sent: 0, dropped: 2 }, 0, 0])
  })
})

describe('EventRecorder and a server', () => {
  test('what it records is there, counted', async () => {
    const bench = await SimBench.start()
    const client = await bench.client()
    const recorder = new EventRecorder({ client, component: 'metallb-controller' })
    recorder.record(service('web'), 'Normal', 'IPAllocated', 'Assigned IP')
    recorder.record(service('web'), 'Normal', 'IPAllocated', 'Assigned IP')
    bench.sim.faults.add({ match: { resource: 'events' }, action: { type: 'loseAnswer' }, times: 1 })
    recorder.record(service('web'), 'Warning', 'AllocationFailed', 'no pool')
    await recorder.stop()
    const { items } = await client.list(EVENTS, { namespace: 'default' })
    expect(items.map(({ reason, count }) => [reason, count])).toEqual([
      ['IPAllocated', 2],
      ['AllocationFailed', 1]
    ])
  })
})
