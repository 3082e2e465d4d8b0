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
import {
  formatKeys,
  type KeyChange,
  type KeyPlan,
  type LivenessKeys,
  planKeys,
  readKeys,
  withNotes
} from './stored-keys.ts'

export interface KeyKeeperOptions {
  readonly client: KubeClient
  readonly secret: ObjectKey
  /** Of a Secret that is created. */
  readonly labels: Readonly<Record<string, string>>
  /** Only then anything is written. */
  readonly mayWrite: () => boolean
  /** The Secret was written. */
  readonly onChange: (change: KeyChange, secret: V1Secret) => void
  /** It could not be read or written; it is tried again. */
  readonly onProblem: (error: unknown) => void
  /** Milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number
  /** How long each of the two steps of a rotation lasts, milliseconds. @defaultValue 60_000 */
  readonly stepMs?: number
}

const FIELD_MANAGER = 'clarion-liveness'
const STEP_MS = 60_000
const RETRY = { minRetryMs: 1000, maxRetryMs: 60_000 } as const

/**
 * Keeps the keys of the speakers' liveness in a Secret: makes the first one, mends what is broken, and rotates when an
 * annotation asks for it, while it may write. How far a rotation is, is in the Secret: whoever writes next goes on.
 */
export class KeyKeeper {
  readonly #options: Required<KeyKeeperOptions>
  readonly #informer: Informer<V1Secret>
  readonly #loop: ReconcileLoop
  #running: Promise<void> | undefined
  #remembered: LivenessKeys | undefined

  constructor(options: KeyKeeperOptions) {
    this.#options = { now: Date.now, stepMs: STEP_MS, ...options }
    const { client, secret, onProblem } = options
    this.#informer = new Informer({
      client,
      resource: SECRETS,
      namespace: secret.namespace,
      fieldSelector: `metadata.name=${secret.name}`,
      maxRetryMs: RETRY.maxRetryMs
    })
    this.#loop = new ReconcileLoop({
      name: 'liveness keys',
      ...RETRY,
      reconcile: (_key, signal) => this.#reconcile(signal),
      onError: (_key, error) => onProblem(error)
    })
  }

  start(): void {
    this.#informer.onChange(() => this.look())
    this.#informer.onProblem(({ error }) => this.#options.onProblem(error))
    this.#informer.start()
    void this.#informer.waitForSync().then(() => this.look())
    this.#running = this.#loop.run()
  }

  /** Looks at the Secret: something changed, or it may be written now. */
  look(): void {
    this.#loop.enqueue(this.#options.secret)
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
    await this.#informer.stop()
  }

  async #reconcile(signal: AbortSignal): Promise<ReconcileResult> {
    const { secret, mayWrite, now, stepMs, onChange } = this.#options
    if (!this.#informer.hasSynced) return DONE
    const stored = this.#informer.cache.get(secret)
    const keys = readKeys(stored?.data)
    if (keys.current !== undefined) this.#remembered = { ...keys, current: keys.current }
    // Whoever begins to lead looks again.
    if (!mayWrite()) return DONE
    const annotations = stored?.metadata?.annotations ?? {}
    const context = { nowMs: now(), stepMs, remembered: this.#remembered }
    const { write, dueMs } = planKeys({ data: stored?.data, annotations }, context)
    if (write !== undefined) onChange(write.change, await this.#store(stored, write, signal))
    return dueMs === undefined ? DONE : { type: 'requeueAfter', ms: dueMs }
  }

  /** Another one that writes at the same time makes this fail, and then what that one wrote is looked at. */
  async #store(
    stored: V1Secret | undefined,
    { keys, notes }: NonNullable<KeyPlan['write']>,
    signal: AbortSignal
  ): Promise<V1Secret> {
    const { client, secret, labels } = this.#options
    const options = { fieldManager: FIELD_MANAGER, signal }
    const annotations = withNotes(stored?.metadata?.annotations ?? {}, notes)
    if (stored === undefined) {
      const metadata = { ...secret, labels, annotations }
      return client.create(SECRETS, { metadata, type: 'Opaque', data: formatKeys(keys) }, options)
    }
    const { current: _current, next: _next, previous: _previous, ...others } = stored.data ?? {}
    const data = { ...others, ...formatKeys(keys) }
    return client.update(SECRETS, { ...stored, metadata: { ...stored.metadata, annotations }, data }, options)
  }
}
