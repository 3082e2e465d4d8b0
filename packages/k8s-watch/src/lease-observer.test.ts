import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { apiError, page, ScriptedClient } from '../test/scripted-client.ts'
import { LeaseObserver } from './lease-observer.ts'
import { yieldToEventLoop } from './sleep.ts'
import { type V1Lease } from './types.ts'

/** Renewed at a version of its own; 10 s long. */
function lease(name: string, version: number, holderIdentity = name): V1Lease {
  return {
    metadata: { name, uid: name, resourceVersion: String(version) },
    spec: { holderIdentity, renewTime: `renewal ${version}`, leaseDurationSeconds: 10 }
  }
}

/** An observer of two Leases with a watch that the test plays. */
class Stage {
  readonly said: string[] = []
  readonly #leases = new Map<string, V1Lease>()
  isServerAway = false
  #version = 10
  readonly #script = new ScriptedClient(() => {
    if (this.isServerAway) throw apiError(503)
    return page(this.#version, [...this.#leases.values()])
  })
  readonly observer: LeaseObserver = new LeaseObserver({
    client: this.#script.client,
    namespace: 'ns',
    maxGapMs: 5000
  })

  async start(): Promise<this> {
    for (const [index, name] of ['a', 'b'].entries()) this.#leases.set(name, lease(name, index))
    this.observer.onChange(({ name, identity, verdict }) =>
      this.said.push(`${name} of ${identity} ${verdict}`)
    )
    this.observer.start()
    await pass(0)
    return this
  }

  renew(name: string, holderIdentity = name): void {
    this.#script.watch.send({ type: 'MODIFIED', object: this.renewUnseen(name, holderIdentity) })
  }

  renewUnseen(name: string, holderIdentity = name): V1Lease {
    this.#version += 1
    const renewed = lease(name, this.#version, holderIdentity)
    this.#leases.set(name, renewed)
    return renewed
  }

  /** Something else happens to the object: no renewal. */
  touch(name: string): void {
    this.#version += 1
    const { metadata, spec = {} } = this.#leases.get(name) ?? {}
    const touched = { metadata: { ...metadata, resourceVersion: String(this.#version) }, spec }
    this.#script.watch.send({ type: 'MODIFIED', object: touched })
  }

  remove(name: string): void {
    this.#version += 1
    this.#script.watch.send({ type: 'DELETED', object: lease(name, this.#version) })
  }

  bookmark(): void {
    this.#script.watch.send({ type: 'BOOKMARK', resourceVersion: String(this.#version) })
  }

  cut(): void {
    this.#script.watch.end(apiError(503))
  }

  async connected(): Promise<void> {
    while (!this.observer.informer.isConnected) await pass(10)
  }

  /** A second, for seconds, each with a sign of the watch. */
  async seconds(count: number, each: () => void = () => this.bookmark()): Promise<void> {
    for (let second = 0; second < count; second += 1) {
      await pass(1000)
      each()
    }
    await pass(0)
  }
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 4; turn += 1) await yieldToEventLoop()
}

let stage: Stage

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  stage = await new Stage().start()
})
afterEach(async () => {
  await stage.observer.stop()
  vi.useRealTimers()
})

describe('LeaseObserver', () => {
  test('takes a holder for alive when it first sees it, whatever times are written', () => {
    expect(stage.said).toEqual(['a of a alive', 'b of b alive'])
    expect([stage.observer.verdictOf('a'), stage.observer.verdictOf('c')]).toEqual(['alive', undefined])
    expect(stage.observer.aliveIdentities()).toEqual(['a', 'b'])
  })

  test('a holder that renews stays alive, one that does not is expired after its duration, not before', async () => {
    await stage.seconds(9, () => stage.renew('a'))
    expect(stage.observer.verdictOf('b')).toBe('alive')
    await stage.seconds(2, () => stage.renew('a'))
    expect(stage.said.slice(2)).toEqual(['b of b expired'])
    expect(stage.observer.aliveIdentities()).toEqual(['a'])
  })

  test('a change that is no renewal is no sign of life', async () => {
    await stage.seconds(11, () => stage.touch('b'))
    expect(stage.observer.verdictOf('b')).toBe('expired')
  })

  test('who renews again is alive again', async () => {
    await stage.seconds(11)
    stage.renew('b')
    expect(stage.said.at(-1)).toBe('b of b alive')
  })

  test('a Lease that is given back expires at once; the next holder is alive at once', () => {
    stage.renew('b', '')
    stage.renew('b', 'another')
    expect(stage.said.slice(2)).toEqual(['b of b expired', 'b of another alive'])
  })

  test('a Lease that is deleted is gone', () => {
    stage.remove('b')
    expect([stage.said.at(-1), stage.observer.verdictOf('b')]).toEqual(['b of b gone', undefined])
  })

  test('while the watch says nothing no time passes', async () => {
    for (let second = 0; second < 120; second += 1) await pass(1000)
    expect(stage.said.length).toBe(2)
  })

  test('while the server is away nobody dies, and the time does not count afterwards either', async () => {
    await stage.seconds(8)
    stage.isServerAway = true
    stage.cut()
    for (let second = 0; second < 120; second += 1) await pass(1000)
    stage.isServerAway = false
    await stage.connected()
    // Eight of ten seconds have passed before; the gap proves nothing.
    await stage.seconds(1)
    expect(stage.said.length).toBe(2)
    stage.renew('a')
    await stage.seconds(7)
    expect([stage.observer.verdictOf('a'), stage.observer.verdictOf('b')]).toEqual(['alive', 'expired'])
  })

  test('who was renewed only in a list after an outage has its duration from then, not more', async () => {
    stage.isServerAway = true
    stage.cut()
    await pass(60_000)
    for (const name of ['a', 'b']) stage.renewUnseen(name)
    stage.isServerAway = false
    await stage.connected()
    await stage.seconds(9)
    expect(stage.observer.aliveIdentities()).toEqual(['a', 'b'])
    await stage.seconds(2)
    expect(stage.observer.aliveIdentities()).toEqual([])
  })

  test('after the process was stopped, what had arrived meanwhile is read before anybody is declared dead', async () => {
    await stage.seconds(8)
    await stopped(() => {
      stage.renew('a')
      stage.renew('b')
    })
    expect(stage.said.length).toBe(2)
  })

  test('of the time that the process was stopped only the longest gap counts', async () => {
    await stage.seconds(4)
    await stopped(() => stage.renew('a'))
    expect(stage.said.length).toBe(2)
    await stopped(() => stage.renew('a'))
    expect(stage.said.slice(2)).toEqual(['b of b expired'])
  })
})

/** Ten minutes pass without any timer; what `act` does is what wakes the process. */
async function stopped(act: () => void): Promise<void> {
  const now = performance.now()
  vi.spyOn(performance, 'now').mockReturnValue(now + 600_000)
  act()
  for (let turn = 0; turn < 4; turn += 1) await yieldToEventLoop()
}
