import { describeError, type KeyPair, type Service } from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import type { CertificateSource } from './certificate-source.ts'
import { endOf } from './stored-certificates.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'
import type { WebhookServer } from './webhook-server.ts'

export interface WebhooksOptions {
  /** Whether this process is of use without them. */
  readonly isOptional: boolean
  readonly source: CertificateSource
  readonly server: Pick<WebhookServer, 'use' | 'stop' | 'isListening'>
  readonly metrics: Pick<WebhookMetrics, 'certificateEnd'>
  readonly log: Logger
  /** First and longest pause before the port is tried again, milliseconds. @defaultValue 1000 and 30_000 */
  readonly minRetryMs?: number
  readonly maxRetryMs?: number
}

/** Serves the webhooks as soon as there is a certificate, and with another as soon as there is another. */
export class Webhooks implements Service {
  readonly name = 'webhooks'
  readonly #options: WebhooksOptions
  #pair: KeyPair | undefined
  /** Why they are not served; kept until they are. */
  #failure: string | undefined
  #serving: Promise<void> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #isStopped = false

  constructor(options: WebhooksOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.source.start({
      onCertificate: (pair) => {
        this.#pair = pair
        this.#serveSoon()
      },
      onFailure: (error) => this.#fail(error, 'webhook certificate not kept')
    })
  }

  /** Why they cannot be called, if something waits for them; `undefined`: they can, or it is known why not. */
  unreadyBecause(): string | undefined {
    const { isOptional, server } = this.#options
    if (server.isListening || (isOptional && this.#failure !== undefined)) return undefined
    return `webhooks are not served: ${this.#failure ?? 'there is no certificate yet'}`
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#retry)
    await this.#options.source.stop()
    await this.#serving
    await this.#options.server.stop()
  }

  #serveSoon(): void {
    clearTimeout(this.#retry)
    this.#serving = this.#serving.then(() => this.#serve())
  }

  async #serve(): Promise<void> {
    const { server, metrics, log, minRetryMs = 1000, maxRetryMs = 30_000 } = this.#options
    const pair = this.#pair
    if (pair === undefined || this.#isStopped) return
    const isFirst = !server.isListening
    try {
      await server.use(pair)
    } catch (error) {
      const retryMs = Math.min(minRetryMs * 2 ** this.#failures, maxRetryMs)
      this.#failures += 1
      this.#fail(error, 'webhooks not served')
      this.#retry = setTimeout(() => this.#serveSoon(), retryMs)
      return
    }
    this.#failures = 0
    this.#failure = undefined
    const endMs = endOf(pair.cert)
    metrics.certificateEnd.set(endMs / 1000)
    const facts = { notAfter: new Date(endMs).toISOString() }
    log.info(facts, isFirst ? 'webhooks served' : 'webhook certificate replaced')
  }

  /** Attempts repeat; each new reason is told once. */
  #fail(error: unknown, message: string): void {
    const failure = describeError(error)
    if (failure !== this.#failure) this.#options.log.warn({ error: failure }, message)
    this.#failure = failure
  }
}
