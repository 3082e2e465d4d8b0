import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimBench, until, versionsOf } from '../test/sim-bench.ts'
import { Informer } from './informer.ts'
import { type ObjectChange } from './informer-options.ts'
import { type KubeObject, keyTextOf } from './object.ts'
import { CONFIG_MAPS } from './resource.ts'
import { isOlderVersion } from './resource-version.ts'
import { yieldToEventLoop } from './sleep.ts'
import { type V1ConfigMap } from './types.ts'

interface Stage {
  readonly bench: SimBench
  readonly informer: Informer<V1ConfigMap>
}

/** Named, so that a counterexample can be read. */
interface Step {
  readonly name: string
  readonly take: (stage: Stage) => void | Promise<void>
}

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const put: fc.Arbitrary<Step> = fc.tuple(names, fc.nat()).map(([name, value]) => ({
  name: `put ${name}`,
  take: ({ bench }) => bench.put(name, String(value))
}))
const remove: fc.Arbitrary<Step> = names.map((name) => ({
  name: `remove ${name}`,
  take: ({ bench }) => {
    if (bench.has(name)) bench.remove(name)
  }
}))
const recreate: fc.Arbitrary<Step> = names.map((name) => ({
  name: `recreate ${name}`,
  take: ({ bench }) => {
    if (bench.has(name)) bench.remove(name)
    bench.put(name, 'anew')
  }
}))
const turns: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 40 }).map((count) => ({
  name: `${count} turns`,
  take: async () => {
    for (let turn = 0; turn < count; turn += 1) await yieldToEventLoop()
  }
}))
/** Until the informer does something; bookmarks see to it that it does. */
const progress: fc.Arbitrary<Step> = fc.constant({
  name: 'progress',
  take: async ({ informer }) => {
    let looks = 0
    await until(informer, () => looks++ > 0)
  }
})
const trouble: fc.Arbitrary<Step> = fc.constantFrom<Step[]>(
  { name: 'cut', take: ({ bench }) => void bench.sim.faults.cutWatches() },
  { name: 'fail', take: ({ bench }) => void bench.sim.faults.failWatches() },
  { name: 'silence', take: ({ bench }) => void bench.sim.faults.silenceWatches() },
  { name: 'compact', take: ({ bench }) => bench.sim.faults.compact() },
  { name: 'restart', take: async ({ bench }) => bench.sim.restart() }
)
const refusal: fc.Arbitrary<Step> = fc
  .record({
    verbs: fc.constantFrom(['list'] as const, ['watch'] as const, ['list', 'watch'] as const),
    action: fc.constantFrom(
      { type: 'status', code: 403 } as const,
      { type: 'status', code: 410 } as const,
      { type: 'status', code: 429 } as const,
      { type: 'status', code: 500 } as const,
      { type: 'status', code: 503 } as const,
      { type: 'reset' } as const,
      { type: 'hang' } as const,
      { type: 'delay', ms: 20 } as const
    ),
    times: fc.integer({ min: 1, max: 2 })
  })
  .map(({ verbs, action, times }) => ({
    name: `${times} × ${JSON.stringify(action)} for ${String(verbs)}`,
    take: ({ bench }) => void bench.sim.faults.add({ match: { verbs }, action, times })
  }))

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { arbitrary: put, weight: 6 },
    { arbitrary: remove, weight: 2 },
    { arbitrary: recreate, weight: 1 },
    { arbitrary: turns, weight: 2 },
    { arbitrary: progress, weight: 8 },
    { arbitrary: trouble, weight: 2 },
    { arbitrary: refusal, weight: 1 }
  ),
  { minLength: 30, maxLength: 60 }
)

/** What a listener that only hears of changes knows, and the changes that could not have been. */
class Follower {
  readonly objects = new Map<string, KubeObject>()
  readonly impossible: unknown[] = []
  readonly #newest = new Map<string, string>()

  apply(change: ObjectChange<KubeObject>): void {
    const { type, object } = change
    const key = keyTextOf(object)
    const known = this.objects.get(key)
    const isFitting =
      type === 'updated' ? change.previous === known : (known === undefined) === (type === 'added')
    if (!isFitting || this.#isOlder(object)) this.impossible.push({ change, known })
    if (type === 'deleted') this.objects.delete(key)
    else this.objects.set(key, object)
  }

  #isOlder({ metadata: { uid = '', resourceVersion = '' } = {} }: KubeObject): boolean {
    const newest = this.#newest.get(uid) ?? '0'
    this.#newest.set(uid, resourceVersion)
    return isOlderVersion(resourceVersion, newest)
  }
}

async function follow(given: readonly Step[]): Promise<void> {
  const bench = await SimBench.start({ bookmarkIntervalMs: 10 })
  const client = await bench.client({ timeoutMs: 150 })
  const informer = new Informer({
    client,
    resource: CONFIG_MAPS,
    pageSize: 2,
    silenceMs: 150,
    minRetryMs: 1,
    maxRetryMs: 20
  })
  const follower = new Follower()
  informer.onChange((change) => follower.apply(change))
  informer.start()
  for (const { take } of given) await take({ bench, informer })
  bench.sim.faults.clear()
  const wanted = bench.versions()
  await until(informer, () => informer.hasSynced && String(versionsOf(informer)) === String(wanted))
  await informer.stop()
  client.close()
  await bench.sim.stop()
  expect(follower.impossible).toEqual([])
  expect(follower.objects).toEqual(
    new Map([...informer.cache.values()].map((item) => [keyTextOf(item), item]))
  )
}

describe('Informer, whatever happens', () => {
  test('misses nothing, tells only what can be, and never an older object after a newer one', async () => {
    const property = fc.asyncProperty(steps, follow)
    const checking = fc.assert(property, { numRuns: 25, timeout: 8000, endOnFailure: true })
    await expect(checking).resolves.toBeUndefined()
  }, 60_000)
})
