import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports that nobody listens on at an address, each another one. Somebody else may take one before it is used. */
export async function findFreePorts(address: string, count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, address)
      await once(server, 'listening')
      return server
    })
  )
  const ports = servers.map((server) => {
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  })
  await Promise.all(
    servers.map(async (server) => {
      server.close()
      await once(server, 'close')
    })
  )
  return ports
}
