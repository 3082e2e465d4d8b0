import { publishLeader } from './diagnostics.ts'
import { hasStatus } from './errors.ts'
import type { KubeClient } from './kube-client.ts'
import { formatMicroTime } from './micro-time.ts'
import type { ObjectKey } from './object.ts'
import { LEASES } from './resource.ts'
import { Signal } from './signal.ts'
import { monotonicNow, sleep, yieldToEventLoop } from './sleep.ts'
import type { V1Lease } from './types.ts'

export interface LeaderElectorOptions {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'update'>
  /** The Lease that the candidates share. */
  readonly lease: ObjectKey
  /** Different for each candidate. A candidate that finds its own identity in the Lease leads again at once. */
  readonly identity: string
  /** How long others wait after the last renewal that they saw, milliseconds; whole seconds. @defaultValue 15_000 */
  readonly leaseDurationMs?: number
  /** How long the leader goes on without a renewal, milliseconds; less than `leaseDurationMs`. @defaultValue 10_000 */
  readonly renewDeadlineMs?: number
  /** Pause between attempts, milliseconds. @defaultValue 2000 */
  readonly retryPeriodMs?: number
  /** Gives the Lease back at the end, so that the next one leads at once. @defaultValue true */
  readonly releaseOnStop?: boolean
  /** In [0, 1). */
  readonly random?: () => number
}

/** A change that a candidate hears of. */
export type LeadershipChange =
  | { readonly type: 'started' }
  | { readonly type: 'stopped'; readonly reason: 'deadline' | 'taken' | 'stop' }
  /** Somebody leads; perhaps we. Empty: nobody. */
  | { readonly type: 'observed'; readonly leader: string }
  | { readonly type: 'problem'; readonly error: unknown }

type Outcome = 'held' | 'mine'

/**
 * Elects one of several processes by a Lease, as client-go does: clocks of different machines are never compared, and
 * whoever leads stops before anybody else can begin.
 *
 * Timers can be late, so leadership is a matter of time, not of events: ask {@link isLeader} right before each act.
 */
