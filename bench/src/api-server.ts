import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { buildCrdManifests } from '@clarion-lb/crds'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  defineResource,
  KubeClient,
  type KubeObject,
  NAMESPACES,
  type ResourceRef
} from '@clarion-lb/k8s-watch'
import { LabProcess } from '@clarion-lb/lab'

export const NAMESPACE = 'metallb-system'
const READY_TIMEOUT_MS = 30_000

/** kube-sim in a process of its own, with the metallb.io kinds, and a client for it. */
export interface ApiServer {
  readonly directory: string
  readonly kubeconfigFile: string
  readonly client: KubeClient
  /** Number of requests of a kind that arrived since the counter was made; a request counts for one counter only. */
  countRequests(match: object): Promise<() => Promise<number>>
  stop(): Promise<void>
}

/** @param host address to listen on, for those who cannot reach our loopback */
export async function startApiServer(host = '127.0.0.1'): Promise<ApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-bench-'))
  const kubeconfigFile = join(directory, 'kubeconfig')
  const server = new LabProcess({
    name: 'kube-sim',
    script: createRequire(import.meta.url)
      .resolve('@clarion-lb/kube-sim')
      .replace(/index\.js$/, 'main.js'),
    args: ['--kubeconfig', kubeconfigFile, '--host', host],
    logFile: join(directory, 'kube-sim.log')
  })
  server.start()
  await server.waitFor((said) => typeof said === 'string' && said.startsWith('{'), READY_TIMEOUT_MS)
  const client = await KubeClient.load({ kubeconfig: kubeconfigFile })
  for (const manifest of buildCrdManifests()) await client.create(CUSTOM_RESOURCE_DEFINITIONS, manifest)
  await client.create(NAMESPACES, { metadata: { name: NAMESPACE } })
  return {
    directory,
    kubeconfigFile,
    client,
    countRequests: async (match) => {
      const { id } = await admin(kubeconfigFile, 'POST', { match, action: { type: 'delay', ms: 0 } })
      return async () => {
        const { faults } = await admin(kubeconfigFile, 'GET')
        return faults?.find((fault) => fault.id === id)?.hits ?? 0
      }
    },
    stop: async () => {
      client.close()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    }
  }
}

interface AdminAnswer {
  readonly id?: string
  readonly faults?: readonly { readonly id: string; readonly hits: number }[]
}

function isAdminAnswer(answer: unknown): answer is AdminAnswer {
  return typeof answer === 'object' && answer !== null && !('code' in answer)
}

/** The door of kube-sim for faults. A delay of nothing counts requests. */
async function admin(kubeconfigFile: string, method: string, body?: object): Promise<AdminAnswer> {
  const kubeconfig = await readFile(kubeconfigFile, 'utf8')
  const field = (name: string): string => new RegExp(`${name}: (\\S+)`).exec(kubeconfig)?.[1] ?? ''
  const ca = Buffer.from(field('certificate-authority-data'), 'base64').toString()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request(
    `${field('server')}/kube-sim/faults`,
    {
      method,
      ca,
      agent: false,
      headers: { authorization: `Bearer ${field('token')}`, 'content-type': 'application/json' }
    },
    (response) => void text(response).then(resolve, reject)
  )
  call.on('error', reject)
  call.end(body === undefined ? undefined : JSON.stringify(body))
  const answer: unknown = JSON.parse(await promise)
  if (!isAdminAnswer(answer)) throw new Error(`kube-sim: ${JSON.stringify(answer)}`)
  return answer
}

/** The pools of the benchmarks. */
export const POOLS: ResourceRef<KubeObject & { readonly spec: object }> = defineResource({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'ipaddresspools',
  kind: 'IPAddressPool',
  isNamespaced: true
})

export const L2_ADVERTISEMENTS: ResourceRef<KubeObject & { readonly spec: object }> = defineResource({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'l2advertisements',
  kind: 'L2Advertisement',
  isNamespaced: true
})

export const L2_STATUSES: ResourceRef<KubeObject & { readonly status?: object }> = defineResource({
  group: 'metallb.io',
  version: 'v1beta1',
  plural: 'servicel2statuses',
  kind: 'ServiceL2Status',
  isNamespaced: true
})
