import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sandboxPid, spawnSandboxed } from './sandbox.ts'

/** Signals that come closer together than this are one wish: npm and the terminal send the same one. */
const SAME_WISH_MS = 1000
const STOP_TIMEOUT_MS = 15_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Keeps a way into the sandbox open, if this message asks for one; resolves with what closes it. */
export type OpenDoor = (message: unknown, pid: number) => Promise<() => void> | undefined

/**
 * Runs a script in a sandbox until it ends, and has it end in order by signals: it is sent `{ type: 'stop' }` by the
 * first, and killed by a later one or if it takes too long.
 *
 * @param onMessage called for each message of the script
 * @returns the exit status
 */
export async function runSandboxed(
  script: string,
  args: readonly string[],
  onMessage: OpenDoor
): Promise<number> {
  const child = spawnSandboxed(script, args)
  const doors: Promise<() => void>[] = []
  child.on('message', (message) => {
    const pid = sandboxPid(child)
    const door = pid === undefined ? undefined : onMessage(message, pid)
    if (door === undefined) return
    const noWay = (error: unknown): (() => void) => {
      process.stderr.write(`there is no way into the sandbox from here: ${String(error)}\n`)
      return () => undefined
    }
    doors.push(door.catch(noWay))
  })
  const endForwarding = forwardSignals(child)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  endForwarding()
  for (const close of await Promise.all(doors)) close()
  return code ?? (signal === 'SIGKILL' ? 137 : 1)
}

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
  for (const signal of SIGNALS) process.on(signal, stop)
  process.on('disconnect', stop)
  return () => {
    clearTimeout(insist)
    for (const signal of SIGNALS) process.off(signal, stop)
    process.off('disconnect', stop)
    if (process.connected) process.disconnect()
  }
}
