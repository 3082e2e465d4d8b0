import {
  DONE,
  type KubeClient,
  type ObjectKey,
  type ReconcileResult,
  type V1Secret
} from '@clarion-lb/k8s-watch'
import { KeptSecret } from '../kept-secret.ts'
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
const BARRED_RETRY_MS = 60_000

/**
 * Keeps the keys of the speakers' liveness in a Secret: makes the first one, mends what is broken, and rotates when an
 * annotation asks for it, while it may write. How far a rotation is, is in the Secret: whoever writes next goes on.
 */
export class KeyKeeper {
  readonly #options: Required<KeyKeeperOptions>
  readonly #secret: KeptSecret
  #remembered: LivenessKeys | undefined

  constructor(options: KeyKeeperOptions) {
    this.#options = { now: Date.now, stepMs: STEP_MS, ...options }
    const { client, secret, onProblem } = options
    this.#secret = new KeptSecret({
      client,
      secret,
      name: 'liveness keys',
      fieldManager: FIELD_MANAGER,
      reconcile: async (stored, signal) => this.#reconcile(stored, signal),
      onFailure: onProblem,
      onUnread: onProblem
    })
  }

  start(): void {
    this.#secret.start()
  }

  /** Looks at the Secret: something changed, or it may be written now. */
  look(): void {
    this.#secret.look()
  }

  async stop(): Promise<void> {
    await this.#secret.stop()
  }

  async #reconcile(stored: V1Secret | undefined, signal: AbortSignal): Promise<ReconcileResult> {
    const { mayWrite, now, stepMs, onChange } = this.#options
    const keys = readKeys(stored?.data)
    if (keys.current !== undefined) this.#remembered = { ...keys, current: keys.current }
    // Whoever begins to lead looks again; who only renewed late does not begin.
    if (!mayWrite()) return { type: 'requeueAfter', ms: BARRED_RETRY_MS }
    const annotations = stored?.metadata?.annotations ?? {}
    const context = { nowMs: now(), stepMs, remembered: this.#remembered }
    const { write, dueMs } = planKeys({ data: stored?.data, annotations }, context)
    if (write !== undefined) onChange(write.change, await this.#store(stored, write, signal))
    return dueMs === undefined ? DONE : { type: 'requeueAfter', ms: dueMs }
  }

  async #store(
    stored: V1Secret | undefined,
    { keys, notes }: NonNullable<KeyPlan['write']>,
    signal: AbortSignal
  ): Promise<V1Secret> {
    const annotations = withNotes(stored?.metadata?.annotations ?? {}, notes)
    const labels = stored === undefined ? { labels: this.#options.labels } : {}
    const { current: _current, next: _next, previous: _previous, ...others } = stored?.data ?? {}
    const data = { ...others, ...formatKeys(keys) }
    return this.#secret.store(stored, { data, metadata: { annotations, ...labels } }, signal)
  }
}
