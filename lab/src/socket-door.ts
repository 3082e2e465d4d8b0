import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A port on this host's loopback. */
export interface SocketDoor {
  readonly port: number
  readonly close: () => void
}

/** Joins a port on loopback to a socket file: that of a sandbox, whose network cannot be reached, but whose files can. */
export async function openSocketDoor(socketFile: string): Promise<SocketDoor> {
  const server = createServer((socket) => {
    const upstream = connect(socketFile)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => server.close()
  }
}
