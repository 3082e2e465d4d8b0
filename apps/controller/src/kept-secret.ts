import {
  DONE,
  Informer,
  type KubeClient,
  type ObjectKey,
  ReconcileLoop,
  type ReconcileResult,
  SECRETS,
  type V1Secret
} from '@clarion-lb/k8s-watch'

export interface KeptSecretOptions {
  readonly client: KubeClient
  readonly secret: ObjectKey
  /** For people, of what is in it. */
  readonly name: string
  /** Who is said to own what is written, in `managedFields`. */
  readonly fieldManager: string
  /** @param stored the Secret as it is; `undefined`: there is none */
  readonly reconcile: (stored: V1Secret | undefined, signal: AbortSignal) => Promise<ReconcileResult>
  /** It could not be reconciled; it is tried again. */
  readonly onFailure: (error: unknown) => void
  /** It could not be read; it is tried again. @param isKnown whether it was read before */
  readonly onUnread: (error: unknown, isKnown: boolean) => void
}

/** What a Secret is to have. */
export interface SecretContent {
  readonly data: Readonly<Record<string, string>>
  /** Beside its name; the rest of what is there stays. */
  readonly metadata?: Pick<NonNullable<V1Secret['metadata']>, 'labels' | 'annotations'>
}

const RETRY = { minRetryMs: 1000, maxRetryMs: 60_000 } as const

/** One Secret that is watched and kept as it should be, by whoever knows how that is. */
export class KeptSecret {
  readonly #options: KeptSecretOptions
  readonly #informer: Informer<V1Secret>
  readonly #loop: ReconcileLoop
  #running: Promise<void> | undefined

  constructor(options: KeptSecretOptions) {
    this.#options = options
    const { client, secret, name, reconcile, onFailure } = options
    this.#informer = new Informer({
      client,
      resource: SECRETS,
      namespace: secret.namespace,
      fieldSelector: `metadata.name=${secret.name}`,
      maxRetryMs: RETRY.maxRetryMs
    })
    this.#loop = new ReconcileLoop({
      name,
      ...RETRY,
      reconcile: async (_key, signal) =>
        this.#informer.hasSynced ? reconcile(this.#informer.cache.get(secret), signal) : DONE,
      onError: (_key, error) => onFailure(error)
    })
  }

  start(): void {
    this.#informer.onChange(() => this.look())
    this.#informer.onProblem(({ error }) => this.#options.onUnread(error, this.#informer.hasSynced))
    this.#informer.start()
    void this.#informer.waitForSync().then(() => this.look())
    this.#running = this.#loop.run()
  }

  /** Looks at the Secret: something changed, or it may be written now. */
  look(): void {
    this.#loop.enqueue(this.#options.secret)
  }

  /** Another one that writes at the same time makes this fail, and then what that one wrote is looked at. */
  async store(
    stored: V1Secret | undefined,
    { data, metadata }: SecretContent,
    signal: AbortSignal
  ): Promise<V1Secret> {
    const { client, secret, fieldManager } = this.#options
    const options = { fieldManager, signal }
    if (stored === undefined)
      return client.create(SECRETS, { metadata: { ...secret, ...metadata }, type: 'Opaque', data }, options)
    return client.update(SECRETS, { ...stored, metadata: { ...stored.metadata, ...metadata }, data }, options)
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
    await this.#informer.stop()
  }
}
