import { createSocket } from 'node:dgram'

/** Sends a datagram from a port of its own, and resolves with the answer; `undefined` if there is none in time. */
export async function exchangeDatagram(
  address: string,
  port: number,
  timeoutMs: number
): Promise<string | undefined> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const timer = setTimeout(() => resolve(undefined), timeoutMs)
  socket.on('message', (message) => resolve(message.toString()))
  // A refusal comes back as an error of a connected socket: it is no answer.
  socket.on('error', () => resolve(undefined))
  socket.connect(port, address, () => socket.send('?'))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}
