import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { type ApiAnswer, type ApiRequest, askApi, type Connection } from '@clarion-lb/lab/kubernetes'
import { normalForm } from './normal-form.ts'

const WATCH_TIMEOUT_MS = 20_000

export const MERGE_PATCH = 'application/merge-patch+json'
export const JSON_PATCH = 'application/json-patch+json'
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
export const APPLY_PATCH = 'application/apply-patch+yaml'

/** Asks an API server, and writes down what was asked and what came back, in normal form. */
export class Scribe {
  /** One entry for each request, in order. */
  readonly transcript: unknown[] = []
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** One that asks the same server, and writes down nothing here. */
  silent(): Scribe {
    return new Scribe(this.#connection)
  }

  async ask(asked: ApiRequest): Promise<ApiAnswer> {
    const answer = await askApi(this.#connection, asked)
    this.transcript.push({
      asked: `${asked.method ?? 'GET'} ${String(normalForm(asked.path))}`,
      status: answer.status,
      warnings: answer.warnings,
      body: normalForm(answer.body)
    })
    return answer
  }

  async get(path: string): Promise<ApiAnswer> {
    return this.ask({ path })
  }

  async post(path: string, body: unknown): Promise<ApiAnswer> {
    return this.ask({ method: 'POST', path, body })
  }

  async put(path: string, body: unknown): Promise<ApiAnswer> {
    return this.ask({ method: 'PUT', path, body })
  }

  async patch(path: string, contentType: string, body: unknown): Promise<ApiAnswer> {
    return this.ask({ method: 'PATCH', path, contentType, body })
  }

  async delete(path: string, body?: unknown): Promise<ApiAnswer> {
    return this.ask({ method: 'DELETE', path, body })
  }

  /** Opens a watch and writes down its first `count` events; bookmarks count if they were asked for. */
  async watch(
    path: string,
    count: number,
    meanwhile: () => Promise<unknown> = async () => undefined
  ): Promise<void> {
    const events: unknown[] = []
    let changes: Promise<unknown> | undefined
    const status = await this.#readEvents(path, count, events, async () => {
      changes = meanwhile()
      await changes
    })
    await changes
    this.transcript.push({
      asked: `WATCH ${String(normalForm(path))}`,
      status,
      events: events.map(normalForm)
    })
  }

  async #readEvents(
    path: string,
    count: number,
    events: unknown[],
    meanwhile: () => Promise<unknown>
  ): Promise<number> {
    const { url, ca, user } = this.#connection
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const outgoing = request(
      new URL(path, url),
      {
        agent: false,
        ca,
        signal: AbortSignal.timeout(WATCH_TIMEOUT_MS),
        headers: 'token' in user ? { authorization: `Bearer ${user.token}` } : {},
        ...('token' in user ? {} : { cert: user.certificate, key: user.privateKey })
      },
      (response) => {
        const status = response.statusCode ?? 0
        const lines = createInterface({ input: response })
        // What ends the request on purpose comes back here as an error, after the answer.
        response.on('error', reject)
        lines.on('error', reject)
        lines.on('line', (line) => {
          events.push(JSON.parse(line))
          if (events.length >= count) resolve(status)
        })
        lines.on('close', () => resolve(status))
        meanwhile().catch(reject)
      }
    )
    outgoing.on('error', reject)
    outgoing.end()
    try {
      return await promise
    } finally {
      outgoing.destroy()
    }
  }
}

/** The version of an object or list, for the next request. */
export function versionOf({ body }: ApiAnswer): string {
  return textAt(body, 'metadata', 'resourceVersion')
}

/** The text at a path of names; empty if there is none. */
export function textAt(body: unknown, ...path: readonly string[]): string {
  let value: unknown = body
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return ''
    value = Object.entries(value).find(([key]) => key === name)?.[1]
  }
  return typeof value === 'string' ? value : ''
}