export class LeaderElector {
  readonly #options: Required<LeaderElectorOptions>
  readonly #changes = new Signal<LeadershipChange>()
  readonly #stopping = new AbortController()
  /** Until then, by our own monotonic clock, nobody else can lead. */
  #leadUntil = Number.NEGATIVE_INFINITY
  #isLeading = false
  #lease: V1Lease | undefined
  /** The lease as we know it may not be the one on the server. */
  #mustRead = true
  #observedAt = 0
  #deadline: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  /** @throws RangeError when the deadline is not less than the duration. */
  constructor(options: LeaderElectorOptions) {
    this.#options = {
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
      releaseOnStop: true,
      random: Math.random,
      ...options
    }
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options
    if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryPeriodMs) {
      throw new RangeError('leaseDurationMs > renewDeadlineMs > retryPeriodMs is required')
    }
  }

  /** Whether we lead at this moment. Never true at the same time as for another candidate. */
  isLeader(): boolean {
    return this.#isLeading && monotonicNow() < this.#leadUntil
  }

  /** Who leads as far as is known; empty when nobody does. */
  get leader(): string {
    return this.#lease?.spec?.holderIdentity ?? ''
  }

  onChange(listener: (change: LeadershipChange) => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /** Begins to be a candidate, until `signal` aborts or {@link stop}. */
  start(signal?: AbortSignal): void {
    if (this.#running !== undefined) return
    const onAbort = (): void => this.#stopping.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) this.#stopping.abort()
    this.#running = this.#run().finally(() => signal?.removeEventListener('abort', onAbort))
  }

  /**
   * Leads no more, and gives the Lease back. End all work that needs leadership before: another one may lead when this
   * resolves.
   */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { retryPeriodMs, random } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#attempt(signal)
      // Candidates that began together do not ask together for ever.
      const pauseMs = this.#isLeading ? retryPeriodMs : retryPeriodMs * (1 + 0.2 * random())
      await sleep(pauseMs, signal)
    }
    const wasLeader = this.isLeader()
    this.#stopLeading('stop')
    if (wasLeader && this.#options.releaseOnStop) await this.#release()
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { renewDeadlineMs } = this.#options
    // The time of the request, not of the answer: others may count from the moment that the server stored it.
    const startedAt = monotonicNow()
    const timeoutMs = this.#isLeading ? Math.max(this.#leadUntil - startedAt, 1000) : renewDeadlineMs
    try {
      const outcome = await this.#acquireOrRenewTwice({ signal, timeoutMs, maxRetries: 0 })
      if (outcome === 'held') this.#stopLeading('taken')
      else this.#lead(startedAt + renewDeadlineMs)
    } catch (error) {
      // Perhaps it was stored all the same.
      this.#mustRead = true
      if (!signal.aborted) this.#publish({ type: 'problem', error })
    }
  }

  /** A conflict may be the echo of an own request whose answer was lost: one look tells. */
  async #acquireOrRenewTwice(request: RequestSettings): Promise<Outcome> {
    try {
      return await this.#acquireOrRenew(request)
    } catch (error) {
      if (!hasStatus(error, 404, 409)) throw error
    }
    this.#mustRead = true
    return this.#acquireOrRenew(request)
  }

  async #acquireOrRenew(request: RequestSettings): Promise<Outcome> {
    const { client, lease: key, identity } = this.#options
    const known = this.#isLeading && !this.#mustRead ? this.#lease : undefined
    const current = known ?? (await client.find(LEASES, key, request))
    if (current === undefined) {
      this.#observe(await client.create(LEASES, this.#claim(undefined), request))
      return 'mine'
    }
    this.#observe(current)
    const holder = current.spec?.holderIdentity ?? ''
    const isOver = monotonicNow() >= this.#observedAt + this.#durationOf(current)
    if (holder !== '' && holder !== identity && !isOver) return 'held'
    this.#observe(await client.update(LEASES, this.#claim(current), request))
    return 'mine'
  }

  /** Time counts from when we see a record change, whatever times are written in it. */
  #observe(lease: V1Lease): void {
    const before = this.#lease
    this.#lease = lease
    this.#mustRead = false
    if (before !== undefined && isSameRecord(before, lease)) return
    this.#observedAt = monotonicNow()
    const leader = lease.spec?.holderIdentity ?? ''
    if (before === undefined || (before.spec?.holderIdentity ?? '') !== leader)
      this.#publish({ type: 'observed', leader })
  }

  #durationOf(lease: V1Lease): number {
    const { leaseDurationMs } = this.#options
    const seconds = lease.spec?.leaseDurationSeconds ?? 0
    // A holder may have promised more than we would; nonsense is not waited for.
    return seconds > 0 && seconds <= 3600 ? seconds * 1000 : leaseDurationMs
  }

  #claim(current: V1Lease | undefined): V1Lease {
    const { lease: key, identity, leaseDurationMs } = this.#options
    const now = formatMicroTime(Date.now())
    const spec = current?.spec
    const isMine = spec?.holderIdentity === identity
    return {
      ...current,
      metadata: current?.metadata ?? { namespace: key.namespace, name: key.name },
      spec: {
        ...spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: isMine && spec.acquireTime !== undefined ? spec.acquireTime : now,
        renewTime: now,
        leaseTransitions: (spec?.leaseTransitions ?? 0) + (isMine || current === undefined ? 0 : 1)
      }
    }
  }

  #lead(until: number): void {
    // The answer took longer than it is worth.
    if (monotonicNow() >= until) return
    this.#leadUntil = until
    this.#armDeadline()
    if (this.#isLeading) return
    this.#isLeading = true
    this.#publish({ type: 'started' })
  }

  #armDeadline(): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(
      () => void this.#checkDeadline(),
      Math.max(this.#leadUntil - monotonicNow(), 0)
    )
  }

  /** A timer that is late runs before the answers that arrived meanwhile are read, so they get their turn first. */
  async #checkDeadline(): Promise<void> {
    await yieldToEventLoop()
    await yieldToEventLoop()
    if (!this.#isLeading) return
    if (this.isLeader()) this.#armDeadline()
    else this.#stopLeading('deadline')
  }

  #stopLeading(reason: 'deadline' | 'taken' | 'stop'): void {
    clearTimeout(this.#deadline)
    this.#leadUntil = Number.NEGATIVE_INFINITY
    if (!this.#isLeading) return
    this.#isLeading = false
    this.#publish({ type: 'stopped', reason })
  }

  async #release(): Promise<void> {
    try {
      await this.#giveBack()
    } catch (error) {
      // A renewal that was broken off may have arrived all the same, before or after the look.
      if (!hasStatus(error, 409)) {
        this.#publish({ type: 'problem', error })
        return
      }
      this.#mustRead = true
      await this.#giveBack().catch((again: unknown) => this.#publish({ type: 'problem', error: again }))
    }
  }

  async #giveBack(): Promise<void> {
    const { client, lease: key, identity, retryPeriodMs } = this.#options
    const request = { timeoutMs: retryPeriodMs, maxRetries: 0 }
    const lease = this.#mustRead ? await client.find(LEASES, key, request) : this.#lease
    if (lease?.spec?.holderIdentity !== identity) return
    const now = formatMicroTime(Date.now())
    const spec = {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now
    }
    this.#lease = await client.update(LEASES, { ...lease, spec }, request)
  }

  #publish(change: LeadershipChange): void {
    const { lease, identity } = this.#options
    const error = change.type === 'problem' ? change.error : undefined
    publishLeader({ lease, identity, event: change.type, leader: this.leader, error })
    this.#changes.emit(change)
  }
}

interface RequestSettings {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly maxRetries: number
}

function isSameRecord(a: V1Lease, b: V1Lease): boolean {
  const [left, right] = [a.spec, b.spec]
  return (
    left?.holderIdentity === right?.holderIdentity &&
    left?.renewTime === right?.renewTime &&
    left?.acquireTime === right?.acquireTime &&
    left?.leaseTransitions === right?.leaseTransitions
  )
}
