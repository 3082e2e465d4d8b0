import { getSystemErrorName } from 'node:util'
import type { BfdSender, BfdTransport, SendEndpoint } from './transport.ts'

/** RFC 5881 §4. */
const FIRST_PORT = 49_152
const PORTS = 16_384
const MAX_ATTEMPTS = 64

/** The sending socket of one session: opened when it is first needed, and again after it broke. */
export class SessionSocket {
  readonly #transport: BfdTransport
  readonly #endpoint: Omit<SendEndpoint, 'localPort'>
  readonly #randomUint32: () => number
  #sender: BfdSender | undefined
  /** Kept for as long as the session lives. */
  #port: number | undefined
  #isClosed = false
  sent = 0
  errors = 0
  lastError: string | undefined

  constructor(
    transport: BfdTransport,
    endpoint: Omit<SendEndpoint, 'localPort'>,
    randomUint32: () => number
  ) {
    this.#transport = transport
    this.#endpoint = endpoint
    this.#randomUint32 = randomUint32
  }

  /** Sends, or counts why not: an address or interface that is not there may come, and the next packet will try. */
  send(bytes: Uint8Array): void {
    if (this.#isClosed) return
    try {
      this.#sender ??= this.#open()
      const errno = this.#sender.send(bytes)
      if (errno === 0) this.sent += 1
      else this.#failed(errnoName(errno))
    } catch (error) {
      this.#failed(reasonOf(error))
    }
  }

  close(): void {
    this.#isClosed = true
    this.#sender?.close()
    this.#sender = undefined
  }

  #failed(reason: string): void {
    this.errors += 1
    this.lastError = reason
    // A socket that is bound to an interface or address that went away stays of no use when it is back.
    this.#sender?.close()
    this.#sender = undefined
  }

  #open(): BfdSender {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const localPort = this.#port ?? FIRST_PORT + (this.#randomUint32() % PORTS)
      const sender = this.#transport.openSender({ ...this.#endpoint, localPort })
      this.#port = sender === undefined ? undefined : localPort
      if (sender !== undefined) return sender
    }
    throw Object.assign(new Error('no free source port'), { reason: 'EADDRINUSE' })
  }
}

function errnoName(errno: number): string {
  return getSystemErrorName(-errno)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
}
