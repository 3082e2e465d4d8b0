import type { LabApi } from '../api.ts'

/** How often a node says that it is there. The kubelet's is 10 s; a demo has no time for that. */
const PERIOD_MS = 500
export const NODE_LEASE_NAMESPACE = 'kube-node-lease'

/** Renews the node's Lease, as the kubelet does. A renewal that fails is not made up for: the next one is due soon. */
export class Heartbeat {
  readonly #api: Pick<LabApi, 'apply'>
  readonly #nodeName: string

  constructor(options: { readonly api: Pick<LabApi, 'apply'>; readonly nodeName: string }) {
    this.#api = options.api
    this.#nodeName = options.nodeName
  }

  /** Resolves after the first renewal; goes on until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#renew()
    if (signal.aborted) return
    let isRenewing = false
    const timer = setInterval(() => {
      if (isRenewing) return
      isRenewing = true
      void this.#renew()
        .catch(() => undefined)
        .finally(() => {
          isRenewing = false
        })
    }, PERIOD_MS)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  async #renew(): Promise<void> {
    await this.#api.apply({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#nodeName, namespace: NODE_LEASE_NAMESPACE },
      spec: { holderIdentity: this.#nodeName, leaseDurationSeconds: 2, renewTime: microTime() }
    })
  }
}

/** Kubernetes MicroTime: RFC 3339 with six decimals. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
