import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { type Json, type JsonObject, numberAt, objectAt, parseJson, stringAt } from '../src/json.ts'

/** Where a server is and how to be let in. */
export interface Access {
  readonly url: string
  readonly ca: string
  readonly token: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Json
}

export interface SendOptions {
  readonly body?: Json
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A client of the API over HTTPS, no cleverer than the tests need. */
export class Client {
  readonly #access: Access
  readonly #agent: Agent

  constructor(access: Access) {
    this.#access = access
    this.#agent = new Agent({ keepAlive: true, ca: access.ca })
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers })
  }

  post(path: string, body: Json): Promise<Answer> {
    return this.send('POST', path, { body })
  }

  put(path: string, body: Json): Promise<Answer> {
    return this.send('PUT', path, { body })
  }

  delete(path: string, body?: Json): Promise<Answer> {
    return this.send('DELETE', path, body === undefined ? {} : { body })
  }

  /** @param kind `json`, `merge`, `strategic-merge` */
  patch(path: string, kind: string, body: Json): Promise<Answer> {
    return this.send('PATCH', path, { body, contentType: `application/${kind}-patch+json` })
  }

  apply(path: string, body: Json): Promise<Answer> {
    return this.send('PATCH', path, { body, contentType: 'application/apply-patch+yaml' })
  }

  async send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const response = await this.#open(method, path, options)
    let text = ''
    response.setEncoding('utf8')
    for await (const chunk of response) text += String(chunk)
    return { status: response.statusCode ?? 0, headers: response.headers, body: decode(text) }
  }

  async watch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<WatchStream> {
    return new WatchStream(await this.#open('GET', path, { headers }))
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#agent.destroy()
  }

  #open(method: string, path: string, { body, contentType, headers }: SendOptions): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const type = contentType ?? 'application/json'
      const text = body === undefined ? '' : JSON.stringify(body)
      const outgoing = request(
        `${this.#access.url}${path}`,
        {
          method,
          agent: this.#agent,
          headers: {
            Authorization: `Bearer ${this.#access.token}`,
            'User-Agent': 'test/1',
            ...(text === '' ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
            ...headers
          }
        },
        resolve
      )
      outgoing.on('error', reject)
      outgoing.end(text)
    })
  }
}

function decode(text: string): Json {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: string
  readonly object: JsonObject
}

/** The events of a watch, one after the other. */
export class WatchStream {
  readonly response: IncomingMessage
  readonly #lines: AsyncIterator<string, undefined>
  /** Whether the connection ended in the middle of the answer. */
  isCut = false

  constructor(response: IncomingMessage) {
    this.response = response
    // Also without a reader a cut connection must not end the process.
    response.on('error', () => {
      this.isCut = true
    })
    this.#lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })[
      Symbol.asyncIterator
    ]()
  }

  /** The next event, or `undefined` when the watch has ended. */
  async next(): Promise<WatchEvent | undefined> {
    const line = await this.#lines.next().catch(() => {
      this.isCut = true
      return undefined
    })
    if (line === undefined || line.done === true) return undefined
    const event = parseJson(line.value)
    return { type: stringAt(event, 'type') ?? '', object: objectAt(event, 'object') ?? {} }
  }

  /** `TYPE name` of the next events. */
  async take(count: number): Promise<readonly string[]> {
    const names: string[] = []
    for (let index = 0; index < count; index++) names.push(describe(await this.next()))
    return names
  }

  /** `TYPE name` of all events until the watch ends. */
  async rest(): Promise<readonly string[]> {
    const names: string[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next())
      names.push(describe(event))
    return names
  }

  close(): void {
    this.response.destroy()
  }
}

function describe(event: WatchEvent | undefined): string {
  if (event === undefined) return 'end'
  if (event.type === 'ERROR') return `ERROR ${numberAt(event.object, 'code')}`
  return `${event.type} ${stringAt(event.object, 'metadata', 'name') ?? ''}`.trim()
}
