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

  /** If it was closed, connections from before are lost; new ones come through. */
  open(): void {
    if (this.#isOpen) return
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
    this.#forward(socket, upstream)
    this.#forward(upstream, socket)
  }

  /** No more is read than the other side takes. */
  #forward(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => {
      if (this.#isOpen) from.resume()
    })
    // What was said last still has to arrive.
    from.on('close', () => to.destroySoon())
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
