import type { Socket } from 'node:net'
import { BgpDecodeError } from './errors.ts'
import { MessageFramer } from './messages/framer.ts'

/** Octets that may wait in this process before more routes are encoded. */
const HIGH_WATER_BYTES = 65_536
/** How long a last word may take to be sent, and the peer to close its side. */
const CLOSE_TIMEOUT_MS = 1000

export interface ConnectionHandlers {
  readonly onConnected: () => void
  /** The bytes are valid only during the call. */
  readonly onMessage: (bytes: Uint8Array) => void
  readonly onMalformed: (error: BgpDecodeError) => void
  /** Not after {@link Connection.close}. */
  readonly onLost: (message: string | undefined) => void
  /** There is room again. */
  readonly onDrain: () => void
}

/** A TCP connection that carries messages. */
export class Connection {
  readonly isIncoming: boolean
  /** Settles when the socket is gone. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #framer: MessageFramer = new MessageFramer()
  #isClosing = false
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, isIncoming: boolean, handlers: ConnectionHandlers) {
    this.#socket = socket
    this.isIncoming = isIncoming
    let failure: string | undefined
    socket.on('connect', () => {
      if (!this.#isClosing) handlers.onConnected()
    })
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk, handlers))
    socket.on('drain', () => {
      if (!this.#isClosing) handlers.onDrain()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        clearTimeout(this.#closeTimer)
        resolve()
        if (this.#isClosing) return
        this.#isClosing = true
        handlers.onLost(failure)
      })
    })
  }

  get socket(): Socket {
    return this.#socket
  }

  /** Whether more than what must be said may be sent now. */
  get hasRoom(): boolean {
    return !this.#isClosing && this.#socket.writableLength < HIGH_WATER_BYTES
  }

  /** Octets that the system has taken: grows as long as the peer reads. */
  get acceptedBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  /** Octets that the system has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  set maxMessageLength(value: number) {
    this.#framer.maxMessageLength = value
  }

  send(messages: readonly Uint8Array[]): void {
    if (this.#isClosing) return
    this.#socket.cork()
    for (const message of messages) this.#socket.write(message)
    this.#socket.uncork()
  }

  /** Sends what waits, then closes; after a second in any case. What is received from now on is not looked at. */
  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#socket.connecting) {
      this.#socket.destroy()
      return
    }
    this.#socket.end()
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS)
  }

  /** Closes without waiting for anything. */
  destroy(): void {
    this.#isClosing = true
    this.#socket.destroy()
  }

  #receive(chunk: Uint8Array, handlers: ConnectionHandlers): void {
    if (this.#isClosing) return
    try {
      for (const message of this.#framer.push(chunk)) {
        handlers.onMessage(message)
        if (this.#isClosing) return
      }
      if (this.#framer.failure !== undefined) handlers.onMalformed(this.#framer.failure)
    } catch (error) {
      if (!(error instanceof BgpDecodeError)) throw error
      handlers.onMalformed(error)
    }
  }
}
