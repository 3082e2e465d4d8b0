import {
  Backoff,
  CUSTOM_RESOURCE_DEFINITIONS,
  DONE,
  Informer,
  type KubeClient,
  type KubeObject,
  type ObjectKey,
  ReconcileLoop,
  type ReconcileResult,
  type ResourceRef,
  VALIDATING_WEBHOOK_CONFIGURATIONS
} from '@clarion-lb/k8s-watch'
import { conversionPatch, type InjectedBundle, webhooksPatch } from './ca-bundle.ts'
import { FIELD_MANAGER } from './field-manager.ts'

export interface CaInjectorOptions {
  readonly client: KubeClient
  readonly service: InjectedBundle['service']
  /** Only then anything is written. */
  readonly mayWrite: () => boolean
  /** An object has the bundle now. `times`: how often it was put back in a row, since others replace it. */
  readonly onInjected: (object: string, times: number) => void
  readonly onProblem: (object: string, error: unknown) => void
  /** Shortest and longest time between two writes to one object with the same bundle, milliseconds. @defaultValue 1000 and 5 minutes */
  readonly minPauseMs?: number
  readonly maxPauseMs?: number
}

/** An object that has our bundle in it. */
interface Target {
  readonly key: ObjectKey
  readonly resource: ResourceRef
  /** Begins to follow the object. */
  readonly start: () => void
  readonly stop: () => Promise<void>
  /** What to apply; `undefined`: nothing. */
  readonly patchOf: (bundle: InjectedBundle) => object | undefined
  readonly backoff: Backoff
  bundle: string
  writtenAtMs: number
  notBeforeMs: number
}

/** Someone who replaces the bundle less often than this is not in a fight with us. */
const CALM_MS = 600_000
const BARRED_RETRY_MS = 60_000
const RETRY = { minRetryMs: 1000, maxRetryMs: 60_000 } as const

/**
 * Writes the authority to be believed into the configuration of the webhooks and of the conversion: this field alone,
 * only if it differs, and ever more slowly if somebody else replaces it.
 */
export class CaInjector {
  readonly #options: CaInjectorOptions
  readonly #targets: ReadonlyMap<string, Target>
  readonly #loop: ReconcileLoop
  #caBundle: string | undefined
  #running: Promise<void> | undefined

  constructor(options: CaInjectorOptions) {
    this.#options = options
    const targets = [
      this.#target(VALIDATING_WEBHOOK_CONFIGURATIONS, 'metallb-webhook-configuration', webhooksPatch),
      this.#target(CUSTOM_RESOURCE_DEFINITIONS, 'bgppeers.metallb.io', conversionPatch)
    ]
    this.#targets = new Map(targets.map((target) => [target.key.name, target]))
    this.#loop = new ReconcileLoop({
      name: 'webhook authority',
      ...RETRY,
      reconcile: ({ name }, signal) => this.#reconcile(name, signal),
      onError: ({ name }, error) => options.onProblem(name, error)
    })
  }

  start(): void {
    for (const { start } of this.#targets.values()) start()
    this.#running = this.#loop.run()
  }

  /** From now on this is to be believed; PEM in base64. */
  use(caBundle: string): void {
    this.#caBundle = caBundle
    this.look()
  }

  /** Looks at the objects: something changed, or they may be written now. */
  look(): void {
    for (const { key } of this.#targets.values()) this.#loop.enqueue(key)
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#running
    await Promise.all([...this.#targets.values()].map(({ stop }) => stop()))
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, service, mayWrite, onInjected } = this.#options
    const target = this.#targets.get(name)
    const caBundle = this.#caBundle
    if (target === undefined || caBundle === undefined) return DONE
    const patch = target.patchOf({ service, caBundle })
    if (patch === undefined) return DONE
    // Whoever begins to lead looks again; who only renewed late does not begin.
    if (!mayWrite()) return { type: 'requeueAfter', ms: BARRED_RETRY_MS }
    const nowMs = performance.now()
    if (target.bundle !== caBundle || nowMs - target.writtenAtMs > CALM_MS) target.backoff.reset()
    else if (nowMs < target.notBeforeMs) return { type: 'requeueAfter', ms: target.notBeforeMs - nowMs }
    target.bundle = caBundle
    target.writtenAtMs = nowMs
    target.notBeforeMs = nowMs + target.backoff.next()
    const { resource } = target
    // The field is ours, whoever wrote it before; no other field is in there.
    const options = { fieldManager: FIELD_MANAGER, force: true, signal }
    await client.apply(resource, { metadata: { name }, ...patch }, options)
    onInjected(`${resource.kind} ${name}`, target.backoff.attempt - 1)
    return DONE
  }

  #target<T extends KubeObject>(
    resource: ResourceRef<T>,
    name: string,
    patch: (object: T, bundle: InjectedBundle) => object | undefined
  ): Target {
    const { client, onProblem, minPauseMs = 1000, maxPauseMs = 300_000 } = this.#options
    const key = { namespace: '', name }
    const fieldSelector = `metadata.name=${name}`
    const informer = new Informer<T>({ client, resource, fieldSelector, maxRetryMs: RETRY.maxRetryMs })
    return {
      key,
      resource,
      start: () => {
        informer.onChange(() => this.#loop.enqueue(key))
        informer.onProblem(({ error }) => onProblem(name, error))
        informer.start()
      },
      stop: () => informer.stop(),
      patchOf: (bundle) => {
        const object = informer.cache.get(key)
        return object && patch(object, bundle)
      },
      backoff: new Backoff({ minMs: minPauseMs, maxMs: maxPauseMs, jitter: 0 }),
      bundle: '',
      writtenAtMs: 0,
      notBeforeMs: 0
    }
  }
}
