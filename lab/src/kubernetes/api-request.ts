import { type RequestOptions, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Connection } from './kubeconfig.ts'

/** One request as it goes over the wire. */
export interface ApiRequest {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  /** @defaultValue application/json */
  readonly contentType?: string
  readonly timeoutMs?: number
}

/** What came back, whatever its status. */
export interface ApiAnswer {
  readonly status: number
  /** Texts of the `Warning` headers (RFC 9110 does without them; Kubernetes uses RFC 7234 §5.5). */
  readonly warnings: readonly string[]
  /** Parsed if it is JSON, text otherwise. */
  readonly body: unknown
}

const TIMEOUT_MS = 15_000

/**
 * Asks an API server once, and shows the answer as it is: for what a client hides, as warnings and refusals.
 *
 * @throws Error if there is no answer
 */
export async function askApi(connection: Connection, asked: ApiRequest): Promise<ApiAnswer> {
  const { method = 'GET', path, body, contentType = 'application/json', timeoutMs = TIMEOUT_MS } = asked
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const options: RequestOptions = {
    method,
    // No connection is kept: the next request may find another server at this address.
    agent: false,
    ca: connection.ca,
    headers: {
      accept: 'application/json',
      'content-type': contentType,
      // Without it the body of a DELETE would have no end.
      ...(sent === undefined ? {} : { 'content-length': String(sent.length) }),
      ...authorization(connection)
    },
    ...('token' in connection.user
      ? {}
      : { cert: connection.user.certificate, key: connection.user.privateKey }),
    signal: AbortSignal.timeout(timeoutMs)
  }
  const outgoing = request(new URL(path, connection.url), options, (response) => {
    text(response).then((said) => {
      const isJson = response.headers['content-type']?.includes('json') === true
      const parsed: unknown = isJson ? JSON.parse(said) : said
      resolve({ status: response.statusCode ?? 0, warnings: warningsOf(response.rawHeaders), body: parsed })
    }, reject)
  })
  outgoing.on('error', reject)
  outgoing.end(sent)
  return promise
}

function authorization({ user }: Connection): Record<string, string> {
  return 'token' in user ? { authorization: `Bearer ${user.token}` } : {}
}

/** `299 - "text"`, one a header. */
function warningsOf(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.flatMap((value, i) => {
    if (i % 2 === 0 || rawHeaders[i - 1]?.toLowerCase() !== 'warning') return []
    return [/^\d+ \S+ "(.*)"$/.exec(value)?.[1] ?? value]
  })
}
