import type { IncomingMessage } from 'node:http'

/** Why a body was not read, as an HTTP status. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly code = 'ERR_CONTROLLER_BODY'
  readonly status: 400 | 413 | 415 | 503

  constructor(status: BodyError['status'], message: string) {
    super(message)
    this.status = status
  }
}

/** How much may be read: of one request, and of all that are under way. */
export class BodyBudget {
  readonly #maxBytes: number
  readonly #maxTotalBytes: number
  #heldBytes = 0

  constructor(options: { readonly maxBytes: number; readonly maxTotalBytes: number }) {
    this.#maxBytes = options.maxBytes
    this.#maxTotalBytes = options.maxTotalBytes
  }

  /** Bytes that requests under way have sent. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Reads the JSON of a request.
   *
   * @throws BodyError
   */
  async readJson(request: IncomingMessage): Promise<unknown> {
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
    if (type !== 'application/json') throw new BodyError(415, 'content-type must be application/json')
    if (Number(request.headers['content-length'] ?? 0) > this.#maxBytes) throw this.#tooLarge()
    let mineBytes = 0
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) {
        if (!Buffer.isBuffer(chunk)) continue
        mineBytes += chunk.length
        this.#heldBytes += chunk.length
        if (mineBytes > this.#maxBytes) throw this.#tooLarge()
        if (this.#heldBytes > this.#maxTotalBytes) throw new BodyError(503, 'too much is being asked at once')
        chunks.push(chunk)
      }
      return parse(Buffer.concat(chunks))
    } finally {
      this.#heldBytes -= mineBytes
    }
  }

  #tooLarge(): BodyError {
    return new BodyError(413, `the body is larger than ${this.#maxBytes} octets`)
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // What it says may hold the body, and that may hold passwords.
    throw new BodyError(400, 'the body is no JSON')
  }
}
