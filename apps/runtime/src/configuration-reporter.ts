import { setTimeout } from 'node:timers/promises'
import { formatProblem, type Problem } from '@clarion-lb/config'
import type { ConfigurationState } from '@clarion-lb/crds'
import { hasStatus, Informer, type KubeClient, type V1Pod } from '@clarion-lb/k8s-watch'
import type { Service } from './lifecycle.ts'
import { CONFIGURATION_STATES } from './metallb-resources.ts'
import { ownedBy } from './own-pod.ts'

export interface ConfigurationReporterOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly component: { readonly type: 'controller' } | { readonly type: 'speaker'; readonly node: string }
  /** The pod that this process runs in: the report goes with it. */
  readonly pod: V1Pod | undefined
  readonly onProblem: (error: unknown) => void
  /** Pause after a write that failed, milliseconds. @defaultValue 5000 */
  readonly retryMs?: number
}

const RETRY_MS = 5000
/** What fits into a status that people read. */
const MAX_SUMMARY_CHARACTERS = 16_384

/**
 * Writes a `ConfigurationState`: whether this process could use the configuration, and what is wrong with it. Written
 * only when it differs, and again when somebody deletes it.
 */
export class ConfigurationReporter implements Service {
  readonly name = 'configuration report'
  readonly #options: ConfigurationReporterOptions
  readonly #informer: Informer<ConfigurationState>
  readonly #stopping = new AbortController()
  #wanted: ConfigurationState['status'] | undefined
  #writing: Promise<void> | undefined
  #isStale = false
  #hasWritten = false

  constructor(options: ConfigurationReporterOptions) {
    this.#options = options
    const { client, namespace } = options
    this.#informer = new Informer<ConfigurationState>({
      client,
      resource: CONFIGURATION_STATES,
      namespace,
      fieldSelector: `metadata.name=${this.#objectName}`,
      absentRetryMs: this.#retryMs
    })
  }

  start(signal: AbortSignal): void {
    this.#informer.onChange((change) => {
      if (change.type === 'deleted') this.#write()
    })
    this.#informer.onConnectionChange((isConnected) => {
      if (isConnected && this.#isStale) this.#write()
    })
    this.#informer.start(signal)
  }

  /** What was found the last time that the configuration was read. */
  report(problems: readonly Problem[]): void {
    const errors = problems.filter(({ severity }) => severity === 'error')
    const text = errors.map(formatProblem).join('\n').slice(0, MAX_SUMMARY_CHARACTERS)
    const isValid = errors.length === 0
    const before = this.#wanted?.conditions?.[0]
    const status = isValid ? 'True' : 'False'
    this.#wanted = {
      result: isValid ? 'Valid' : 'Invalid',
      errorSummary: text,
      conditions: [
        {
          type: this.#conditionType,
          status,
          reason: isValid ? 'Reconciled' : 'ConfigurationError',
          message: text,
          lastTransitionTime:
            before?.status === status
              ? before.lastTransitionTime
              : new Date().toISOString().replace(/\.\d+Z$/, 'Z')
        }
      ]
    }
    if (before?.status !== status || before.message !== text) this.#write()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#informer.stop()
    await this.#writing
  }

  get #retryMs(): number {
    return this.#options.retryMs ?? RETRY_MS
  }

  get #objectName(): string {
    const { component } = this.#options
    return component.type === 'controller' ? 'controller' : `speaker-${component.node}`
  }

  get #conditionType(): string {
    return this.#options.component.type === 'controller' ? 'poolReconcilerValid' : 'configReconcilerValid'
  }

  #write(): void {
    this.#isStale = true
    if (this.#wanted !== undefined) this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#stopping
    while (this.#isStale && !signal.aborted) {
      this.#isStale = false
      try {
        await this.#writeNow()
      } catch (error) {
        this.#isStale = true
        // Without its CustomResourceDefinition there is nowhere to write it to.
        if (!signal.aborted && !hasStatus(error, 404)) this.#options.onProblem(error)
        await setTimeout(this.#retryMs, undefined, { signal }).catch(() => undefined)
      }
    }
    this.#writing = undefined
  }

  async #writeNow(): Promise<void> {
    const { client, namespace } = this.#options
    const key = { namespace, name: this.#objectName }
    const { signal } = this.#stopping
    await this.#keepTransitionTime(signal)
    const isPool = this.#options.component.type === 'controller'
    const fieldManager = isPool ? 'poolReconciler' : 'configReconciler'
    const request = { fieldManager, force: true, signal }
    const state = { metadata: { ...key, ...this.#labelsAndOwner() } }
    await client.apply(CONFIGURATION_STATES, state, request)
    const status = { metadata: key, status: this.#wanted }
    await client.apply(CONFIGURATION_STATES, status, { ...request, subresource: 'status' })
  }

  /** What the process before this one found at last is no transition if this one finds the same. */
  async #keepTransitionTime(signal: AbortSignal): Promise<void> {
    if (this.#hasWritten) return
    await this.#informer.waitForSync(signal)
    this.#hasWritten = true
    const { namespace } = this.#options
    const before = this.#informer.cache.get({ namespace, name: this.#objectName })?.status?.conditions?.[0]
    const wanted = this.#wanted
    const [condition] = wanted?.conditions ?? []
    if (wanted === undefined || condition === undefined || before?.status !== condition.status) return
    this.#wanted = {
      ...wanted,
      conditions: [{ ...condition, lastTransitionTime: before.lastTransitionTime }]
    }
  }

  #labelsAndOwner(): object {
    const { component, pod } = this.#options
    const labels = {
      'metallb.io/component-type': component.type,
      ...(component.type === 'speaker' ? { 'metallb.io/node-name': component.node } : {})
    }
    return { labels, ...ownedBy(pod) }
  }
}
