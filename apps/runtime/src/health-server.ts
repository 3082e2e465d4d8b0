import { once } from 'node:events'
import type * as Http from 'node:http'
import type { Service } from './lifecycle.ts'

/** As an ES module, `node:http` would bring Node's WebSocket client along, which is 5 MiB of memory. */
const { createServer }: typeof Http = process.getBuiltinModule('node:http')

export interface HealthServerOptions {
  /** 0: no server. */
  readonly port: number
  /** Address to listen at. Absent: all, of IPv4 alone where the kernel has no IPv6. */
  readonly host?: string
  /** Why it is not ready; `undefined`: it is. */
  readonly unreadyBecause: () => string | undefined
}

/** `/healthz` tells that the process works, `/readyz` that it can do its task. */
export class HealthServer implements Service {
  readonly name = 'health'
  readonly #options: HealthServerOptions
  #server: Http.Server | undefined

  constructor(options: HealthServerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { port, host, unreadyBecause } = this.#options
    if (port === 0) return
    const server = createServer((request, response) => {
      const path = request.url?.split('?')[0]
      const problem = path === '/readyz' ? unreadyBecause() : undefined
      const isKnown = path === '/healthz' || path === '/readyz'
      response.writeHead(isKnown ? (problem === undefined ? 200 : 503) : 404, {
        'content-type': 'text/plain'
      })
      response.end(isKnown ? `${problem ?? 'ok'}\n` : 'not found\n')
    })
    this.#server = server
    // Node falls back from :: to 0.0.0.0 only where no host is named.
    server.listen(host === undefined ? { port } : { port, host })
    await once(server, 'listening')
  }

  stop(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }
}
