import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ApiGate } from './api-gate.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

/** A gate to a server that is served by `serve`. */
async function setUp(serve: (socket: Socket) => void) {
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const gate = new ApiGate(address.port)
  const port = await gate.start()
  cleanups.push(() => gate.stop())
  return {
    gate,
    enter: () => connect(port, '127.0.0.1'),
    bypass: () => connect(address.port, '127.0.0.1')
  }
}

async function echoOf(socket: Socket, text: string): Promise<string> {
  const answered = once(socket, 'data')
  socket.write(text)
  return String((await answered)[0])
}

/** Connections that are lost may end by a reset. */
async function closeOf(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume()
  await new Promise((resolve) => {
    socket.once('close', resolve)
  })
}

test('what goes in comes out, both ways', async () => {
  const { enter } = await setUp((socket) => socket.pipe(socket))
  expect(await echoOf(enter(), 'hello')).toBe('hello')
})

test('while it is closed nothing comes through; then the old connections are lost, and new ones work', async () => {
  const heard: string[] = []
  const lost: Promise<void>[] = []
  const { gate, enter, bypass } = await setUp((socket) => {
    socket.on('data', (chunk) => {
      heard.push(String(chunk))
      socket.write(chunk)
    })
    lost.push(closeOf(socket))
  })
  const before = enter()
  await echoOf(before, 'before')
  gate.close()
  before.write('while closed')
  const during = enter()
  // It is not refused: a cable that is out refuses nothing.
  await once(during, 'connect')
  during.write('while closed')
  // All of this is one thread: what came through would have come before these.
  for (const text of ['beside it', 'and again']) await echoOf(bypass(), text)
  const ends = [before, during].map(closeOf)
  gate.open()
  await Promise.all([...ends, lost[0]])
  expect(heard).toEqual(['before', 'beside it', 'and again'])
  expect(await echoOf(enter(), 'after')).toBe('after')
})

test('opening a gate that is open loses nobody', async () => {
  const { gate, enter } = await setUp((socket) => socket.pipe(socket))
  const socket = enter()
  await echoOf(socket, 'one')
  gate.open()
  expect(await echoOf(socket, 'two')).toBe('two')
})

test('an answer that is larger than all buffers arrives whole at a slow reader', async () => {
  const length = 8 << 20
  const { enter } = await setUp((socket) => socket.end(Buffer.alloc(length, 'x')))
  let received = 0
  for await (const chunk of enter()) {
    received += Buffer.byteLength(chunk)
    await new Promise(setImmediate)
  }
  expect(received).toBe(length)
})
