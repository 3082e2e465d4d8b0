import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A node's way to the API server, which is cut together with the node's cable. */
export class ApiGate {
  readonly #upstreamPort: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isOpen = true

  constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Resolves with the port on the loopback that leads to the API server. */
  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** From now on nothing comes through, and nothing is refused: as behind a cable that is out. */
  close(): void {
    this.#isOpen = false
    for (const socket of this.#sockets) socket.pause()
  }

  /** Connections from before are lost, new ones come through. */
  open(): void {
    this.#isOpen = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #accept(socket: Socket): void {
    this.#track(socket)
    if (!this.#isOpen) {
      socket.pause()
      return
    }
    const upstream = connect(this.#upstreamPort, '127.0.0.1')
    this.#track(upstream)
    socket.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => socket.write(chunk))
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
