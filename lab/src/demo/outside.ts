import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouterKind } from '../router/router.ts'
import { sandboxPid, spawnSandboxed } from '../sandbox.ts'
import { describeThingsToTry } from './things-to-try.ts'

/** Signals that come closer together than this are one wish: npm and the terminal send the same one. */
const SAME_WISH_MS = 1000
const STOP_TIMEOUT_MS = 15_000

/** Runs the story in a sandbox; out here only a way in for the person's `kubectl` is kept open. */
export async function tellSandboxed(script: string, args: readonly string[]): Promise<number> {
  const child = spawnSandboxed(script, args)
  const doors: Door[] = []
  child.on('message', (message) => {
    if (isReady(message)) void openDoor(child, message).then((door) => doors.push(door))
  })
  const endForwarding = forwardSignals(child)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  endForwarding()
  for (const door of doors) door.close()
  return code ?? (signal === 'SIGKILL' ? 137 : 1)
}

/** The first signal asks the inside to end in order, a later one ends it at once. */
function forwardSignals(child: ChildProcess): () => void {
  let firstAtMs: number | undefined
  let insist: NodeJS.Timeout | undefined
  const kill = (): void => {
    const pid = sandboxPid(child)
    // The first process of the process namespace takes all others with it.
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  }
  const stop = (): void => {
    const nowMs = performance.now()
    firstAtMs ??= nowMs
    if (nowMs - firstAtMs > SAME_WISH_MS) return kill()
    if (child.connected) child.send({ type: 'stop' })
    insist ??= setTimeout(kill, STOP_TIMEOUT_MS)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  process.on('disconnect', stop)
  return () => {
    clearTimeout(insist)
    for (const signal of signals) process.off(signal, stop)
    process.off('disconnect', stop)
    if (process.connected) process.disconnect()
  }
}

/** What the inside says when the story has been told. */
interface Ready {
  readonly kubeconfig: string
  readonly router: RouterKind
}

interface Door {
  close(): void
}

/**
 * The sandbox's network cannot be reached from here, but its files can: a port on this host's loopback is joined to
 * the API server's socket file inside.
 */
async function openDoor(child: ChildProcess, ready: Ready): Promise<Door> {
  const pid = sandboxPid(child)
  if (pid === undefined) return { close: () => undefined }
  const inside = `/proc/${pid}/root`
  const server: Server = createServer((socket) => {
    const upstream = connect(`${inside}/run/clarion/api.sock`)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const directory = mkdtempSync(join(tmpdir(), 'clarion-demo-'))
  const kubeconfig = join(directory, 'kubeconfig')
  const text = readFileSync(`${inside}${ready.kubeconfig}`, 'utf8')
  writeFileSync(kubeconfig, text.replace(/server: .*/, `server: https://127.0.0.1:${port}`), { mode: 0o600 })
  process.stdout.write(describeThingsToTry(kubeconfig, pid, ready.router))
  return {
    close: () => {
      server.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && 'kubeconfig' in message
}
