import { type BGPSessionState, FRR_K8S_GROUP, SessionLabel } from '@clarion-lb/crds'
import {
  DONE,
  hasStatus,
  Informer,
  isSameJson,
  type KubeClient,
  type ObjectKey,
  ReconcileLoop,
  type ReconcileResult,
  type V1Pod
} from '@clarion-lb/k8s-watch'
import { BGP_SESSION_STATES, ownedBy, type Service } from '@clarion-lb/runtime'
import type { PeerState } from './plane/sessions-messages.ts'

export interface SessionStatesOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  /** Owner of the objects. */
  readonly pod: V1Pod | undefined
  /** Of this node, as they are now. */
  readonly states: () => Iterable<PeerState>
  readonly onProblem: (peer: string, error: unknown) => void
  /** How long until it is looked again whether there is such a kind, milliseconds. @defaultValue 10_000 */
  readonly absentRetryMs?: number
}

/** States come and go while a session is made: what lasts shorter is not written. */
const SETTLE_MS = 200
const ABSENT_RETRY_MS = 10_000

/** Keeps one `BGPSessionState` for each peer of this node, named after both, so that it is found and never made twice. */
export class SessionStates implements Service {
  readonly name = 'session states'
  readonly #options: SessionStatesOptions
  readonly #absentRetryMs: number
  readonly #informer: Informer<BGPSessionState>
  readonly #loop: ReconcileLoop
  #running: Promise<void> | undefined

  constructor(options: SessionStatesOptions) {
    this.#options = options
    const { client, namespace, node, onProblem, absentRetryMs = ABSENT_RETRY_MS } = options
    this.#absentRetryMs = absentRetryMs
    this.#informer = new Informer<BGPSessionState>({
      client,
      resource: BGP_SESSION_STATES,
      namespace,
      absentRetryMs,
      labelSelector: `${SessionLabel.node}=${node}`
    })
    this.#loop = new ReconcileLoop({
      name: BGP_SESSION_STATES.plural,
      concurrency: 4,
      reconcile: async (key, signal) => this.#reconcile(key, signal),
      onError: ({ name }, error) => onProblem(name, error)
    })
  }

  start(signal: AbortSignal): void {
    const { namespace } = this.#options
    this.#informer.onChange(({ object }) =>
      this.#loop.enqueue({ namespace, name: object.metadata?.name ?? '' })
    )
    this.#informer.start(signal)
    void this.#informer.waitForSync(signal).then(
      () => {
        this.#running = this.#loop.run()
      },
      () => undefined
    )
  }

  /** The session of a peer may be in another state now, or the peer be gone. */
  touch(peer: string): void {
    this.#loop.enqueueAfter({ namespace: this.#options.namespace, name: this.#nameOf(peer) }, SETTLE_MS)
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
    await this.#informer.stop()
  }

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, namespace } = this.#options
    const state = [...this.#options.states()].find(({ name }) => this.#nameOf(name) === key.name)
    if (this.#informer.isAbsent) {
      // Nobody tells when the kind comes: it brings no objects.
      return state === undefined ? DONE : { type: 'requeueAfter', ms: this.#absentRetryMs }
    }
    const found = this.#informer.cache.get(key)
    if (state === undefined) {
      if (found === undefined) return DONE
      await client
        .delete(BGP_SESSION_STATES, { namespace, name: key.name }, { signal })
        .catch((error: unknown) => {
          if (!hasStatus(error, 404)) throw error
        })
      return DONE
    }
    const status = statusOf(state, this.#options.node)
    if (found !== undefined && isSameJson(found.status, status)) return DONE
    const object = found ?? (await client.create(BGP_SESSION_STATES, this.#build(key, state), { signal }))
    try {
      await client.update(BGP_SESSION_STATES, { ...object, status }, { subresource: 'status', signal })
    } catch (error) {
      // What we know of is not the newest: our own last write may still be on its way to us.
      if (!hasStatus(error, 409)) throw error
      return { type: 'requeueAfter', ms: SETTLE_MS }
    }
    return DONE
  }

  #build({ namespace, name }: ObjectKey, { name: peer, vrf }: PeerState): BGPSessionState {
    const { node, pod } = this.#options
    return {
      apiVersion: `${FRR_K8S_GROUP}/v1beta1`,
      kind: 'BGPSessionState',
      metadata: {
        name,
        namespace,
        labels: { [SessionLabel.node]: node, [SessionLabel.peer]: peer, [SessionLabel.vrf]: vrf },
        ...ownedBy(pod)
      },
      spec: {}
    }
  }

  #nameOf(peer: string): string {
    return `${this.#options.node}-${peer}`
  }
}

function statusOf({ label, vrf, bgp, bfd }: PeerState, node: string): NonNullable<BGPSessionState['status']> {
  return {
    node,
    // Without the port, as frr-k8s writes it.
    peer: label.replace(/^\[?([^\]]*?)\]?:\d+$/, '$1'),
    vrf,
    bgpStatus: capitalized(bgp),
    bfdStatus: bfd === undefined ? 'N/A' : capitalized(bfd)
  }
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
