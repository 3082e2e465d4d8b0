import { Informer, type KubeClient, type ObjectChange, SERVICES, type V1Service } from '@clarion-lb/k8s-watch'

const TIMEOUT_MS = 300_000

/** Sees Services get their addresses. */
export class AddressWatch {
  readonly #informer: Informer<V1Service>
  readonly #assigned = new Set<string>()
  readonly #waiters = new Set<() => void>()

  constructor(client: KubeClient) {
    this.#informer = new Informer({ client, resource: SERVICES })
  }

  /** Services that have one now. */
  get count(): number {
    return this.#assigned.size
  }

  async start(): Promise<void> {
    this.#informer.onChange((change) => this.#note(change))
    this.#informer.start()
    await this.#informer.waitForSync()
  }

  async stop(): Promise<void> {
    await this.#informer.stop()
  }

  /** Until there is a Service of that name in the default namespace, with an address or without. */
  waitForService(name: string): Promise<void> {
    return this.#until(() => this.#informer.cache.has({ namespace: 'default', name }))
  }

  waitForAddress(name: string): Promise<void> {
    return this.#until(() => this.#assigned.has(name))
  }

  /** Until exactly so many Services have one. */
  waitForCount(count: number): Promise<void> {
    return this.#until(() => this.#assigned.size === count)
  }

  waitForAddresses(count: number): Promise<void> {
    return this.#until(() => this.#assigned.size >= count)
  }

  #note({ type, object }: ObjectChange<V1Service>): void {
    const name = object.metadata?.name ?? ''
    const hasAddress = type !== 'deleted' && (object.status?.loadBalancer?.ingress ?? []).length > 0
    if (hasAddress) this.#assigned.add(name)
    else this.#assigned.delete(name)
    for (const look of this.#waiters) look()
  }

  async #until(isDone: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error('addresses did not come in time')), TIMEOUT_MS)
    const look = (): void => {
      if (isDone()) resolve()
    }
    this.#waiters.add(look)
    look()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiters.delete(look)
    }
  }
}
