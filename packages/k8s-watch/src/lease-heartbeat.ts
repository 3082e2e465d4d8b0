import { hasStatus } from './errors.ts'
import { InterruptibleWait } from './interruptible-wait.ts'
import type { KubeClient } from './kube-client.ts'
import { linkedAbort } from './linked-abort.ts'
import { formatMicroTime } from './micro-time.ts'
import type { ObjectKey } from './object.ts'
import { recoveryOf } from './recovery.ts'
import { LEASES } from './resource.ts'
import { monotonicNow } from './sleep.ts'
import type { V1ObjectMeta } from './types.ts'

export interface LeaseHeartbeatOptions {
  readonly client: Pick<KubeClient, 'patch' | 'create'>
  /** Our own Lease: nobody else writes it. */
  readonly lease: ObjectKey
  /** @defaultValue the Lease's name */
  readonly identity?: string
  /** By which observers find it. */
  readonly labels?: Readonly<Record<string, string>>
  /** E.g. our Node, so that the Lease goes with it. */
  readonly ownerReferences?: NonNullable<V1ObjectMeta['ownerReferences']>
  /** How long observers wait for the next renewal, milliseconds; whole seconds. @defaultValue 10_000 */
  readonly durationMs?: number
  /** @defaultValue a quarter of `durationMs` */
  readonly intervalMs?: number
  /** Says at the end that we are gone, so that observers need not wait. @defaultValue true */
  readonly releaseOnStop?: boolean
  /** A renewal failed; the next one is tried soon. */
  readonly onProblem?: (error: unknown) => void
}

/** Renews a Lease of our own again and again: a sign of life for {@link LeaseObserver}. */
export class LeaseHeartbeat {
  readonly #options: LeaseHeartbeatOptions
  readonly #durationMs: number
  readonly #intervalMs: number
  readonly #stopping = new AbortController()
  readonly #pause = new InterruptibleWait()
  /** Of the attempt that is under way. */
  #attempt: AbortController | undefined
  /** The last attempt failed. */
  #isFailing = false
  #renewedAt: number | undefined
  #running: Promise<void> | undefined

  constructor(options: LeaseHeartbeatOptions) {
    this.#options = options
    this.#durationMs = options.durationMs ?? 10_000
    this.#intervalMs = options.intervalMs ?? this.#durationMs / 4
  }

  /** When the last successful renewal was begun, monotonic milliseconds. */
  get renewedAt(): number | undefined {
    return this.#renewedAt
  }

  /** Begins, until `signal` aborts or {@link stop}. */
  start(signal?: AbortSignal): void {
    if (this.#running !== undefined) return
    const onAbort = (): void => this.#stopping.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) this.#stopping.abort()
    this.#running = this.#run().finally(() => signal?.removeEventListener('abort', onAbort))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /**
   * If renewals have been failing, tries again at once, e.g. because a cable is in again: an attempt that is under way
   * from before might wait in vain. When an informer of the client reaches the server, the pause between two attempts ends by
   * itself, and the other way round.
   */
  retryNow(): void {
    if (!this.#isFailing) return
    this.#attempt?.abort()
    this.#pause.interrupt()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const recovery = recoveryOf(this.#options.client)
    const unfollow = recovery.subscribe(() => {
      if (this.#isFailing) this.#pause.interrupt()
    })
    // An attempt that was broken off may have arrived all the same.
    const mayHold = !signal.aborted
    while (!signal.aborted) {
      const startedAt = monotonicNow()
      const outcome = await this.#attemptRenewal(signal)
      if (outcome === 'interrupted') continue
      const isBack = this.#isFailing && outcome === 'renewed'
      this.#isFailing = outcome === 'failed'
      if (outcome === 'renewed') this.#renewedAt = startedAt
      if (isBack) recovery.note()
      // From start to start, so that slow answers do not stretch the interval.
      const pauseMs =
        outcome === 'renewed'
          ? this.#intervalMs - (monotonicNow() - startedAt)
          : Math.min(this.#intervalMs, 1000)
      await this.#pause.wait(Math.max(pauseMs, 0), signal)
    }
    unfollow()
    if (mayHold && this.#options.releaseOnStop !== false) await this.#renew('', undefined)
  }

  async #attemptRenewal(signal: AbortSignal): Promise<'renewed' | 'failed' | 'interrupted'> {
    const { controller, unlink } = linkedAbort(signal)
    this.#attempt = controller
    const { identity, lease } = this.#options
    const isRenewed = await this.#renew(identity ?? lease.name, controller.signal)
    this.#attempt = undefined
    unlink()
    if (isRenewed) return 'renewed'
    return controller.signal.aborted && !signal.aborted ? 'interrupted' : 'failed'
  }

  async #renew(holderIdentity: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { client, lease, labels, ownerReferences, onProblem } = this.#options
    const body = {
      metadata: {
        ...(labels === undefined ? {} : { labels }),
        ...(ownerReferences === undefined ? {} : { ownerReferences })
      },
      spec: {
        holderIdentity,
        leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
        renewTime: formatMicroTime(Date.now())
      }
    }
    const request = { signal, timeoutMs: Math.max(this.#intervalMs, 1000), maxRetries: 0 }
    try {
      await client.patch(LEASES, lease, { type: 'merge', body }, request)
      return true
    } catch (error) {
      const isMissing = hasStatus(error, 404)
      // Nothing is left to release.
      if (isMissing && holderIdentity === '') return true
      if (!isMissing) {
        if (signal?.aborted !== true) onProblem?.(error)
        return false
      }
    }
    try {
      await client.create(LEASES, { ...body, metadata: { ...body.metadata, ...lease } }, request)
      return true
    } catch (error) {
      if (signal?.aborted !== true) onProblem?.(error)
      return false
    }
  }
}
