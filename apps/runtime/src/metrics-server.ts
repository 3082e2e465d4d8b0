import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Registry } from 'prom-client'
import { CertificateFiles, type KeyPair } from './certificate-files.ts'
import type { Service } from './lifecycle.ts'
import type { MetricsAccess } from './metrics-access.ts'
import type { TlsOptions } from './tls-options.ts'

export interface MetricsServerOptions {
  /** 0: no server. */
  readonly port: number
  readonly registry: Registry
  readonly access: MetricsAccess
  readonly tls: TlsOptions
  /** Directory with tls.crt and tls.key; empty: a self-signed certificate. What is replaced there is taken up. */
  readonly certificateDirectory: string
  /** The directory is looked at no more often than this, milliseconds, and only when somebody connects. @defaultValue 10_000 */
  readonly certificateCheckMs?: number
  readonly onProblem: (error: unknown) => void
  /** Another certificate is in use from now on. */
  readonly onCertificate: () => void
  /** What is in the directory now cannot be used; the certificate that was read before stays. Told once. */
  readonly onBadCertificate: (error: unknown) => void
}

const CERTIFICATE_CHECK_MS = 10_000

/** Serves `/metrics` over HTTPS to those whom the API server lets. */
export class MetricsServer implements Service {
  readonly name = 'metrics'
  readonly #options: MetricsServerOptions
  #server: Server | undefined
  #checkedAtMs = 0

  constructor(options: MetricsServerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { port, tls } = this.#options
    if (port === 0) return
    const files = this.#certificateFiles()
    const pair = files === undefined ? await selfSigned() : files.load()
    const server = createServer({ ...tls, ...pair }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#options.onProblem(error)
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    })
    this.#server = server
    // First of the listeners: the connection at hand is to have the new certificate already.
    if (files !== undefined) server.prependListener('connection', () => this.#takeUp(server, files))
    server.listen(port)
    await once(server, 'listening')
  }

  stop(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }

  #certificateFiles(): CertificateFiles | undefined {
    const { certificateDirectory: directory, onBadCertificate: onProblem } = this.#options
    this.#checkedAtMs = performance.now()
    return directory === '' ? undefined : new CertificateFiles({ directory, onProblem })
  }

  #takeUp(server: Server, files: CertificateFiles): void {
    const { tls, certificateCheckMs = CERTIFICATE_CHECK_MS, onCertificate } = this.#options
    const nowMs = performance.now()
    if (nowMs - this.#checkedAtMs < certificateCheckMs) return
    this.#checkedAtMs = nowMs
    const pair = files.takeNew()
    if (pair === undefined) return
    server.setSecureContext({ ...tls, ...pair })
    onCertificate()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { registry, access } = this.#options
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    const verdict = await access.check(request.headers.authorization)
    if (verdict !== 200) {
      response
        .writeHead(verdict)
        .end(verdict === 401 ? 'a bearer token is needed\n' : 'not allowed to get /metrics\n')
      return
    }
    response.writeHead(200, { 'content-type': registry.contentType })
    response.end(await registry.metrics())
  }
}

/** Loaded only where it is needed: it takes more memory than all the rest of this package. */
async function selfSigned(): Promise<KeyPair> {
  const { createSelfSigned } = await import('./self-signed.ts')
  return createSelfSigned()
}
