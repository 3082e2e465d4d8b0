import type { Config } from '@clarion-lb/config'
import type { Ipam } from '@clarion-lb/ipam'
import {
  type EventRecorder,
  formatKey,
  Informer,
  type KubeClient,
  keyOf,
  type LeaderElector,
  listAll,
  type ObjectKey,
  SERVICES,
  type V1Service
} from '@clarion-lb/k8s-watch'
import type { Requester } from '@clarion-lb/planner'
import { type CommonMetrics, describeError, type Service } from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import { Term } from './term.ts'
import { trimService } from './trim-service.ts'

export interface ControllerOptions {
  readonly client: KubeClient
  readonly loadBalancerClass: string
  readonly elector: Pick<LeaderElector, 'isLeader' | 'onChange' | 'start' | 'stop'>
  readonly recorder: EventRecorder
  readonly metrics: CommonMetrics
  readonly log: Logger
  readonly onUsage: (pool: string) => void
  /** Done once by each new leader. */
  readonly onLead: (signal: AbortSignal) => Promise<void>
}

const PAGE_SIZE = 500
const RETRY_MS = 1000

/** Gives addresses to Services while it leads; while it does not, it follows what happens and is ready to. */
export class Controller implements Service {
  readonly name = 'controller'
  readonly #options: ControllerOptions
  readonly #services: Informer<V1Service>
  readonly #stopping = new AbortController()
  #config: Pick<Config, 'pools'> | undefined
  /** Counts how often it was elected; `undefined`: it is not. */
  #reign: number | undefined
  #reigns = 0
  #term: { readonly term: Term; readonly reign: number } | undefined
  /** Beginning and ending of terms, one after the other. */
  #transition: Promise<void> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#services = new Informer({
      client: options.client,
      resource: SERVICES,
      pageSize: PAGE_SIZE,
      trim: trimService
    })
  }

  get ipam(): Ipam<Requester> | undefined {
    return this.#term?.term.ipam
  }

  /** Services wait for their turn. */
  get isBusy(): boolean {
    return this.#term?.term.isBusy ?? false
  }

  /** Why it could not lead; `undefined`: it could, or does. */
  unreadyBecause(): string | undefined {
    if (!this.#services.hasSynced) return 'Services are not read yet'
    return this.#config === undefined ? 'there is no configuration yet' : undefined
  }

  start(signal: AbortSignal): void {
    const { elector, log } = this.#options
    this.#services.onChange(({ object }) => this.#term?.term.enqueue(keyOf(object)))
    this.#services.onConnectionChange(() => this.#term?.term.doubtWrites())
    this.#services.onProblem(({ error, retryMs }) =>
      log.warn({ resource: 'services', error: describeError(error), retryMs }, 'watch failed')
    )
    this.#services.start(signal)
    void this.#services.waitForSync(this.#stopping.signal).then(
      () => this.#update(),
      () => undefined
    )
    elector.onChange((change) => {
      if (change.type === 'problem')
        log.warn({ error: describeError(change.error) }, 'leader election failed')
      else if (change.type === 'observed') log.info({ leader: change.leader }, 'leader')
      else {
        this.#reign = change.type === 'started' ? ++this.#reigns : undefined
        this.#update()
      }
    })
    elector.start()
  }

  setConfig(config: Pick<Config, 'pools'>): void {
    this.#config = config
    this.#term?.term.setConfig(config)
    this.#update()
  }

  /** Ends all work first, and gives the leadership back then: the next one may begin at once. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#retry)
    await this.#transition
    await this.#term?.term.stop()
    await this.#options.elector.stop()
    await this.#services.stop()
  }

  /** Begins or ends a term, as leadership and what is known ask for. */
  #update(): void {
    this.#transition = this.#transition.then(() => this.#settle())
  }

  async #settle(): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const { log } = this.#options
    const reign = this.#reign
    if (this.#term !== undefined && this.#term.reign !== reign) {
      const { term } = this.#term
      this.#term = undefined
      await term.stop()
      log.warn('leadership lost')
    }
    if (reign === undefined || this.#config === undefined || !this.#services.hasSynced) return
    if (this.#term !== undefined) return
    try {
      await this.#begin(reign)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      log.error({ error: describeError(error), retryMs: RETRY_MS }, 'could not begin to lead')
      this.#retry = setTimeout(() => this.#update(), RETRY_MS)
    }
  }

  async #begin(reign: number): Promise<void> {
    const { client, loadBalancerClass, elector, recorder, metrics, log, onUsage, onLead } = this.#options
    const { signal } = this.#stopping
    const startedAt = performance.now()
    await onLead(signal)
    // No term can be told of these yet.
    const changed = new Map<string, ObjectKey>()
    const unfollow = this.#services.onChange(({ object }) => {
      const key = keyOf(object)
      changed.set(formatKey(key), key)
    })
    // The cache may be behind what the last leader wrote: an address could be given out twice.
    const { objects } = await listAll(client, SERVICES, {
      pageSize: PAGE_SIZE,
      trim: trimService,
      signal
    }).finally(unfollow)
    // Another one may have led and written since. If we lead again, this is done again.
    if (this.#reign !== reign) return
    // As it is by now: no term was told of what came meanwhile.
    const config = this.#config
    if (config === undefined) return
    const term = new Term({
      client,
      services: this.#services.cache,
      loadBalancerClass,
      recorder,
      metrics,
      log,
      onUsage,
      mayWrite: () => this.#reign === reign && elector.isLeader()
    })
    this.#term = { term, reign }
    term.start(config, objects.values())
    for (const key of changed.values()) term.enqueue(key)
    const durationMs = Math.round(performance.now() - startedAt)
    log.info({ services: objects.size, kept: term.ipam.size, durationMs }, 'leading')
  }
}
