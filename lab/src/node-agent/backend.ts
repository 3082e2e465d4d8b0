import { createServer, type Server } from 'node:http'

export interface BackendOptions {
  readonly nodeName: string
  readonly addresses: readonly string[]
  readonly port: number
}

/** What a pod would be: answers every request with the node that it runs on and the client that it saw. */
export class Backend {
  readonly #options: BackendOptions
  #servers: readonly Server[] = []

  constructor(options: BackendOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { nodeName, addresses, port } = this.#options
    this.#servers = await Promise.all(
      addresses.map(async (address) => {
        const server = createServer((request, response) => {
          response.setHeader('content-type', 'application/json')
          response.end(`${JSON.stringify({ node: nodeName, client: request.socket.remoteAddress })}\n`)
        })
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen(port, address, resolve)
        })
        return server
      })
    )
  }

  /** What it listens on, in the order of the addresses. */
  get ports(): readonly number[] {
    return this.#servers.map((server) => {
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    })
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        server.closeAllConnections()
        await new Promise((resolve) => {
          server.close(resolve)
        })
      })
    )
  }
}
