import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { probeSandbox, sandboxPid, spawnSandboxed } from '../sandbox.ts'
import { openDoor } from './cluster-entrance.ts'
import { type ClusterReady } from './cluster-story.ts'
import { planPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

const STOP_TIMEOUT_MS = 15_000
/** Signals that come closer together than this are one wish: npm and the terminal send the same one. */
const SAME_WISH_MS = 1000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the script in a sandbox until somebody ends it. Out here there are only a port on loopback that leads to the API
 * server, and a directory with a kubeconfig for it and commands that run something on a host.
 */
export async function keepCluster(script: string, args: readonly string[]): Promise<number> {
  const refusal = await findRefusal()
  if (refusal !== undefined) {
    process.stderr.write(`there can be no cluster here: ${refusal}\n`)
    return 2
  }
  const directory = await TemporaryDirectory.create()
  const child = spawnSandboxed(script, args)
  const doors: (() => void)[] = []
  child.on('message', (message) => {
    const pid = sandboxPid(child)
    if (!isReady(message) || pid === undefined) return
    void openDoor({ ready: message, sandboxPid: pid, directory: directory.path }).then((close) =>
      doors.push(close)
    )
  })
  const endForwarding = forwardSignals(child)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  endForwarding()
  for (const close of doors) close()
  await directory.remove()
  return code ?? (signal === 'SIGKILL' ? 137 : 1)
}

async function findRefusal(): Promise<string | undefined> {
  const sandbox = probeSandbox()
  if (sandbox.type === 'refused') return sandbox.reason
  if (process.getuid?.() !== 0) return 'nodes need root: their containers have control groups and mounts'
  const plan = await planPrograms(CLUSTER_PROGRAMS)
  return plan.type === 'refused' ? plan.reason : undefined
}

/** The first signal asks the inside to end in order, a later one ends it at once. */
function forwardSignals(child: ChildProcess): () => void {
  let firstAtMs: number | undefined
  let insist: NodeJS.Timeout | undefined
  const kill = (): void => {
    const pid = sandboxPid(child)
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

function isReady(message: unknown): message is ClusterReady {
  return typeof message === 'object' && message !== null && 'kubeconfigFile' in message
}
