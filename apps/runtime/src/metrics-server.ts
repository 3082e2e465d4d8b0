import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import type { Registry } from 'prom-client'
import type { Service } from './lifecycle.ts'
import type { MetricsAccess } from './metrics-access.ts'
import type { TlsOptions } from './tls-options.ts'

export interface MetricsServerOptions {
  /** 0: no server. */
  readonly port: number
  readonly registry: Registry
  readonly access: MetricsAccess
  readonly tls: TlsOptions
  /** Directory with tls.crt and tls.key; empty: a self-signed certificate. */
  readonly certificateDirectory: string
  readonly onProblem: (error: unknown) => void
}

/** Serves `/metrics` over HTTPS to those whom the API server lets. */
export class MetricsServer implements Service {
  readonly name = 'metrics'
  readonly #options: MetricsServerOptions
  #server: Server | undefined

  constructor(options: MetricsServerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { port, tls } = this.#options
    if (port === 0) return
    const { key, cert } = await this.#certificate()
    const server = createServer({ ...tls, key, cert }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#options.onProblem(error)
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    })
    this.#server = server
    server.listen(port)
    await once(server, 'listening')
  }

  stop(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }

  async #certificate(): Promise<{ readonly key: string; readonly cert: string }> {
    const { certificateDirectory: directory } = this.#options
    if (directory === '') {
      // Loaded only where it is needed: it takes more memory than all the rest of this package.
      const { createSelfSigned } = await import('./self-signed.ts')
      return createSelfSigned()
    }
    const [key, cert] = await Promise.all(
      ['tls.key', 'tls.crt'].map((name) => readFile(join(directory, name), 'utf8'))
    )
    return { key: key ?? '', cert: cert ?? '' }
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
