import type { Config } from '@clarion-lb/config'
import { Ipam, type PoolDefinition } from '@clarion-lb/ipam'
import {
  DONE,
  type EventRecorder,
  formatKey,
  isOlderVersion,
  type KubeClient,
  keyOf,
  type ObjectKey,
  type ObjectView,
  parseKey,
  ReconcileLoop,
  type ReconcileResult,
  SERVICES,
  StatusWriter,
  type V1Service
} from '@clarion-lb/k8s-watch'
import {
  convergeService,
  deprecatedAnnotationsOf,
  isLoadBalancer,
  isOfClass,
  poolDefinitionsOf,
  type Requester,
  type ServiceDecision,
  WaitingServices
} from '@clarion-lb/planner'
import { type CommonMetrics, describeError } from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import { asClaim, byClaim, hasClaim } from './claims.ts'
import { Offers } from './offers.ts'
import { isMarkedAsOurs, withDecision } from './service-status.ts'
import { WriteRefusals } from './write-refusals.ts'

export interface TermOptions {
  readonly client: KubeClient
  readonly services: ObjectView<V1Service>
  readonly loadBalancerClass: string
  readonly recorder: Pick<EventRecorder, 'record'>
  readonly metrics: Pick<CommonMetrics, 'updates' | 'updateErrors'>
  readonly log: Logger
  /** The usage of a pool may be another now. */
  readonly onUsage: (pool: string) => void
  /** Asked right before each write: another one may lead meanwhile. */
  readonly mayWrite: () => boolean
}

/** How long a Service waits for the first pool before its owner is told. */
const NO_POOLS_GRACE_MS = 1000
/** Status writes under way at a time. */
const CONCURRENCY = 16
const BARRED_RETRY_MS = 1000

/**
 * One term of leadership: takes over the addresses that Services have, then gives out new ones, Service by Service, as
 * they change. All state is in memory, and is made anew from the cluster by the next term.
 */
export class Term {
  readonly #options: TermOptions
  readonly ipam: Ipam<Requester> = new Ipam<Requester>()
  readonly #waiting = new WaitingServices()
  readonly #offers: Offers
  readonly #loop: ReconcileLoop
  readonly #writer: StatusWriter<V1Service>
  /** The failure that the owner of a Service was told last. */
  readonly #told = new Map<string, string>()
  /** Services that nobody was told of yet that there is no pool at all. */
  readonly #patient = new Set<string>()
  /** Identity of the Service that has or wants addresses under its name. */
  readonly #uids = new Map<string, string | undefined>()
  /** Version of our own last write, until the cache has caught up with it. */
  readonly #written = new Map<string, string>()
  #definitions: readonly PoolDefinition<Requester>[] = []
  #fingerprint: string | undefined
  #running: Promise<void> | undefined

