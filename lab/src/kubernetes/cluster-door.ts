import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { probeSandbox, sandboxPid, spawnSandboxed } from '../sandbox.ts'
import { API_SOCKET, type ClusterReady } from './cluster-story.ts'
import { planPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

const STOP_TIMEOUT_MS = 15_000
/** Signals that come closer together than this are one wish: npm and the terminal send the same one. */
const SAME_WISH_MS = 1000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the script in a sandbox until somebody ends it. Out here there are only a port on loopback that leads to the API
 * server, and a kubeconfig for it.
 */
export async function keepCluster(script: string): Promise<number> {
  const refusal = await findRefusal()
  if (refusal !== undefined) {
    process.stderr.write(`there can be no cluster here: ${refusal}\n`)
    return 2
  }
  const directory = await TemporaryDirectory.create()
  const child = spawnSandboxed(script, [])
  const doors: (() => void)[] = []
  child.on('message', (message) => {
    if (isReady(message)) void openDoor(child, message, directory.path).then((close) => doors.push(close))
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

async function openDoor(child: ChildProcess, ready: ClusterReady, directory: string): Promise<() => void> {
  const pid = sandboxPid(child)
  if (pid === undefined) return () => undefined
  const inside = `/proc/${pid}/root`
  const server = createServer((socket) => {
    const upstream = connect(`${inside}${API_SOCKET}`)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const kubeconfig = join(directory, 'kubeconfig')
  const text = await readFile(`${inside}${ready.kubeconfigFile}`, 'utf8')
  await writeFile(kubeconfig, text.replace(/"server": "[^"]*"/, `"server": "https://127.0.0.1:${port}"`), {
    mode: 0o600
  })
  process.stdout.write(describe(kubeconfig, inside, await kubectlPath()))
  return () => server.close()
}

async function kubectlPath(): Promise<string> {
  const plan = await planPrograms(['kubectl'])
  return plan.type === 'available' ? (plan.found.get('kubectl') ?? 'kubectl') : 'kubectl'
}

function describe(kubeconfig: string, inside: string, kubectl: string): string {
  return `
export KUBECONFIG=${kubeconfig}

Things to try (${kubectl} is the kubectl of this version):
  kubectl get nodes,pods,services -o wide
  kubectl -n metallb-system get ipaddresspools,l2advertisements,servicel2statuses,configurationstates
  kubectl scale deployment web --replicas 5
  kubectl create service loadbalancer mine --tcp=80:8080
As a host on the segment, which is no node:
  nsenter --net=${inside}/run/netns/client curl -s http://192.168.100.200/
  nsenter --net=${inside}/run/netns/client ip neigh
As a node:
  nsenter --net=${inside}/run/netns/node-1 nft list table ip kube-proxy

Ctrl-C ends it all.
`
}

function isReady(message: unknown): message is ClusterReady {
  return typeof message === 'object' && message !== null && 'kubeconfigFile' in message
}
