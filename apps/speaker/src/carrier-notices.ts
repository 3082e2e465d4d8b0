import {
  hasStatus,
  Informer,
  type InformerProblem,
  type KubeClient,
  LEASES,
  type V1Lease
} from '@clarion-lb/k8s-watch'
import { nodeOfLease, SPEAKER_LEASE_LABELS, SPEAKER_LEASE_SELECTOR, speakerLease } from './speaker-lease.ts'

export interface CarrierNoticesOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  /** What another node tells has changed. */
  readonly onChange: (node: string, isUnplugged: boolean) => void
  readonly onProblem: (problem: InformerProblem) => void
}

/** On the Lease of a speaker: the life of its failure detector in which its cable was out. */
const UNPLUGGED_ANNOTATION = 'clarion.io/unplugged-life'
const RETRY_MS = 1000
const TIMEOUT_MS = 1000

/**
 * Whose cable is out may still reach the API server, by another one: by its Lease it tells so, and nobody has to find out.
 * What it told is of one life of its failure detector; with the cable in again it begins another one.
 */
export class CarrierNotices {
  readonly #options: CarrierNoticesOptions
  readonly #leases: Informer<V1Lease>
  readonly #lives = new Map<string, number>()
  readonly #stopping = new AbortController()
  /** To be told; `null`: the cable is in. */
  #wanted: number | null = null
  #told: number | null = null
  #writing: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(options: CarrierNoticesOptions) {
    this.#options = options
    const { client, namespace } = options
    this.#leases = new Informer({
      client,
      resource: LEASES,
      namespace,
      labelSelector: SPEAKER_LEASE_SELECTOR
    })
  }

  /** By name of the node: in which life its cable was, or is, out. */
  get lives(): ReadonlyMap<string, number> {
    return this.#lives
  }

  start(signal: AbortSignal): void {
    this.#leases.onChange(({ type, object }) => this.#follow(object, type === 'deleted'))
    this.#leases.onProblem(this.#options.onProblem)
    this.#leases.start(signal)
  }

  /** @param lifeMs `undefined`: the cable is in */
  tell(lifeMs: number | undefined): void {
    this.#wanted = lifeMs ?? null
    this.#write()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#leases.stop()
    await this.#writing
    clearTimeout(this.#retry)
  }

  #follow({ metadata }: V1Lease, isDeleted: boolean): void {
    const node = nodeOfLease(metadata?.name ?? '')
    if (node === undefined || node === this.#options.node) return
    const text = isDeleted ? undefined : metadata?.annotations?.[UNPLUGGED_ANNOTATION]
    const lifeMs = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined
    if (this.#lives.get(node) === lifeMs) return
    if (lifeMs === undefined) this.#lives.delete(node)
    else this.#lives.set(node, lifeMs)
    this.#options.onChange(node, lifeMs !== undefined)
  }

  /** One request at a time; the last word counts. */
  #write(): void {
    clearTimeout(this.#retry)
    if (this.#writing !== undefined || this.#wanted === this.#told || this.#stopping.signal.aborted) return
    const wanted = this.#wanted
    this.#writing = this.#send(wanted).then((isTold) => {
      this.#writing = undefined
      if (isTold) {
        this.#told = wanted
        this.#write()
      } else this.#retry = setTimeout(() => this.#write(), RETRY_MS)
    })
  }

  /** Whether it arrived. The API server may be out of reach, and others will find out by themselves. */
  async #send(lifeMs: number | null): Promise<boolean> {
    const { client, namespace, node } = this.#options
    const lease = speakerLease(namespace, node)
    const annotations = { [UNPLUGGED_ANNOTATION]: lifeMs === null ? null : String(lifeMs) }
    const request = { signal: this.#stopping.signal, timeoutMs: TIMEOUT_MS, maxRetries: 0 }
    try {
      const body = { metadata: { labels: SPEAKER_LEASE_LABELS, annotations } }
      await client.patch(LEASES, lease, { type: 'merge', body }, request)
      return true
    } catch (error) {
      if (!hasStatus(error, 404)) return false
    }
    if (lifeMs === null) return true
    try {
      const metadata = {
        ...lease,
        labels: SPEAKER_LEASE_LABELS,
        annotations: { [UNPLUGGED_ANNOTATION]: String(lifeMs) }
      }
      await client.create(LEASES, { metadata, spec: {} }, request)
      return true
    } catch {
      return false
    }
  }
}
