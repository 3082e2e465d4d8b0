import type { LabApi } from '../api.ts'
import { NODE_LEASE_NAMESPACE } from '../node-agent/heartbeat.ts'
import {
  buildEndpointSlices,
  type EndpointSliceManifest,
  type PodLike,
  type ServiceLike
} from './endpoint-slices.ts'
import { HeartbeatLedger } from './node-lifecycle.ts'

const NODE_GRACE_MS = 2000
const CHECK_PERIOD_MS = 250

interface LeaseLike {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly spec?: { readonly renewTime?: string }
}

/**
 * Stands in for kube-controller-manager: pods of a node that is not heard of are not ready, and Services have the
 * EndpointSlices that their selectors ask for.
 */
export class ControlStandIn {
  readonly #api: Pick<LabApi, 'watch' | 'apply' | 'delete'>
  readonly #ledger = new HeartbeatLedger({ graceMs: NODE_GRACE_MS })
  readonly #written = new Map<string, string>()
  #services: readonly ServiceLike[] = []
  #pods: readonly PodLike[] = []
  #reconciling = Promise.resolve()
  #isDue = false

  constructor(options: { readonly api: Pick<LabApi, 'watch' | 'apply' | 'delete'> }) {
    this.#api = options.api
  }

  /** Resolves when it knows what there is; goes on until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#api.watch<ServiceLike>('services', signal, (services) => {
        this.#services = services
        this.#enqueue()
      }),
      this.#api.watch<PodLike>('pods', signal, (pods) => {
        this.#pods = pods
        this.#enqueue()
      }),
      this.#api.watch<LeaseLike>('leases', signal, (leases) => {
        for (const { metadata, spec } of leases) {
          if (metadata?.namespace !== NODE_LEASE_NAMESPACE || spec?.renewTime === undefined) continue
          this.#ledger.hear(metadata.name ?? '', spec.renewTime, performance.now())
        }
      })
    ])
    if (signal.aborted) return
    const timer = setInterval(() => this.#enqueue(), CHECK_PERIOD_MS)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    this.#enqueue()
  }

  /** Writes one after the other; what changes meanwhile is seen by the next round. */
  #enqueue(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#reconciling = this.#reconciling.then(async () => {
      this.#isDue = false
      const wanted = this.#wantedSlices()
      for (const slice of wanted) await this.#write(slice)
      await this.#deleteAllBut(new Set(wanted.map(keyOf)))
    })
    // A write that failed is tried again by the next round: it is not noted as written.
    this.#reconciling = this.#reconciling.catch(() => undefined)
  }

  #wantedSlices(): EndpointSliceManifest[] {
    const nowMs = performance.now()
    const pods = this.#pods.map((pod) => ({
      ...pod,
      status: {
        ...pod.status,
        conditions: [
          { type: 'Ready', status: this.#ledger.isReady(pod.spec?.nodeName ?? '', nowMs) ? 'True' : 'False' }
        ]
      }
    }))
    return this.#services.flatMap((service) => buildEndpointSlices(service, pods))
  }

  async #write(slice: EndpointSliceManifest): Promise<void> {
    const key = keyOf(slice)
    const text = JSON.stringify(slice)
    if (this.#written.get(key) === text) return
    // A write that fails may have been carried out all the same.
    this.#written.delete(key)
    await this.#api.apply(slice)
    this.#written.set(key, text)
  }

  async #deleteAllBut(wanted: ReadonlySet<string>): Promise<void> {
    for (const key of this.#written.keys()) {
      if (wanted.has(key)) continue
      const [namespace = '', name = ''] = key.split('/')
      await this.#api.delete('endpointslices', namespace, name)
      this.#written.delete(key)
    }
  }
}

function keyOf(slice: EndpointSliceManifest): string {
  return `${slice.metadata.namespace}/${slice.metadata.name}`
}
