import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { exchangeDatagram } from './datagram.ts'

test('a datagram is answered, or there is no answer', async () => {
  const server = createSocket('udp6')
  server.on('message', (_, { port, address }) => server.send('here', port, address))
  server.bind(0, '::1')
  await once(server, 'listening')
  const { port } = server.address()
  expect(await exchangeDatagram('::1', port, 10_000)).toBe('here')
  server.close()
  await once(server, 'close')
  expect(await exchangeDatagram('::1', port, 10_000)).toBeUndefined()
})
