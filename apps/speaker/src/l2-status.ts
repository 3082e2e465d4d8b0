import type { ServiceL2Status } from '@clarion-lb/crds'
import { StatusLabel } from '@clarion-lb/crds'
import {
  DONE,
  formatKey,
  hasStatus,
  Informer,
  isOlderVersion,
  isSameJson,
  type KubeClient,
  type ObjectKey,
  parseKey,
  ReconcileLoop,
  type ReconcileResult,
  type V1Pod
} from '@clarion-lb/k8s-watch'
import { SERVICE_L2_STATUSES, type Service } from '@clarion-lb/runtime'
import { trimL2Status } from './trimmed-objects.ts'

/** What a Service's status object should say; `undefined`: this node does not announce it. */
export interface WantedL2Status {
  /** `undefined`: all. */
  readonly interfaces: readonly string[] | undefined
}

export interface L2StatusOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  /** Owner of the objects. */
  readonly pod: V1Pod | undefined
  /** By `namespace/name` of the Service. */
  readonly wantedOf: (key: string) => WantedL2Status | undefined
  readonly onProblem: (key: string, error: unknown) => void
}

/**
 * A Service's status is made no more often than this. Two speakers that both believe to be the announcer delete each other's,
 * and would do so as fast as the API server lets them.
 */
const MAKE_AGAIN_MS = 1000

/** Keeps one `ServiceL2Status` for each Service that this node announces, and deletes those that are not true any more. */
export class L2Status implements Service {
  readonly name = 'layer 2 status'
  readonly #options: L2StatusOptions
  readonly #informer: Informer<ServiceL2Status, 'service'>
  readonly #loop: ReconcileLoop
  /** Made by us, until the cache has them: there must not be a second one. */
  readonly #created = new Map<string, ServiceL2Status>()
  /** The last one that was deleted since the Service was looked at: an answer about it may still be on its way. */
  readonly #gone = new Map<string, string | undefined>()
  /** When each was made last, by a clock that never goes back. */
  readonly #madeAtMs = new Map<string, number>()
  #running: Promise<void> | undefined

  constructor(options: L2StatusOptions) {
    this.#options = options
    const { client, namespace, onProblem } = options
    this.#informer = new Informer({
      client,
      resource: SERVICE_L2_STATUSES,
      namespace,
      trim: trimL2Status,
      indexes: { service: (object: ServiceL2Status) => [formatKey(subjectOf(object))] }
    })
    this.#loop = new ReconcileLoop({
      name: 'l2-status',
      concurrency: 4,
      reconcile: async (key, signal) => {
        const result = await this.#reconcile(key, signal)
        this.#gone.delete(formatKey(key))
        return result
      },
      onError: (key, error) => onProblem(formatKey(key), error)
    })
  }

  start(signal: AbortSignal): void {
    this.#informer.onChange(({ type, object }) => {
      if (type === 'deleted') this.#markGone(object)
      this.#loop.enqueue(subjectOf(object))
    })
    this.#informer.start(signal)
    // What is written before the cache is complete would be written twice.
    void this.#informer.waitForSync(signal).then(
      () => {
        this.#running = this.#loop.run()
      },
      () => undefined
    )
  }

  /** What is wanted for a Service may be another now. */
  touch(key: string): void {
    this.#loop.enqueue(parseKey(key))
  }

  /** What is announced no more is deleted on the way out: it is done by whoever announces it next. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
    await this.#informer.stop()
  }

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    if (this.#informer.isAbsent) return DONE
    const { node, wantedOf } = this.#options
    const id = formatKey(key)
    const wanted = wantedOf(id)
    const found = this.#informer.cache.byIndex('service', id)
    const mine = found.filter((object) => nodeOf(object) === node)
    const [first, ...duplicates] = mine
    const created = this.#createdFor(id, first)
    if (wanted === undefined) {
      this.#created.delete(id)
      this.#madeAtMs.delete(id)
      await this.#delete(created === undefined ? mine : [created, ...mine], signal)
      return DONE
    }
    const waitMs = (this.#madeAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + MAKE_AGAIN_MS - performance.now()
    const known = created ?? first
    if (known === undefined && waitMs > 0) return { type: 'requeueAfter', ms: Math.ceil(waitMs) }
    const object = known ?? (await this.#create(key, signal))
    await this.#writeStatus(object, key, wanted, signal)
    await this.#delete([...duplicates, ...found.filter((other) => nodeOf(other) !== node)], signal)
    return DONE
  }

  /** What we made and the cache does not have yet, or not as we left it. */
  #createdFor(id: string, cached: ServiceL2Status | undefined): ServiceL2Status | undefined {
    const created = this.#created.get(id)
    if (created === undefined || cached === undefined) return created
    const [seen, made] = [cached, created].map(({ metadata }) => metadata?.resourceVersion ?? '')
    if (isOlderVersion(seen ?? '', made ?? '')) return created
    this.#created.delete(id)
    return undefined
  }

  #remember(key: ObjectKey, object: ServiceL2Status): void {
    const id = formatKey(key)
    if (this.#gone.has(id) && this.#gone.get(id) === object.metadata?.uid) return
    this.#created.set(id, object)
  }

  #markGone(object: ServiceL2Status): void {
    const id = formatKey(subjectOf(object))
    const { uid } = object.metadata ?? {}
    this.#gone.set(id, uid)
    if (this.#created.get(id)?.metadata?.uid === uid) this.#created.delete(id)
  }

  async #create(key: ObjectKey, signal: AbortSignal): Promise<ServiceL2Status> {
    const { client, namespace, node, pod } = this.#options
    const { name, uid } = pod?.metadata ?? {}
    const owners =
      name === undefined || uid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] }
    const object = await client.create(
      SERVICE_L2_STATUSES,
      {
        apiVersion: 'metallb.io/v1beta1',
        kind: 'ServiceL2Status',
        metadata: {
          generateName: 'l2-',
          namespace,
          labels: {
            [StatusLabel.node]: node,
            [StatusLabel.serviceName]: key.name,
            [StatusLabel.serviceNamespace]: key.namespace
          },
          ...owners
        },
        spec: {}
      },
      { signal }
    )
    this.#madeAtMs.set(formatKey(key), performance.now())
    this.#remember(key, object)
    return object
  }

  async #writeStatus(
    object: ServiceL2Status,
    key: ObjectKey,
    { interfaces }: WantedL2Status,
    signal: AbortSignal
  ): Promise<void> {
    const { client, node } = this.#options
    const status = {
      node,
      serviceName: key.name,
      serviceNamespace: key.namespace,
      ...(interfaces === undefined ? {} : { interfaces: interfaces.map((name) => ({ name })) })
    }
    if (isSameJson(object.status, status)) return
    const written = await client.update(
      SERVICE_L2_STATUSES,
      { ...object, status },
      { subresource: 'status', signal }
    )
    this.#remember(key, written)
  }

  async #delete(objects: readonly ServiceL2Status[], signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options
    for (const { metadata } of objects) {
      try {
        await client.delete(SERVICE_L2_STATUSES, { namespace, name: metadata?.name ?? '' }, { signal })
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
      }
    }
  }
}

function subjectOf({ metadata }: ServiceL2Status): ObjectKey {
  return {
    namespace: metadata?.labels?.[StatusLabel.serviceNamespace] ?? '',
    name: metadata?.labels?.[StatusLabel.serviceName] ?? ''
  }
}

function nodeOf({ metadata }: ServiceL2Status): string | undefined {
  return metadata?.labels?.[StatusLabel.node]
}
