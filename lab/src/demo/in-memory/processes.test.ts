import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { StoryProcesses } from './processes.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

async function createDirectory(script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-story-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'program.mjs'), script)
  return directory
}

/** A demo: starts a program that lives as long as its connection to us. */
const DEMO = `
import { StoryProcesses } from ${JSON.stringify(join(import.meta.dirname, 'processes.ts'))}
const [directory, port] = process.argv.slice(2)
const { signal } = new AbortController()
const processes = new StoryProcesses({ root: directory, directory, signal })
for (const name of ['one', 'two']) processes.start({ name, script: 'program.mjs', args: [port] })
`
const PROGRAM = `
import { connect } from 'node:net'
connect(Number(process.argv[2]), '127.0.0.1').resume()
`

/** A program that was killed may have left by a reset. */
async function closeOf(socket: Socket): Promise<void> {
  await new Promise((resolve) => {
    socket.once('close', resolve)
  })
}

test('when the demo is killed its programs end, and its directory is gone', async () => {
  const directory = await createDirectory(PROGRAM)
  const { promise: bothThere, resolve } = Promise.withResolvers<readonly Socket[]>()
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    if (sockets.push(socket.on('error', () => undefined).resume()) === 2) resolve(sockets)
  }).listen(0, '127.0.0.1')
  cleanups.push(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  const script = join(directory, 'demo.mjs')
  await writeFile(script, DEMO)
  const demo = spawn(process.execPath, [script, directory, port], { stdio: 'ignore' })
  const ends = (await bothThere).map(closeOf)
  demo.kill('SIGKILL')
  await Promise.all(ends)
  expect(existsSync(directory)).toBe(false)
})

test('a program that has done its work ends although the demo is there, and takes nothing with it', async () => {
  const directory = await createDirectory('console.log("done")')
  const { signal } = new AbortController()
  const processes = new StoryProcesses({ root: directory, directory, signal })
  const program = processes.start({ name: 'short', script: 'program.mjs', args: [] })
  await program.exited()
  await processes.stop()
  expect(await readdir(directory)).toContain('program.mjs')
})

test('after the signal nothing is started', async () => {
  const directory = await createDirectory('')
  const signal = AbortSignal.abort(new Error('interrupted'))
  const processes = new StoryProcesses({ root: directory, directory, signal })
  expect(() => processes.start({ name: 'late', script: 'program.mjs', args: [] })).toThrow('interrupted')
  expect(await readdir(directory)).toEqual(['program.mjs'])
})

test('a program that is killed ends the wait for it', async () => {
  const directory = await createDirectory('setInterval(() => undefined, 1000)')
  const { signal } = new AbortController()
  const processes = new StoryProcesses({ root: directory, directory, signal })
  const program = processes.start({ name: 'silent', script: 'program.mjs', args: [] })
  const waiting = program.waitFor(() => false, 60_000)
  processes.kill()
  await expect(waiting).rejects.toThrow('silent ended (SIGKILL) before it was ready')
})
