import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, type Socket } from 'node:net'
import { ApiError } from './api-error.ts'
import { type ServerCertificate } from './certificates.ts'

/** Options of an {@link HttpServer}. */
export interface HttpServerOptions {
  readonly host: string
  readonly port: number
  readonly certificate: ServerCertificate
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** A listening HTTPS socket and all its connections. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(options: HttpServerOptions) {
    this.#options = options
  }

  /** @returns the port. @throws Error of the listen call. */
  async start(): Promise<number> {
    const { certificate, handle, host, port } = this.#options
    const server = createServer({
      key: certificate.privateKey,
      cert: certificate.certificate,
      keepAliveTimeout: 120_000
    })
    this.#server = server
    server.on('request', (request, response) => {
      // The handler answers for its own errors; what is left is a bug, which the client sees as a 500.
      handle(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy()
        else
          sendError(
            response,
            new ApiError('InternalError', error instanceof Error ? error.message : String(error))
          )
      })
    })
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true)
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    // A client that breaks off its handshake is no concern of ours.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    return addressOf(server).port
  }

  /** Closes the socket and every connection at once. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    for (const socket of this.#sockets) socket.destroy()
    server.closeAllConnections()
    await closed
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no address')
  return address
}

/** Sends a complete JSON answer. */
export function sendJson(response: ServerResponse, code: number, body: string): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    'Content-Length': Buffer.byteLength(body)
  })
  response.end(body)
}

/** Sends a refusal. */
export function sendError(response: ServerResponse, error: ApiError): void {
  if (error.retryAfterSeconds !== undefined && !response.headersSent)
    response.setHeader('Retry-After', String(error.retryAfterSeconds))
  sendJson(response, error.httpCode, JSON.stringify(error.toStatus()))
}
