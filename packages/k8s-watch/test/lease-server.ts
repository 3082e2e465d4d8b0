import { KubeApiError, KubeTransportError } from '../src/errors.ts'
import { type KubeClient } from '../src/kube-client.ts'
import { type RequestOptions } from '../src/kube-request.ts'
import { isKubeObject, type KubeObject } from '../src/object.ts'
import { sleep } from '../src/sleep.ts'
import { type V1Lease } from '../src/types.ts'

/** What becomes of one request. */
export interface Fate {
  /** Milliseconds until it reaches the server, and from there back. */
  readonly thereMs: number
  readonly backMs: number
  readonly outcome: 'answered' | 'lost on the way' | 'answer lost' | 'refused'
}

export const GOOD: Fate = { thereMs: 1, backMs: 1, outcome: 'answered' }

/** One Lease with optimistic locking, behind a network that does what the test says. */
export class LeaseServer {
  lease: V1Lease | undefined
  requests = 0
  /** Chosen for each request of a client. */
  fateOf: (client: string) => Fate = () => GOOD
  #version = 0

  /** A client's view of the server; `name` is for {@link fateOf}. */
  client(name: string): Pick<KubeClient, 'find' | 'create' | 'update'> {
    return {
      find: async <T extends KubeObject>(_resource: unknown, _key: unknown, options?: RequestOptions) =>
        this.#carry(name, options, () => {
          const { lease } = this
          return isKubeObject<T>(lease) ? lease : undefined
        }),
      create: async (_resource, lease, options?: RequestOptions) =>
        this.#carry(name, options, () => {
          if (this.lease !== undefined) throw apiError(409)
          return this.#store(lease)
        }),
      update: async (_resource, lease, options?: RequestOptions) =>
        this.#carry(name, options, () => {
          if (this.lease === undefined) throw apiError(404)
          if (this.lease.metadata?.resourceVersion !== lease.metadata?.resourceVersion) throw apiError(409)
          return this.#store(lease)
        })
    }
  }

  get holder(): string {
    return this.lease?.spec?.holderIdentity ?? ''
  }

  async #carry<R>(name: string, options: RequestOptions | undefined, act: () => R): Promise<R> {
    this.requests += 1
    const { thereMs, backMs, outcome } = this.fateOf(name)
    const { signal, timeoutMs = 30_000 } = options ?? {}
    const startedAt = performance.now()
    await travel(Math.min(thereMs, timeoutMs), signal)
    if (outcome === 'refused') throw apiError(500)
    if (thereMs >= timeoutMs) throw lost('timeout')
    // What is on its way arrives, whether or not anybody still waits for it.
    const answer = outcome === 'lost on the way' ? undefined : act()
    const leftMs = timeoutMs - (performance.now() - startedAt)
    const isLost = answer === undefined ? outcome !== 'answered' : outcome === 'answer lost'
    await travel(isLost ? leftMs : Math.min(backMs, leftMs), signal)
    if (isLost || backMs >= leftMs) throw lost('timeout')
    // `undefined` is what find gives when there is nothing.
    return answer ?? act()
  }

  #store<T extends KubeObject>(object: T): T {
    this.#version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
    if (!isLease(stored)) throw new TypeError('not a Lease')
    this.lease = stored
    return stored
  }
}

async function travel(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, signal)
  if (signal?.aborted === true) throw lost('aborted')
}

function isLease(value: unknown): value is V1Lease {
  return isKubeObject<V1Lease>(value) && 'spec' in value
}

function lost(reason: 'timeout' | 'aborted'): KubeTransportError {
  return new KubeTransportError(reason, 'leases', 'lost')
}

function apiError(status: number): KubeApiError {
  return new KubeApiError({ status, reason: 'Scripted', serverMessage: '', subject: 'leases' })
}
