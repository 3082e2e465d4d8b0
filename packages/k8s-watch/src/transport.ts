import type { Agent, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { Credentials, type RequestCredentials } from './credentials.ts'
import { KubeConfigError, KubeTransportError } from './errors.ts'
import type { KubeContext } from './kube-config.ts'
import { http } from './node-http.ts'

export interface TransportRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly body: string | undefined
  readonly contentType: string | undefined
  /** Names the request in errors. */
  readonly subject: string
  readonly signal: AbortSignal
}

export interface TransportOptions {
  /** `User-Agent`. @defaultValue 'clarion-k8s-watch' */
  readonly userAgent?: string
}

/** After this long without traffic the kernel asks the peer whether it is still there. */
const TCP_KEEPALIVE_MS = 10_000
/** Idle connections are dropped before load balancers in between forget them. */
const IDLE_CONNECTION_MS = 60_000

/** HTTP to one API server, with its credentials, over connections that are kept. */
export class Transport {
  readonly #server: URL
  readonly #credentials: Credentials
  readonly #userAgent: string
  #agent: Agent | undefined
  #agentTls: RequestCredentials['tls'] | undefined

  /** @throws KubeConfigError for plain HTTP to another machine. */
  constructor(context: KubeContext, options: TransportOptions = {}) {
    this.#server = parseServer(context)
    this.#credentials = new Credentials(context)
    this.#userAgent = options.userAgent ?? 'clarion-k8s-watch'
  }

  /**
   * Sends a request and gives the response as soon as its headers are there. A 401 is answered once with credentials
   * that were read again.
   *
   * @throws KubeTransportError, KubeConfigError
   */
  async open(request: TransportRequest): Promise<IncomingMessage> {
    const credentials = await this.#currentCredentials(request)
    const response = await this.#send(request, credentials)
    if (response.statusCode !== 401) return response
    response.resume()
    this.#credentials.forget(credentials.generation)
    return this.#send(request, await this.#currentCredentials(request))
  }

  /** Closes all connections. */
  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
    this.#agentTls = undefined
  }

  /** A plug-in may take its time, or hang: it serves other requests too and goes on, but this one need not wait. */
  async #currentCredentials({ signal, subject }: TransportRequest): Promise<RequestCredentials> {
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(new KubeTransportError('aborted', subject, 'given up'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.#credentials.current(), aborted.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #send(request: TransportRequest, credentials: RequestCredentials): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request, credentials)
    } catch (error) {
      // A kept connection that the server had just closed: nothing was sent, or it was only a question.
      if (!(error instanceof StaleConnectionError)) throw error
      return this.#sendOnce(request, credentials)
    }
  }

  #sendOnce(request: TransportRequest, credentials: RequestCredentials): Promise<IncomingMessage> {
    const { method, path, body, contentType, subject, signal } = request
    const isSecure = this.#server.protocol === 'https:'
    const prefix = this.#server.pathname === '/' ? '' : this.#server.pathname.replace(/\/$/, '')
    return new Promise((resolve, reject) => {
      const outgoing = (isSecure ? httpsRequest : http.request)({
        method,
        protocol: this.#server.protocol,
        host: this.#server.hostname.replace(/^\[|\]$/g, ''),
        port: this.#server.port,
        path: prefix + path,
        agent: credentials.agent ?? this.#agentFor(credentials),
        signal,
        headers: {
          accept: 'application/json',
          'user-agent': this.#userAgent,
          ...credentials.headers,
          ...(body === undefined
            ? {}
            : {
                'content-type': contentType ?? 'application/json',
                'content-length': Buffer.byteLength(body)
              })
        }
      })
      outgoing.once('response', resolve)
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (signal.aborted) reject(new KubeTransportError('aborted', subject, 'given up', { cause: error }))
        else if (isStale(error, outgoing.reusedSocket, method)) reject(new StaleConnectionError())
        else reject(this.#failure(error, subject, credentials.generation))
      })
      outgoing.end(body)
    })
  }

  #failure(error: NodeJS.ErrnoException, subject: string, generation: number): KubeTransportError {
    const reason = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'closed' : 'connect'
    // A refused TLS handshake may be a client certificate or authority that has been replaced on disk.
    if (error.code?.startsWith('ERR_SSL') === true || error.code?.includes('CERT') === true) {
      this.#credentials.forget(generation)
    }
    return new KubeTransportError(reason, subject, `${error.code ?? ''} ${error.message}`.trim(), {
      cause: error
    })
  }

  #agentFor({ tls }: RequestCredentials): Agent {
    if (this.#agent !== undefined && isSameTls(this.#agentTls, tls)) return this.#agent
    // Requests that are under way on the old agent end by themselves, its idle connections by their timeout.
    const isSecure = this.#server.protocol === 'https:'
    const options = {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEPALIVE_MS,
      maxFreeSockets: 16,
      // Only ends idle connections: nobody listens for the event that a busy one emits.
      timeout: IDLE_CONNECTION_MS,
      noDelay: true,
      scheduling: 'lifo'
    } as const
    this.#agent = isSecure ? new HttpsAgent({ ...options, ...tls }) : new http.Agent(options)
    this.#agentTls = tls
    return this.#agent
  }
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError'
}

function isStale(error: NodeJS.ErrnoException, isReused: boolean, method: string): boolean {
  return isReused && method === 'GET' && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function isSameTls(a: RequestCredentials['tls'] | undefined, b: RequestCredentials['tls']): boolean {
  return (
    a !== undefined && a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.servername === b.servername
  )
}

function parseServer({ cluster }: KubeContext): URL {
  let server: URL
  try {
    server = new URL(cluster.server)
  } catch (error) {
    throw new KubeConfigError('malformed', `cluster ${cluster.name}: not a URL: ${cluster.server}`, {
      cause: error
    })
  }
  const isLocal =
    server.hostname === 'localhost' || server.hostname === '[::1]' || isLoopback4(server.hostname)
  if (server.protocol === 'https:' || (server.protocol === 'http:' && (isLocal || cluster.skipTLSVerify))) {
    return server
  }
  throw new KubeConfigError(
    'insecure',
    `cluster ${cluster.name}: ${cluster.server}: credentials are only sent over https, except to this machine`
  )
}

function isLoopback4(host: string): boolean {
  return isIP(host) === 4 && host.startsWith('127.')
}
