import { KubeSim, type KubeSimOptions } from '@clarion-lb/kube-sim'
import { afterEach } from 'vitest'
import { type Informer } from '../src/informer.ts'
import { type ObjectChange } from '../src/informer-options.ts'
import { KubeClient, type KubeClientOptions } from '../src/kube-client.ts'
import { parseKubeContext } from '../src/kube-config.ts'
import { type KubeObject } from '../src/object.ts'

/** Ends after the test in reverse order, so that clients go before their server. */
const cleanups: (() => Promise<unknown> | void)[] = []

/** Has `cleanup` called after the test, whatever becomes of it. */
export function afterwards(cleanup: () => Promise<unknown> | void): void {
  cleanups.push(cleanup)
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A real HTTPS server with config maps to play with. */
export class SimBench {
  readonly sim: KubeSim

  private constructor(sim: KubeSim) {
    this.sim = sim
  }

  static async start(options: KubeSimOptions = {}): Promise<SimBench> {
    const sim = new KubeSim({ bookmarkIntervalMs: 60_000, ...options })
    await sim.start()
    afterwards(() => sim.stop())
    return new SimBench(sim)
  }

  async client(options: KubeClientOptions = {}): Promise<KubeClient> {
    const client = new KubeClient(await parseKubeContext(this.sim.kubeconfig()), options)
    afterwards(() => client.close())
    return client
  }

  /** Creates or changes a config map, past HTTP and its faults. */
  put(name: string, value: string, labels: Readonly<Record<string, string>> = {}): void {
    const { api } = this.sim
    const type = this.#configMaps()
    if (api.store.get(type.storage, 'default', name) === undefined) {
      api.create(type, 'default', { metadata: { name, labels }, data: { value } }, { fieldManager: 'bench' })
    } else {
      api.modify(
        type,
        'default',
        name,
        (current) => ({ ...current, metadata: { ...current.metadata, labels }, data: { value } }),
        { fieldManager: 'bench' }
      )
    }
  }

  has(name: string): boolean {
    return this.sim.store.get(this.#configMaps().storage, 'default', name) !== undefined
  }

  remove(name: string): void {
    this.sim.api.delete(this.#configMaps(), 'default', name)
  }

  /** Advances the server's version without touching a config map. */
  writeElsewhere(name: string): void {
    const secrets = this.sim.registry.get('', 'v1', 'secrets')
    if (secrets === undefined) throw new TypeError('no secrets')
    this.sim.api.create(secrets, 'default', { metadata: { name } })
  }

  /** The config maps on the server, as `name@version`. */
  versions(): readonly string[] {
    return this.sim.store
      .list(this.#configMaps().storage)
      .map(({ object }) => `${object.metadata.name}@${object.metadata.resourceVersion ?? ''}`)
      .toSorted(byText)
  }

  /** Counts requests for config maps from now on. Faults that are added later do not see what it counts. */
  count(verb: 'list' | 'watch'): () => number {
    const { faults } = this.sim
    const match = { verbs: [verb], resource: 'configmaps' }
    const id = faults.add({ match, action: { type: 'delay', ms: 0 } })
    return () => faults.list().find((fault) => fault.id === id)?.hits ?? 0
  }

  #configMaps(): NonNullable<ReturnType<KubeSim['registry']['get']>> {
    const type = this.sim.registry.get('', 'v1', 'configmaps')
    if (type === undefined) throw new TypeError('no config maps')
    return type
  }
}

/** The objects of a cache, as `name@version`. */
export function versionsOf(informer: {
  readonly cache: { values(): Iterable<KubeObject> }
}): readonly string[] {
  return [...informer.cache.values()]
    .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
    .toSorted(byText)
}

/** The changes that an informer tells, as `type name`. */
export function recordChanges<T extends KubeObject>(
  informer: Pick<Informer<T, string>, 'onChange'>
): string[] {
  const told: string[] = []
  informer.onChange((change: ObjectChange<T>) => {
    told.push(`${change.type} ${change.object.metadata?.name}`)
  })
  return told
}

type Watched = Pick<Informer<KubeObject>, 'onContact' | 'onConnectionChange' | 'onProblem'> & {
  onChange(listener: () => void): () => void
}

/** Resolves as soon as `condition` holds; it is looked at whenever the informer says anything. */
export async function until(informer: Watched, condition: () => boolean): Promise<void> {
  if (condition()) return
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (!condition()) return
      for (const unsubscribe of unsubscribes) unsubscribe()
      resolve()
    }
    const unsubscribes = [
      informer.onChange(check),
      informer.onContact(check),
      informer.onConnectionChange(check),
      informer.onProblem(check)
    ]
  })
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
