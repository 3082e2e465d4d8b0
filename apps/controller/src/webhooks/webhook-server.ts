import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { KeyPair, TlsOptions } from '@clarion-lb/runtime'
import { BadReviewError } from './json.ts'
import { BodyBudget, BodyError } from './request-body.ts'

/** Answers the review in a body with another one. */
export type ReviewHandler = (body: unknown, signal: AbortSignal) => Promise<object>

export interface WebhookServerOptions {
  readonly port: number
  readonly tls: TlsOptions
  /** By path. */
  readonly handlers: ReadonlyMap<string, ReviewHandler>
  /** A review of this path could not be answered, the API server is told 500; or (empty) no connection be taken. */
  readonly onProblem: (path: string, error: unknown) => void
  /** @defaultValue {@link LIMITS} */
  readonly limits?: Partial<WebhookLimits>
}

export interface WebhookLimits {
  /** Longest body: a conversion holds a whole list of objects. */
  readonly maxBodyBytes: number
  /** Of all bodies that are being read. */
  readonly maxTotalBytes: number
  readonly maxConnections: number
  /** How long headers, and a whole request, may take to arrive. */
  readonly arrivalMs: number
  /** How long an answer may take; the API server waits for 10 s, if it is not told otherwise. */
  readonly answerMs: number
  /** How long what is under way may go on at the end. */
  readonly drainMs: number
}

const LIMITS: WebhookLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxConnections: 256,
  arrivalMs: 10_000,
  answerMs: 8000,
  drainMs: 2000
}
/** Longer than API servers keep theirs (90 s): they close connections, and never find one closed that they write to. */
const KEEP_ALIVE_MS = 120_000

/** Serves admission and conversion over HTTPS. Whatever is sent, it answers or closes. */
export class WebhookServer {
  readonly #options: WebhookServerOptions
  readonly #limits: WebhookLimits
  readonly #budget: BodyBudget
  readonly #stopping = new AbortController()
  readonly #busy = new Set<Promise<void>>()
  #server: Server | undefined

  constructor(options: WebhookServerOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
    const { maxBodyBytes, maxTotalBytes } = this.#limits
    this.#budget = new BodyBudget({ maxBytes: maxBodyBytes, maxTotalBytes })
  }

  get isListening(): boolean {
    return this.#server?.listening === true
  }

  /**
   * Uses this certificate for new connections from now on; those that there are go on. The first one opens the port.
   *
   * @throws Error when the pair is none, or the port is taken
   */
  async use(pair: KeyPair): Promise<void> {
    const { tls, port } = this.#options
    if (this.#server !== undefined) {
      this.#server.setSecureContext({ ...tls, ...pair })
      return
    }
    const { arrivalMs, maxConnections } = this.#limits
    const server = createServer(
      {
        ...tls,
        ...pair,
        handshakeTimeout: arrivalMs,
        headersTimeout: arrivalMs,
        requestTimeout: arrivalMs,
        connectionsCheckingInterval: Math.min(arrivalMs, 1000),
        keepAliveTimeout: KEEP_ALIVE_MS
      },
      (request, response) => this.#take(request, response)
    )
    server.maxConnections = maxConnections
    server.listen(port)
    await once(server, 'listening')
    // E.g. no more file descriptors: the next connection may be better off.
    server.on('error', (error) => this.#options.onProblem('', error))
    this.#server = server
  }

  /** Takes no more, and lets what is under way be answered. Idempotent. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    server.close()
    server.closeIdleConnections()
    const timer = setTimeout(() => {
      this.#stopping.abort()
      // A request of which the rest never comes, which nobody looks for once a server is closed.
      server.closeAllConnections()
    }, this.#limits.drainMs)
    await Promise.all(this.#busy)
    clearTimeout(timer)
    this.#stopping.abort()
    server.closeAllConnections()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?')[0] ?? ''
    const answer = this.#answer(path, request, response)
      .catch((error: unknown) => this.#fail(path, response, error))
      .finally(() => void this.#busy.delete(answer))
    this.#busy.add(answer)
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const handler = this.#options.handlers.get(path)
    if (handler === undefined) return sendText(response, 404, 'nothing is reviewed here')
    if (request.method !== 'POST') return sendText(response, 405, 'reviews are posted')
    const body = await this.#budget.readJson(request)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#limits.answerMs)])
    const answer = Buffer.from(JSON.stringify(await handler(body, signal)))
    const headers = { 'content-type': 'application/json', 'content-length': answer.length }
    response.writeHead(200, headers).end(answer)
  }

  #fail(path: string, response: ServerResponse, error: unknown): void {
    if (error instanceof BodyError) return sendText(response, error.status, error.message)
    if (error instanceof BadReviewError) return sendText(response, 400, error.message)
    // The other side has gone, in the middle of its own request.
    if (response.destroyed) return
    this.#options.onProblem(path, error)
    sendText(response, 500, 'the review failed; the log of the controller says why')
  }
}

/** What is left of the request is not read: the connection is of no more use then. */
function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`)
}
