import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What is kept of one connection before its sender is made to wait. */
const MAX_KEPT_BYTES = 1024 * 1024

/** One connection, and what it has said that was not passed on. */
interface Passage {
  readonly client: Socket
  readonly upstream: Socket
  kept: Uint8Array[]
  keptBytes: number
  hasEnded: boolean
}

/**
 * A port on loopback that leads to a server, and can hold back what clients say: it is on its way then, and arrives when
 * it is let go, whatever has become of the client. What the server says passes at all times.
 */
export class SlowDoor {
  readonly #server: Server
  readonly #passages = new Set<Passage>()
  #isHolding = false
  #listeners: (() => void)[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param target - Host and port of the server. */
  static async open(target: { readonly host: string; readonly port: number }): Promise<SlowDoor> {
    const server = createServer()
    const door = new SlowDoor(server)
    server.on('connection', (client) => door.#join(client, connect(target)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return door
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** From now on nothing that clients say is passed on. */
  hold(): void {
    this.#isHolding = true
  }

  /** Resolves when this many connections have said something that was not passed on. */
  async waitForHeld(connections: number): Promise<void> {
    const isEnough = (): boolean =>
      [...this.#passages].filter(({ keptBytes }) => keptBytes > 0).length >= connections
    while (!isEnough())
      await new Promise<void>((resolve) => {
        this.#listeners.push(resolve)
      })
  }

  /** Passes on what was held back, in its order, and all that comes. */
  letGo(): void {
    this.#isHolding = false
    for (const passage of this.#passages) {
      for (const bytes of passage.kept) passage.upstream.write(bytes)
      passage.kept = []
      passage.keptBytes = 0
      passage.client.resume()
      if (passage.hasEnded) passage.upstream.end()
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#server.close()
    for (const { client, upstream } of this.#passages) {
      client.destroy()
      upstream.destroy()
    }
  }

  #join(client: Socket, upstream: Socket): void {
    const passage: Passage = { client, upstream, kept: [], keptBytes: 0, hasEnded: false }
    this.#passages.add(passage)
    client.on('data', (bytes) => this.#pass(passage, bytes))
    upstream.on('drain', () => client.resume())
    client.on('close', () => {
      passage.hasEnded = true
      if (!this.#isHolding) upstream.end()
    })
    client.on('error', () => undefined)
    upstream.pipe(client)
    upstream.on('error', () => client.destroy())
    upstream.on('close', () => {
      client.destroy()
      this.#passages.delete(passage)
    })
  }

  #pass(passage: Passage, bytes: Uint8Array): void {
    if (!this.#isHolding) {
      if (!passage.upstream.write(bytes)) passage.client.pause()
      return
    }
    passage.kept.push(bytes)
    passage.keptBytes += bytes.length
    if (passage.keptBytes > MAX_KEPT_BYTES) passage.client.pause()
    const listeners = this.#listeners
    this.#listeners = []
    for (const hear of listeners) hear()
  }
}
