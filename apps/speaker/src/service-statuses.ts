import type { ServiceBGPStatus, ServiceL2Status } from '@clarion-lb/crds'
import { StatusLabel } from '@clarion-lb/crds'
import {
  DONE,
  defineResource,
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
  type ResourceRef,
  type V1Pod
} from '@clarion-lb/k8s-watch'
import { ownedBy, type Service } from '@clarion-lb/runtime'
import { trimServiceStatus } from './trimmed-objects.ts'

/** A `ServiceL2Status` or `ServiceBGPStatus`. */
export type ServiceStatus = ServiceL2Status & ServiceBGPStatus

/** What a Service's status object says beside whom it is about. */
export type WantedStatus = Pick<NonNullable<ServiceStatus['status']>, 'interfaces' | 'peers'>

export interface ServiceStatusesOptions {
  /** For people, of these objects. */
  readonly name: string
  readonly client: KubeClient
  /** `ServiceL2Status` or `ServiceBGPStatus`. */
  readonly resource: ResourceRef
  /** What names of objects begin with. */
  readonly prefix: string
  /**
   * Only one node announces a Service: it deletes what others said of it before. Otherwise each node has objects of its
   * own, and reads no others.
   */
  readonly isOnePerService: boolean
  readonly namespace: string
  readonly node: string
  /** Owner of the objects. */
  readonly pod: V1Pod | undefined
  /** By `namespace/name` of the Service; `undefined`: this node does not announce it. */
  readonly wantedOf: (key: string) => WantedStatus | undefined
  readonly onProblem: (key: string, error: unknown) => void
  /** How long until it is looked again whether there is such a kind, milliseconds. @defaultValue 10_000 */
  readonly absentRetryMs?: number
}

/**
 * A Service's status is made no more often than this. Two speakers that both believe to be the announcer delete each other's,
 * and would do so as fast as the API server lets them.
 */
const MAKE_AGAIN_MS = 1000
const ABSENT_RETRY_MS = 10_000

/** Keeps one status object for each Service that this node announces, and deletes those that are not true any more. */
export class ServiceStatuses implements Service {
  readonly name: string
  readonly #options: ServiceStatusesOptions
  readonly #absentRetryMs: number
  readonly #resource: ResourceRef<ServiceStatus>
  readonly #informer: Informer<ServiceStatus, 'service'>
  readonly #loop: ReconcileLoop
  /** Made by us, until the cache has them: there must not be a second one. */
  readonly #created = new Map<string, ServiceStatus>()
  /** The last one that was deleted since the Service was looked at: an answer about it may still be on its way. */
  readonly #gone = new Map<string, string | undefined>()
  /** When each was made last, by a clock that never goes back. */
  readonly #madeAtMs = new Map<string, number>()
  #running: Promise<void> | undefined

  constructor(options: ServiceStatusesOptions) {
    this.#options = options
    this.name = options.name
    this.#resource = defineResource<ServiceStatus>(options.resource)
    const { client, namespace, node, isOnePerService, onProblem, absentRetryMs = ABSENT_RETRY_MS } = options
    this.#absentRetryMs = absentRetryMs
    const resource = this.#resource
    this.#informer = new Informer({
      client,
      resource,
      namespace,
      absentRetryMs,
      trim: trimServiceStatus,
      ...(isOnePerService ? {} : { labelSelector: `${StatusLabel.node}=${node}` }),
      indexes: { service: (object: ServiceStatus) => [formatKey(subjectOf(object))] }
    })
    this.#loop = new ReconcileLoop({
      name: resource.plural,
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
    const { node, wantedOf } = this.#options
    const id = formatKey(key)
    const wanted = wantedOf(id)
    if (this.#informer.isAbsent) {
      // Nobody tells when the kind comes: it brings no objects.
      return wanted === undefined ? DONE : { type: 'requeueAfter', ms: this.#absentRetryMs }
    }
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
  #createdFor(id: string, cached: ServiceStatus | undefined): ServiceStatus | undefined {
    const created = this.#created.get(id)
    if (created === undefined || cached === undefined) return created
    const [seen, made] = [cached, created].map(({ metadata }) => metadata?.resourceVersion ?? '')
    if (isOlderVersion(seen ?? '', made ?? '')) return created
    this.#created.delete(id)
    return undefined
  }

  #remember(key: ObjectKey, object: ServiceStatus): void {
    const id = formatKey(key)
    if (this.#gone.has(id) && this.#gone.get(id) === object.metadata?.uid) return
    this.#created.set(id, object)
  }

  #markGone(object: ServiceStatus): void {
    const id = formatKey(subjectOf(object))
    const { uid } = object.metadata ?? {}
    this.#gone.set(id, uid)
    if (this.#created.get(id)?.metadata?.uid === uid) this.#created.delete(id)
  }

  async #create(key: ObjectKey, signal: AbortSignal): Promise<ServiceStatus> {
    const { client, resource, prefix, namespace, node, pod } = this.#options
    const object = await client.create(
      this.#resource,
      {
        apiVersion: 'metallb.io/v1beta1',
        kind: resource.kind,
        metadata: {
          generateName: prefix,
          namespace,
          labels: {
            [StatusLabel.node]: node,
            [StatusLabel.serviceName]: key.name,
            [StatusLabel.serviceNamespace]: key.namespace
          },
          ...ownedBy(pod)
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
    object: ServiceStatus,
    key: ObjectKey,
    wanted: WantedStatus,
    signal: AbortSignal
  ): Promise<void> {
    const { client, node } = this.#options
    const status = {
      node,
      serviceName: key.name,
      serviceNamespace: key.namespace,
      ...wanted
    }
    if (isSameJson(object.status, status)) return
    const options = { subresource: 'status', signal } as const
    try {
      this.#remember(key, await client.update(this.#resource, { ...object, status }, options))
    } catch (error) {
      // Perhaps it went before the cache had it, which then tells nobody.
      if (hasStatus(error, 404)) this.#created.delete(formatKey(key))
      throw error
    }
  }

  async #delete(objects: readonly ServiceStatus[], signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options
    for (const { metadata } of objects) {
      try {
        await client.delete(this.#resource, { namespace, name: metadata?.name ?? '' }, { signal })
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
      }
    }
  }
}

function subjectOf({ metadata }: ServiceStatus): ObjectKey {
  return {
    namespace: metadata?.labels?.[StatusLabel.serviceNamespace] ?? '',
    name: metadata?.labels?.[StatusLabel.serviceName] ?? ''
  }
}

function nodeOf({ metadata }: ServiceStatus): string | undefined {
  return metadata?.labels?.[StatusLabel.node]
}
