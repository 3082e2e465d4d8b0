import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { prepareSandbox } from '../sandbox.ts'
import { buildClarionImages } from './clarion-images.ts'
import { getPrograms } from './get-programs.ts'
import { CLARION_NAMESPACE } from './installed-clarion.ts'
import { Kubectl } from './kubectl.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'
import { EXAMPLE_MANIFESTS, webManifests } from './web-manifests.ts'

/** What of the sandbox is for those who see its files but not its network. */
const SHARED = '/run/clarion'
/** Leads to the API server. */
export const API_SOCKET: string = join(SHARED, 'api.sock')
/** One script for each host: it runs its arguments there. */
export const HOST_SCRIPTS: string = join(SHARED, 'hosts')

/** What the outside is told when the cluster is there. */
export interface ClusterReady {
  readonly kubeconfigFile: string
  /** Each has a script in {@link HOST_SCRIPTS}. */
  readonly hosts: readonly string[]
  readonly isInstalled: boolean
}

export interface ClusterStoryOptions {
  /** Directory of the repository. */
  readonly root: string
  /** Whether Clarion is installed, with addresses of the segment, or only its images are there. */
  readonly isInstalled: boolean
}

const WEB_PODS = 2

/** Inside the sandbox: a cluster with a few pods on it, until we are told to stop. */
export async function runCluster({ root, isInstalled }: ClusterStoryOptions): Promise<void> {
  const startedAt = performance.now()
  const say = (text: string): void => {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
  }
  const stopped = stopWanted()
  await prepareSandbox()
  await mkdir(HOST_SCRIPTS, { recursive: true })
  const programs = await getPrograms(CLUSTER_PROGRAMS, say)
  const imageArchives = await buildClarionImages(root, join(SHARED, 'images'))
  say('images of Clarion built')
  const cluster = await KubernetesCluster.start({ programs, imageArchives }, say)
  const { kubeconfigFile, url } = cluster.controlPlane
  const kubectl = new Kubectl(programs.get('kubectl') ?? 'kubectl', kubeconfigFile)
  try {
    await applyAll(kubectl, webManifests('web', WEB_PODS))
    await cluster.waitForPods('default', 'app=web', WEB_PODS)
    say(`${WEB_PODS} pods ready, and two Services of type LoadBalancer for them`)
    if (isInstalled) {
      await install(kubectl, root)
      say('Clarion installed, with addresses of the segment')
    }
    const hosts = await writeHostScripts(cluster)
    const closeSocket = await openApiSocket(url)
    const ready: ClusterReady = { kubeconfigFile, hosts, isInstalled }
    process.send?.(ready)
    await stopped
    closeSocket()
  } finally {
    await cluster.stop()
  }
}

async function install(kubectl: Kubectl, root: string): Promise<void> {
  await kubectl.run('apply', '-f', join(root, 'deploy', 'manifests', 'clarion-native.yaml'))
  for (const workload of ['deployment/controller', 'daemonset/speaker'])
    await kubectl.run('-n', CLARION_NAMESPACE, 'rollout', 'status', workload, '--timeout=120s')
  await applyAll(kubectl, EXAMPLE_MANIFESTS)
}

async function applyAll(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  await kubectl.feed(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'apply', '-f', '-')
}

/** For the client on the segment and every node. */
async function writeHostScripts(cluster: KubernetesCluster): Promise<readonly string[]> {
  const scripts = new Map([['client', [...cluster.segment.enter('client')]]])
  for (const [name, node] of cluster.nodes) {
    const environment = Object.entries(node.containerdEnvironment).map((entry) => entry.join('='))
    scripts.set(name, [...node.enter(), 'env', ...environment])
  }
  for (const [name, words] of scripts) {
    // Who enters a mount namespace is in its root directory.
    const script = `#!/bin/sh\nexec ${words.join(' ')} sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"\n`
    await writeFile(join(HOST_SCRIPTS, name), script, { mode: 0o755 })
  }
  return [...scripts.keys()]
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
