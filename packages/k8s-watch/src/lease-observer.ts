import { Informer } from './informer.ts'
import type { InformerClient, ObjectChange, WatchContact } from './informer-options.ts'
import { LEASES } from './resource.ts'
import { Signal } from './signal.ts'
import { monotonicNow, yieldToEventLoop } from './sleep.ts'
import type { V1Lease } from './types.ts'

/** `gone`: the Lease was deleted. */
export type LeaseVerdict = 'alive' | 'expired' | 'gone'

export interface LeaseVerdictChange {
  /** Name of the Lease. */
  readonly name: string
  /** Who held it last. */
  readonly identity: string
  readonly verdict: LeaseVerdict
}

export interface LeaseObserverOptions {
  readonly client: InformerClient
  readonly namespace: string
  readonly labelSelector?: string
  /**
   * Longest silence of the watch that counts as time passing, milliseconds: twice the renewal interval. At least one of the observed
   * Leases must be renewed more often than that, usually our own. @defaultValue 5000
   */
  readonly maxGapMs?: number
  /** Used for Leases that state no duration, milliseconds. @defaultValue 10_000 */
  readonly defaultDurationMs?: number
}

interface Observed {
  identity: string
  renewTime: string | undefined
  durationMs: number
  /** On the observed clock. */
  renewedAt: number
  verdict: 'alive' | 'expired'
}

/**
 * Says which holders of Leases are alive, by the renewals that are seen here; the times written in the Leases are not
 * believed. Time passes only while the watch proves that it works: when the API server is away, or this process was
 * stopped, all verdicts stay as they are.
 */
export class LeaseObserver {
  readonly #options: Required<Pick<LeaseObserverOptions, 'maxGapMs' | 'defaultDurationMs'>>
  readonly #informer: Informer<V1Lease>
  readonly #changes = new Signal<LeaseVerdictChange>()
  readonly #leases = new Map<string, Observed>()
  /** Milliseconds of proven time. */
  #clock = 0
  #contactAt: number | undefined
  #isCheckDue = false
  #unsubscribe: readonly (() => void)[] = []

  constructor(options: LeaseObserverOptions) {
    const { client, namespace, labelSelector, maxGapMs = 5000, defaultDurationMs = 10_000 } = options
    this.#options = { maxGapMs, defaultDurationMs }
    const silenceMs = maxGapMs * 2
    this.#informer = new Informer({ client, resource: LEASES, namespace, labelSelector, silenceMs })
  }

  /** The watch behind it. */
  get informer(): Pick<
    Informer<V1Lease>,
    'hasSynced' | 'isConnected' | 'onConnectionChange' | 'onProblem' | 'waitForSync'
  > {
    return this.#informer
  }

  /** By name of the Lease; `undefined`: there is none. */
  verdictOf(name: string): 'alive' | 'expired' | undefined {
    return this.#leases.get(name)?.verdict
  }

  /** The holders that are alive. */
  aliveIdentities(): readonly string[] {
    return [...this.#leases.values()]
      .filter((lease) => lease.verdict === 'alive')
      .map((lease) => lease.identity)
  }

  onChange(listener: (change: LeaseVerdictChange) => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /** Begins, until `signal` aborts or {@link stop}. */
  start(signal?: AbortSignal): void {
    if (this.#unsubscribe.length > 0) return
    this.#unsubscribe = [
      this.#informer.onChange((change) => this.#handle(change)),
      this.#informer.onContact((contact) => this.#contact(contact)),
      // What a list tells after that proves nothing about the time since.
      this.#informer.onConnectionChange(() => void (this.#contactAt = undefined))
    ]
    this.#informer.start(signal)
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    await this.#informer.stop()
  }

  #contact(contact: WatchContact): void {
    const now = monotonicNow()
    // What was missed comes after the watch is open again, so the gap before that proves nothing.
    if (contact === 'heard') this.#clock = this.#now()
    this.#contactAt = now
    if (this.#isCheckDue) return
    this.#isCheckDue = true
    void this.#check()
  }

  /** What has arrived already is read before anybody is declared dead. */
  async #check(): Promise<void> {
    await yieldToEventLoop()
    await yieldToEventLoop()
    this.#isCheckDue = false
    for (const [name, lease] of this.#leases) {
      const isOver = this.#clock - lease.renewedAt > lease.durationMs
      if (lease.verdict === 'alive' && isOver) this.#decide(name, lease, 'expired')
    }
  }

  #handle(change: ObjectChange<V1Lease>): void {
    const { metadata, spec } = change.object
    const name = metadata?.name ?? ''
    const known = this.#leases.get(name)
    if (change.type === 'deleted') {
      this.#leases.delete(name)
      this.#changes.emit({ name, identity: known?.identity ?? '', verdict: 'gone' })
      return
    }
    const { holderIdentity: identity = '', renewTime, leaseDurationSeconds = 0 } = spec ?? {}
    const durationMs =
      leaseDurationSeconds > 0 ? leaseDurationSeconds * 1000 : this.#options.defaultDurationMs
    const isReleased = identity === ''
    const lease = known ?? {
      identity,
      renewTime: undefined,
      durationMs,
      renewedAt: this.#now(),
      verdict: 'expired'
    }
    this.#leases.set(name, lease)
    lease.durationMs = durationMs
    if (isReleased) {
      if (lease.verdict === 'alive' || known === undefined) this.#decide(name, lease, 'expired')
      return
    }
    const isRenewal = known === undefined || renewTime !== lease.renewTime || identity !== lease.identity
    lease.identity = identity
    lease.renewTime = renewTime
    if (!isRenewal) return
    lease.renewedAt = this.#now()
    if (lease.verdict !== 'alive' || known === undefined) this.#decide(name, lease, 'alive')
  }

  /** The observed clock, with the time since the last contact, which the event at hand is about to prove. */
  #now(): number {
    const gap = this.#contactAt === undefined ? 0 : monotonicNow() - this.#contactAt
    return this.#clock + Math.min(gap, this.#options.maxGapMs)
  }

  #decide(name: string, lease: Observed, verdict: 'alive' | 'expired'): void {
    lease.verdict = verdict
    this.#changes.emit({ name, identity: lease.identity, verdict })
  }
}
