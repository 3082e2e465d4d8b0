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
const APPLY = { fieldManager: 'clarion-speaker', force: true } as const

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
  /** What the Lease says, as far as is known. */
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
    if (node === undefined) return
    const text = isDeleted ? undefined : metadata?.annotations?.[UNPLUGGED_ANNOTATION]
    const lifeMs = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined
    if (node === this.#options.node) {
      // What was given up on while the cable was out may have come through with the cable in, after all that was said since.
      this.#told = lifeMs ?? null
      this.#write()
      return
    }
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
    const request = { signal: this.#stopping.signal, timeoutMs: TIMEOUT_MS, maxRetries: 0 }
    try {
      if (lifeMs === null) {
        const body = { metadata: { annotations: { [UNPLUGGED_ANNOTATION]: null } } }
        await client.patch(LEASES, lease, { type: 'merge', body }, request)
      } else {
        // One request, whether there is a Lease or not: others wait for it.
        const annotations = { [UNPLUGGED_ANNOTATION]: String(lifeMs) }
        const metadata = { ...lease, labels: SPEAKER_LEASE_LABELS, annotations }
        await client.apply(LEASES, { metadata }, { ...request, ...APPLY })
      }
      return true
    } catch (error) {
      return lifeMs === null && hasStatus(error, 404)
    }
  }
}
