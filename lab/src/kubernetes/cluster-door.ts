import { runSandboxed } from '../run-sandboxed.ts'
import { probeSandbox } from '../sandbox.ts'
import { openDoor } from './cluster-entrance.ts'
import type { ClusterReady } from './cluster-story.ts'
import { planPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

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
  const code = await runSandboxed(script, args, (message, sandboxPid) =>
    isReady(message) ? openDoor({ ready: message, sandboxPid, directory: directory.path }) : undefined
  )
  await directory.remove()
  return code
}

async function findRefusal(): Promise<string | undefined> {
  const sandbox = probeSandbox()
  if (sandbox.type === 'refused') return sandbox.reason
  if (process.getuid?.() !== 0) return 'nodes need root: their containers have control groups and mounts'
  const plan = await planPrograms(CLUSTER_PROGRAMS)
  return plan.type === 'refused' ? plan.reason : undefined
}

function isReady(message: unknown): message is ClusterReady {
  return typeof message === 'object' && message !== null && 'kubeconfigFile' in message
}
