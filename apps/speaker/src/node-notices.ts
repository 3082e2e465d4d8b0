import {
  hasStatus,
  Informer,
  type InformerProblem,
  type KubeClient,
  LEASES,
  type V1Lease
} from '@clarion-lb/k8s-watch'
import { nodeOfLease, SPEAKER_LEASE_LABELS, SPEAKER_LEASE_SELECTOR, speakerLease } from './speaker-lease.ts'

/** What a node tells of itself that others cannot see. */
export interface NodeNotice {
  /** The life of its failure detector in which its cable was, or is, out. */
  readonly unpluggedLifeMs: number | undefined
  /** Of the interfaces that it is to announce on by their names, those that nobody is reached by. */
  readonly lostInterfaces: readonly string[]
}

export interface NodeNoticesOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  /** What a node tells has changed; this one, as its Lease has it by now. */
  readonly onChange: (node: string, notice: NodeNotice) => void
  readonly onProblem: (problem: InformerProblem) => void
}

/** What is to be told; without interfaces it is not known yet which are lost, and what was told of them stays. */
type Wanted = Omit<NodeNotice, 'lostInterfaces'> & Partial<NodeNotice>

/** On the Lease of a speaker. */
const UNPLUGGED_ANNOTATION = 'clarion.io/unplugged-life'
const LOST_INTERFACES_ANNOTATION = 'clarion.io/lost-interfaces'
const NOTHING: NodeNotice = { unpluggedLifeMs: undefined, lostInterfaces: [] }
const RETRY_MS = 1000
const TIMEOUT_MS = 1000
const APPLY = { fieldManager: 'clarion-speaker', force: true } as const

/**
 * Whose cable is out may still reach the API server, by another one: by its Lease it tells so, and nobody has to find out.
 * What it told of the cable that others probe it by is of one life of its failure detector; with the cable in again it begins
 * another one.
 */
export class NodeNotices {
  readonly #options: NodeNoticesOptions
  readonly #leases: Informer<V1Lease>
  readonly #notices = new Map<string, NodeNotice>()
  readonly #stopping = new AbortController()
  #wanted: Wanted = { unpluggedLifeMs: undefined }
  /** What the Lease says, as far as is known. */
  #told: NodeNotice = NOTHING
  #writing: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(options: NodeNoticesOptions) {
    this.#options = options
    const { client, namespace } = options
    this.#leases = new Informer({
      client,
      resource: LEASES,
      namespace,
      labelSelector: SPEAKER_LEASE_SELECTOR
    })
  }

  /** Of other nodes, by name; those that tell nothing are left out. */
  get notices(): ReadonlyMap<string, NodeNotice> {
    return this.#notices
  }

  start(signal: AbortSignal): void {
    this.#leases.onChange(({ type, object }) => this.#follow(object, type === 'deleted'))
    this.#leases.onProblem(this.#options.onProblem)
    this.#leases.start(signal)
  }

  /** What is left out stays. */
  tell(news: Partial<NodeNotice>): void {
    this.#wanted = { ...this.#wanted, ...news }
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
    const notice = isDeleted ? NOTHING : noticeOf(metadata?.annotations ?? {})
    if (node === this.#options.node) {
      // What was given up on while the cable was out may have come through with the cable in, after all that was said since.
      this.#setTold(notice)
      this.#write()
      return
    }
    if (isSame(this.#notices.get(node) ?? NOTHING, notice)) return
    if (isSame(notice, NOTHING)) this.#notices.delete(node)
    else this.#notices.set(node, notice)
    this.#options.onChange(node, notice)
  }

  #setTold(notice: NodeNotice): void {
    if (isSame(this.#told, notice)) return
    this.#told = notice
    this.#options.onChange(this.#options.node, notice)
  }

  /** One request at a time; the last word counts. */
  #write(): void {
    clearTimeout(this.#retry)
    const wanted = { ...this.#told, ...this.#wanted }
    if (this.#writing !== undefined || isSame(wanted, this.#told) || this.#stopping.signal.aborted) return
    this.#writing = this.#send(wanted).then((isTold) => {
      this.#writing = undefined
      if (isTold) {
        this.#setTold(wanted)
        this.#write()
      } else this.#retry = setTimeout(() => this.#write(), RETRY_MS)
    })
  }

  /** Whether it arrived. The API server may be out of reach, and others will find out by themselves. */
  async #send(notice: NodeNotice): Promise<boolean> {
    const { client, namespace, node } = this.#options
    const lease = speakerLease(namespace, node)
    const request = { signal: this.#stopping.signal, timeoutMs: TIMEOUT_MS, maxRetries: 0 }
    const isNothing = isSame(notice, NOTHING)
    try {
      if (isNothing) {
        const annotations = { [UNPLUGGED_ANNOTATION]: null, [LOST_INTERFACES_ANNOTATION]: null }
        await client.patch(LEASES, lease, { type: 'merge', body: { metadata: { annotations } } }, request)
      } else {
        // One request, whether there is a Lease or not: others wait for it.
        const metadata = { ...lease, labels: SPEAKER_LEASE_LABELS, annotations: annotationsOf(notice) }
        await client.apply(LEASES, { metadata }, { ...request, ...APPLY })
      }
      return true
    } catch (error) {
      return isNothing && hasStatus(error, 404)
    }
  }
}

/** What is left out is taken away, since the same manager applied it. */
function annotationsOf({ unpluggedLifeMs, lostInterfaces }: NodeNotice): Record<string, string> {
  return {
    ...(unpluggedLifeMs === undefined ? {} : { [UNPLUGGED_ANNOTATION]: String(unpluggedLifeMs) }),
    ...(lostInterfaces.length === 0 ? {} : { [LOST_INTERFACES_ANNOTATION]: lostInterfaces.join() })
  }
}

function noticeOf(annotations: Readonly<Record<string, string>>): NodeNotice {
  const { [UNPLUGGED_ANNOTATION]: life = '', [LOST_INTERFACES_ANNOTATION]: lost = '' } = annotations
  return {
    unpluggedLifeMs: /^\d{1,16}$/.test(life) ? Number(life) : undefined,
    lostInterfaces: lost === '' ? [] : lost.split(',')
  }
}

function isSame(a: NodeNotice, b: NodeNotice): boolean {
  return a.unpluggedLifeMs === b.unpluggedLifeMs && a.lostInterfaces.join() === b.lostInterfaces.join()
}