  constructor(options: TermOptions) {
    this.#options = options
    this.#writer = new StatusWriter({ client: options.client, resource: SERVICES })
    this.#offers = new Offers({
      waiting: this.#waiting,
      pools: () => this.#definitions,
      wake: (key) => this.#loop.enqueue(parseKey(key))
    })
    const refusals = new WriteRefusals(options.recorder)
    this.#loop = new ReconcileLoop({
      name: 'services',
      concurrency: CONCURRENCY,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError: (key, error, { attempt, retryMs }) => {
        options.metrics.updateErrors.inc()
        const facts = { service: formatKey(key), error: describeError(error), attempt, retryMs }
        options.log.warn(facts, 'service not written')
        refusals.tell(options.services.get(key), error)
      }
    })
  }

  /**
   * Begins.
   *
   * @param current the Services as they are on the server: the cache may be behind the writes of the last leader
   */
  start(config: Pick<Config, 'pools'>, current: Iterable<V1Service>): void {
    this.#setDefinitions(config)
    const mine = [...current].filter((service) => isOfClass(service, this.#options.loadBalancerClass))
    const sorted = mine.toSorted(byClaim)
    for (const service of sorted) {
      if (!hasClaim(service)) continue
      this.#meet(formatKey(keyOf(service)), service)
      convergeService(asClaim(service), this.ipam)
    }
    this.#running = this.#loop.run()
    for (const service of sorted) {
      // One that the cache does not have yet is not gone: it is looked at when it comes.
      if (this.#options.services.get(keyOf(service)) !== undefined) this.#loop.enqueue(keyOf(service))
    }
    for (const { name } of this.#definitions) this.#options.onUsage(name)
  }

  /** Replaces the pools. Addresses that are in one of them stay. */
  setConfig(config: Pick<Config, 'pools'>): void {
    if (!this.#setDefinitions(config)) return
    const sorted = [...this.#options.services.values()].toSorted(byClaim)
    for (const service of sorted) this.enqueue(keyOf(service))
    for (const { name } of this.#definitions) this.#options.onUsage(name)
  }

  /** A Service changed. */
  enqueue(key: ObjectKey): void {
    this.#loop.enqueue(key)
  }

  /** The API server went, or came back, perhaps with older data: that the cache is behind our writes says nothing now. */
  doubtWrites(): void {
    const doubted = [...this.#written.keys()]
    this.#written.clear()
    for (const key of doubted) this.#loop.enqueue(parseKey(key))
  }

  /** Number of Services that wait for an address. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Services wait for their turn to be looked at. */
  get isBusy(): boolean {
    return this.#loop.depth > 0
  }

  /** Ends; addresses are not released. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
  }

  /** Returns whether they are others. */
  #setDefinitions(config: Pick<Config, 'pools'>): boolean {
    const fingerprint = fingerprintOf(config)
    if (fingerprint === this.#fingerprint) return false
    this.#fingerprint = fingerprint
    this.#definitions = poolDefinitionsOf(config)
    const { displaced, moved } = this.ipam.setPools(this.#definitions)
    const { log } = this.#options
    log.info(
      { pools: this.#definitions.map(({ name }) => name), displaced: displaced.length, moved: moved.length },
      'pools'
    )
    return true
  }

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    const { services, loadBalancerClass, metrics } = this.#options
    metrics.updates.inc()
    const service = services.get(key)
    if (service === undefined || !isOfClass(service, loadBalancerClass)) {
      this.#forget(formatKey(key))
      return DONE
    }
    const isForeign = !isLoadBalancer(service) && !isMarkedAsOurs(service)
    if (isForeign && this.ipam.get(formatKey(key)) === undefined) {
      this.#forget(formatKey(key))
      return DONE
    }
    this.#meet(formatKey(key), service)
    if (this.#isBehind(key, service)) return DONE
    return this.#write(key, service, signal)
  }

  /** The cache does not have our own last write yet; it will, and then this is called again. */
  #isBehind(key: ObjectKey, service: V1Service): boolean {
    const id = formatKey(key)
    const written = this.#written.get(id)
    if (written === undefined) return false
    const seen = service.metadata?.resourceVersion ?? ''
    if (isOlderVersion(seen, written)) return true
    this.#written.delete(id)
    return false
  }

  async #write(key: ObjectKey, service: V1Service, signal: AbortSignal): Promise<ReconcileResult> {
    const { recorder, mayWrite } = this.#options
    let isBarred = false
    const result = await this.#writer.write(
      service,
      (current) => {
        const wanted = withDecision(current, this.#decide(key, current))
        if (wanted === current) return undefined
        isBarred = !mayWrite()
        if (isBarred) return undefined
        for (const name of deprecatedAnnotationsOf(current)) {
          const text = `the annotation ${name} is deprecated; use its metallb.io form`
          recorder.record(current, 'Warning', 'deprecatedAnnotation', text)
        }
        return wanted
      },
      signal
    )
    if (result.type === 'written')
      this.#written.set(formatKey(key), result.object.metadata?.resourceVersion ?? '')
    // Either another one leads now, and this term is about to end; or a renewal is late and leadership goes on.
    return isBarred ? { type: 'requeueAfter', ms: BARRED_RETRY_MS } : DONE
  }

  #decide(key: ObjectKey, service: V1Service): ServiceDecision {
    const id = formatKey(key)
    const before = this.ipam.get(id)
    const decision = convergeService(service, this.ipam)
    const after = this.ipam.get(id)
    if (before !== after) {
      for (const pool of new Set([before?.pool, after?.pool]))
        if (pool !== undefined) this.#options.onUsage(pool)
    }
    this.#tell(id, service, decision)
    this.#settleWaiting(id, service, decision)
    return decision
  }

  #tell(id: string, service: V1Service, decision: ServiceDecision): void {
    const { recorder, log } = this.#options
    if (this.#definitions.length === 0 && decision.wait !== undefined && !this.#patient.has(id)) {
      // A pool that was applied together with the Service is on its way.
      this.#patient.add(id)
      this.#loop.enqueueAfter(parseKey(id), NO_POOLS_GRACE_MS)
      return
    }
    for (const { type, reason, message } of decision.events) {
      const isFailure = reason.endsWith('Failed')
      const text = `${reason} ${message}`
      if (isFailure && this.#told.get(id) === text) continue
      if (isFailure) this.#told.set(id, text)
      recorder.record(service, type, reason, message)
      log[type === 'Warning' ? 'warn' : 'info']({ service: id, reason, message }, 'service')
    }
    if (decision.wait !== undefined || decision.addresses.length === 0) return
    this.#told.delete(id)
    this.#patient.delete(id)
  }

  #settleWaiting(id: string, service: V1Service, { wait, openings, addresses }: ServiceDecision): void {
    const turn = { key: id, createdAt: service.metadata?.creationTimestamp ?? '' }
    if (wait === undefined) this.#waiting.delete(id)
    else this.#waiting.set(turn, wait)
    const offered = this.#offers.take(id)
    this.#offers.add(openings)
    const left = offered.filter(({ address }) => !addresses.some((one) => one.equals(address)))
    // Those before it had their chance already.
    this.#offers.add(left, turn)
  }

  /** What another Service of that name had is not this one's. */
  #meet(id: string, { metadata }: V1Service): void {
    const uid = metadata?.uid
    if (this.#uids.has(id) && this.#uids.get(id) !== uid) this.#forget(id)
    this.#uids.set(id, uid)
  }

  #forget(id: string): void {
    this.#uids.delete(id)
    this.#told.delete(id)
    this.#patient.delete(id)
    this.#written.delete(id)
    this.#waiting.delete(id)
    const released = this.ipam.release(id)
    if (released !== undefined) {
      const { addresses, pool } = released.allocation
      this.#options.log.info({ service: id, addresses, pool }, 'addresses released')
      this.#options.onUsage(pool)
    }
    this.#offers.add([...(released?.openings ?? []), ...this.#offers.take(id)])
  }
}

/** Equal for pools that mean the same to the allocator. */
function fingerprintOf({ pools }: Pick<Config, 'pools'>): string {
  return JSON.stringify(
    pools.map(({ name, ranges, autoAssign, avoidBuggyIps, serviceAllocation }) => [
      name,
      ranges.map(String),
      autoAssign,
      avoidBuggyIps,
      serviceAllocation && [
        serviceAllocation.priority,
        serviceAllocation.namespaces && [...serviceAllocation.namespaces].toSorted(),
        serviceAllocation.serviceSelectors.map(({ text }) => text)
      ]
    ])
  )
}
