import type { IPAddressPool } from '@clarion-lb/crds'
import type { PoolUsage } from '@clarion-lb/ipam'
import { hasStatus, type KubeClient, type ObjectView } from '@clarion-lb/k8s-watch'
import { IP_ADDRESS_POOLS } from '@clarion-lb/runtime'

declare global {
  // Of ECMAScript 2027; the library's types do not know it yet.
  interface JSON {
    rawJSON(text: string): unknown
    isRawJSON(value: unknown): boolean
  }
}

export interface PoolStatusOptions {
  readonly client: Pick<KubeClient, 'update'>
  readonly namespace: string
  readonly pools: Pick<ObjectView<IPAddressPool>, 'get'>
  readonly usageOf: (pool: string) => PoolUsage | undefined
  readonly onProblem: (pool: string, error: unknown) => void
}

/** A pool's counters are written no more often than this; whoever needs them faster reads the metrics. */
const INTERVAL_MS = 1000
const MAX_INT64 = 2n ** 63n - 1n

/** Writes how much of each pool is in use, when it differs from what is there. */
export class PoolStatus {
  readonly #options: PoolStatusOptions
  readonly #dirty = new Set<string>()
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  constructor(options: PoolStatusOptions) {
    this.#options = options
  }

  /** The pool's usage may be another now. */
  touch(pool: string): void {
    this.#dirty.add(pool)
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#writing
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#stopping.signal.aborted || this.#dirty.size === 0) return
    // The first writes of a burst wait, too: a counter that is old at once helps nobody.
    this.#timer = setTimeout(() => {
      this.#writing = this.#writeAll().finally(() => {
        this.#timer = undefined
        this.#schedule()
      })
    }, INTERVAL_MS)
  }

  async #writeAll(): Promise<void> {
    for (const pool of [...this.#dirty]) {
      if (this.#stopping.signal.aborted) return
      this.#dirty.delete(pool)
      try {
        await this.#write(pool)
      } catch (error) {
        if (this.#stopping.signal.aborted || hasStatus(error, 404)) continue
        // Somebody else changed the pool; the next round sees that.
        this.#dirty.add(pool)
        if (!hasStatus(error, 409)) this.#options.onProblem(pool, error)
      }
    }
  }

  async #write(name: string): Promise<void> {
    const { client, namespace, pools, usageOf } = this.#options
    const usage = usageOf(name)
    const current = pools.get({ namespace, name })
    if (usage === undefined || current === undefined || isSame(current, usage)) return
    const { ipv4, ipv6 } = usage
    // Numbers beyond 2^53 are written out, since JSON.stringify would round them up past what int64 holds.
    const status = {
      assignedIPv4: int64(ipv4.assigned),
      assignedIPv6: int64(ipv6.assigned),
      availableIPv4: int64(ipv4.available),
      availableIPv6: int64(ipv6.available)
    }
    const { signal } = this.#stopping
    await client.update(IP_ADDRESS_POOLS, { ...current, status }, { subresource: 'status', signal })
  }
}

function isSame({ status }: IPAddressPool, { ipv4, ipv6 }: PoolUsage): boolean {
  return (
    status !== undefined &&
    status.assignedIPv4 === saturated(ipv4.assigned) &&
    status.assignedIPv6 === saturated(ipv6.assigned) &&
    status.availableIPv4 === saturated(ipv4.available) &&
    status.availableIPv6 === saturated(ipv6.available)
  )
}

function saturated(value: bigint): number {
  return Number(value < MAX_INT64 ? value : MAX_INT64)
}

/** A number that JSON.stringify writes digit by digit. */
function int64(value: bigint): number {
  const bounded = value < MAX_INT64 ? value : MAX_INT64
  const raw: unknown = JSON.rawJSON(bounded.toString())
  return isNumberInJson(raw) ? raw : Number(bounded)
}

/** What JSON.rawJSON gives is a number to whoever reads the JSON. */
function isNumberInJson(value: unknown): value is number {
  return JSON.isRawJSON(value)
}
