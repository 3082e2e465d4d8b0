import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { prepareSandbox } from '../sandbox.ts'
import { getPrograms } from './get-programs.ts'
import { InstalledClarion } from './installed-clarion.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'
import { applyManifest } from './manifests.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'
import { EXAMPLE_MANIFESTS, webManifests } from './web-manifests.ts'

/** Leads to the API server, for those who see our files but not our network. */
export const API_SOCKET = '/run/clarion/api.sock'

/** What the outside is told when the cluster is there. */
export interface ClusterReady {
  readonly kubeconfigFile: string
}

const WEB_PODS = 2

/**
 * Inside the sandbox: a cluster with Clarion and a few pods on it, until we are told to stop.
 *
 * @param root - Directory of the repository.
 */
export async function runCluster(root: string): Promise<void> {
  const startedAt = performance.now()
  const say = (text: string): void => {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
  }
  const stopped = stopWanted()
  await prepareSandbox()
  const cluster = await KubernetesCluster.start({ programs: await getPrograms(CLUSTER_PROGRAMS, say) }, say)
  const clarion = new InstalledClarion({
    controlPlane: cluster.controlPlane,
    root,
    args: ['--log-level=info']
  })
  try {
    await clarion.applyManifest()
    await clarion.startController()
    for (const name of cluster.nodeNames)
      await clarion.startSpeaker(name, { prefix: cluster.segment.enter(name) })
    for (const manifest of [...EXAMPLE_MANIFESTS, ...webManifests('web', WEB_PODS)])
      await applyManifest(cluster.controlPlane.connection, manifest)
    await cluster.waitForPods('default', 'app=web', WEB_PODS)
    say(`${WEB_PODS} pods ready, and Clarion running on every node`)
    const closeSocket = await openApiSocket(cluster.controlPlane.url)
    const ready: ClusterReady = { kubeconfigFile: cluster.controlPlane.kubeconfigFile }
    process.send?.(ready)
    await stopped
    closeSocket()
  } finally {
    await clarion.stop()
    await cluster.stop()
  }
}

/** Nobody who waits for us, or who says so. */
async function stopWanted(): Promise<unknown> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  return Promise.race([
    once(process, 'message'),
    once(process, 'disconnect'),
    ...signals.map(async (signal) => once(process, signal))
  ])
}

async function openApiSocket(url: string): Promise<() => void> {
  const { hostname, port } = new URL(url)
  await mkdir(dirname(API_SOCKET), { recursive: true })
  const server = createServer((socket) => {
    const upstream = connect(Number(port), hostname)
    socket.pipe(upstream).pipe(socket)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
  })
  server.listen(API_SOCKET)
  await once(server, 'listening')
  return () => server.close()
}
