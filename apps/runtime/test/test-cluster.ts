import { setImmediate } from 'node:timers/promises'
import { buildCrdManifests } from '@clarion-lb/crds'
import { KubeClient, parseKubeContext } from '@clarion-lb/k8s-watch'
import {
  type Json,
  type JsonObject,
  type KubeObject,
  KubeSim,
  type KubeSimOptions,
  type RequestFacts
} from '@clarion-lb/kube-sim'
import { type Logger, pino } from 'pino'
import { afterEach, vi } from 'vitest'
import { NAMESPACE } from './objects.ts'

/** Shorter than a test may take, so that what was expected is told, and not that it took long. */
const PATIENCE_MS = 15_000

/** Done after the test in reverse order, so that clients go before their server. */
const cleanups: (() => unknown)[] = []

/** Has `cleanup` called after the test, whatever becomes of it. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

export interface TestClusterOptions extends KubeSimOptions {
  /** Names of the CustomResourceDefinitions that are there from the start. Default: all. */
  readonly crds?: readonly string[]
}

/** What a log line carries. */
export type LogLine = Readonly<Record<string, unknown>>

/** A real HTTPS API server, what was asked of it, and the log of whoever is tested with it. */
export class TestCluster {
  readonly sim: KubeSim
  /** Every request since the start, also refused ones. */
  readonly requests: RequestFacts[] = []
  readonly logged: LogLine[] = []
  readonly log: Logger
  readonly #waiting = new Set<() => void>()

  private constructor(sim: KubeSim) {
    this.sim = sim
    this.log = pino(
      { level: 'debug', base: null },
      {
        write: (line: string) => {
          this.logged.push(JSON.parse(line))
          this.ring()
        }
      }
    )
    sim.store.observe(() => this.ring())
    const { faults } = sim
    const take = faults.take.bind(faults)
    vi.spyOn(faults, 'take').mockImplementation((facts) => {
      this.requests.push(facts)
      this.ring()
      return take(facts)
    })
  }

  static async start({ crds, ...options }: TestClusterOptions = {}): Promise<TestCluster> {
    const sim = new KubeSim({ bookmarkIntervalMs: 60_000, ...options })
    await sim.start()
    afterwards(() => sim.stop())
    const cluster = new TestCluster(sim)
    cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    for (const { metadata } of buildCrdManifests())
      if (crds === undefined || crds.includes(metadata.name)) cluster.putCrd(metadata.name)
    return cluster
  }

  /** @param userAgent by which faults and requests can tell clients apart */
  async client(userAgent = 'test'): Promise<KubeClient> {
    const client = new KubeClient(await parseKubeContext(this.sim.kubeconfig()), { userAgent })
    afterwards(() => client.close())
    return client
  }

  /** Something happened that an {@link eventually} may wait for. */
  ring(): void {
    for (const wake of this.#waiting) wake()
  }

  /**
   * Resolves when `check` throws no more. It is looked at whenever the server is asked, changes, or whoever is tested
   * logs.
   *
   * @throws what `check` threw last
   */
  async eventually(check: () => void): Promise<void> {
    const startedAt = performance.now()
    for (;;) {
      const bell = Promise.withResolvers<void>()
      this.#waiting.add(bell.resolve)
      // Failed checks are no failed test.
      const error = failureOf(check)
      if (error === undefined) return void this.#waiting.delete(bell.resolve)
      const leftMs = PATIENCE_MS - (performance.now() - startedAt)
      if (leftMs <= 0) throw error
      const timer = setTimeout(bell.resolve, leftMs)
      await bell.promise
      clearTimeout(timer)
      this.#waiting.delete(bell.resolve)
      // Whoever is tested may read it, too.
      await setImmediate()
    }
  }

  /** Creates or replaces an object as a client would; the server's own fields stay. */
  put(object: KubeObject): void {
    const { api, store } = this.sim
    const type = this.#typeOf(object)
    const { name, namespace } = object.metadata
    const options = { fieldManager: 'test' }
    const current = store.get(type.storage, namespace, name)?.object
    if (current === undefined) {
      api.create(type, namespace, object, options)
      return
    }
    const { resourceVersion } = current.metadata
    api.update(
      type,
      namespace,
      name,
      { ...object, metadata: { ...object.metadata, resourceVersion } },
      options
    )
  }

  /** Changes an object in place. */
  change(ref: KubeObject, change: (current: KubeObject) => JsonObject, subresource?: 'status'): void {
    const { name, namespace } = ref.metadata
    const options = { fieldManager: 'test', subresource }
    this.sim.api.modify(this.#typeOf(ref), namespace, name, (current) => change(current), options)
  }

  remove({ metadata, ...ref }: KubeObject): void {
    this.sim.api.delete(this.#typeOf({ metadata, ...ref }), metadata.namespace, metadata.name)
  }

  /** The object now; `undefined`: there is none. */
  find(ref: KubeObject): KubeObject | undefined {
    const type = this.#typeOf(ref)
    const { namespace, name } = ref.metadata
    return this.sim.store.get(type.storage, namespace, name)?.in(type)
  }

  /** @throws when there is none */
  get(ref: KubeObject): KubeObject {
    const found = this.find(ref)
    if (found === undefined) throw new Error(`no ${ref.kind} ${ref.metadata.name}`)
    return found
  }

  /** All objects of a resource, as `group/plural`. */
  list(storage: string): readonly KubeObject[] {
    return this.sim.store.list(storage).map(({ object }) => object)
  }

  putCrd(name: string): void {
    const manifest = buildCrdManifests().find(({ metadata }) => metadata.name === name)
    if (manifest === undefined) throw new Error(`no CustomResourceDefinition ${name}`)
    const object: unknown = JSON.parse(JSON.stringify(manifest))
    if (isKubeObject(object)) this.put(object)
  }

  removeCrd(name: string): void {
    this.remove({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name }
    })
  }

  /** Requests that write a resource, by what they did, since the start. */
  writes(resource: string, userAgent = ''): readonly string[] {
    return this.requests
      .filter((facts) => facts.resource === resource && facts.userAgent.includes(userAgent))
      .filter(({ verb }) => verb !== undefined && WRITES.has(verb))
      .map(({ verb, subresource, name }) => [verb, subresource, name].filter(Boolean).join(' '))
  }

  /** Log lines that have this message. */
  logs(message: string): readonly LogLine[] {
    return this.logged.filter(({ msg }) => msg === message)
  }

  /** The Kubernetes events about an object that were stored, as `reason count`. */
  events(about: string): readonly string[] {
    return this.list('/events').flatMap((event) => {
      const involved = event['involvedObject']
      const isIt =
        typeof involved === 'object' && involved !== null && 'name' in involved && involved['name'] === about
      return isIt ? [`${text(event['reason'])} ${text(event['count'])}`] : []
    })
  }

  #typeOf({ apiVersion, kind }: KubeObject): NonNullable<ReturnType<KubeSim['registry']['byKind']>> {
    const type = this.sim.registry.byKind(apiVersion, kind)
    if (type === undefined) throw new Error(`the server has no ${kind} of ${apiVersion}`)
    return type
  }
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

function failureOf(check: () => void): Error | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function isKubeObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
