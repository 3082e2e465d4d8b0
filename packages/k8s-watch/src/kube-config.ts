import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User
} from '@kubernetes/client-node/dist/config_types.js'
import { KubeConfigError, messageOf } from './errors.ts'
import { isRecord } from './object.ts'

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where the API server is and who we are: one context of a kubeconfig, with its cluster and user. */
export interface KubeContext {
  readonly cluster: Cluster
  readonly user: User
  /** The namespace that the context names. */
  readonly namespace: string | undefined
}

export interface KubeContextOptions {
  /** Path of a kubeconfig file; it wins over everything else. */
  readonly kubeconfig?: string | undefined
  /** Name of the context to use instead of `current-context`. */
  readonly context?: string | undefined
  /** @defaultValue process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** @defaultValue '/var/run/secrets/kubernetes.io/serviceaccount' */
  readonly serviceAccountDirectory?: string
}

/**
 * Finds the configuration as Kubernetes controllers do: the file that was named, `$KUBECONFIG` (a list of files), the
 * service account of the pod, `~/.kube/config`.
 *
 * @throws KubeConfigError
 */
export async function loadKubeContext(options: KubeContextOptions = {}): Promise<KubeContext> {
  const { kubeconfig, context, env = process.env } = options
  if (kubeconfig !== undefined && kubeconfig !== '') return contextFromFiles([kubeconfig], context)
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  if (files.length > 0) return contextFromFiles(files, context)
  const directory = options.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY
  const namespace = readOptional(join(directory, 'namespace'))
  const host = env['KUBERNETES_SERVICE_HOST']
  if (host !== undefined && host !== '' && readOptional(join(directory, 'token')) !== undefined) {
    return inClusterContext(host, env['KUBERNETES_SERVICE_PORT'] ?? '443', directory, namespace)
  }
  return contextFromFiles([join(env['HOME'] ?? homedir(), '.kube', 'config')], context)
}

/**
 * One context out of the text of a kubeconfig (YAML or JSON).
 *
 * @param directory What relative paths in it are relative to.
 * @throws KubeConfigError
 */
export async function parseKubeContext(
  text: string,
  options: { readonly directory?: string; readonly context?: string | undefined } = {}
): Promise<KubeContext> {
  const document = await parseDocument(text, options.directory ?? process.cwd(), 'kubeconfig')
  return chooseContext([document], options.context)
}

interface KubeconfigDocument {
  readonly clusters: readonly Cluster[]
  readonly users: readonly User[]
  readonly contexts: readonly Context[]
  readonly currentContext: string | undefined
}

async function contextFromFiles(files: readonly string[], wanted: string | undefined): Promise<KubeContext> {
  const documents: KubeconfigDocument[] = []
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      throw new KubeConfigError('unreadable', `kubeconfig ${file}: ${messageOf(error)}`, { cause: error })
    }
    documents.push(await parseDocument(text, dirname(file), `kubeconfig ${file}`))
  }
  return chooseContext(documents, wanted)
}

async function parseDocument(text: string, directory: string, subject: string): Promise<KubeconfigDocument> {
  try {
    const parsed = await parseText(text)
    if (!isRecord(parsed)) throw new Error('not a mapping')
    const currentContext = parsed['current-context']
    return {
      clusters: newClusters(parsed['clusters']).map((cluster) => absoluteCluster(cluster, directory)),
      users: newUsers(withTokenFiles(parsed['users'], directory)).map((user) =>
        absoluteUser(user, directory)
      ),
      contexts: newContexts(parsed['contexts']),
      currentContext: typeof currentContext === 'string' && currentContext !== '' ? currentContext : undefined
    }
  } catch (error) {
    throw new KubeConfigError('malformed', `${subject}: ${messageOf(error)}`, { cause: error })
  }
}

async function parseText(text: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) return JSON.parse(text)
  // Only needed for kubeconfig files: in a pod the parser is never loaded.
  const { parse } = await import('yaml')
  return parse(text)
}

/** client-node does not know kubeconfig's `tokenFile`, but has a provider that re-reads such a file. */
function withTokenFiles(users: unknown, directory: string): unknown {
  if (!Array.isArray(users)) return users
  const entries: readonly unknown[] = users
  return entries.map((entry) => {
    if (!isRecord(entry) || !isRecord(entry['user'])) return entry
    const { tokenFile, ...user } = entry['user']
    if (typeof tokenFile !== 'string') return entry
    const config = { tokenFile: absolute(tokenFile, directory) }
    return { ...entry, user: { ...user, 'auth-provider': { name: 'tokenFile', config } } }
  })
}

function chooseContext(documents: readonly KubeconfigDocument[], wanted: string | undefined): KubeContext {
  const name = wanted ?? documents.find((document) => document.currentContext !== undefined)?.currentContext
  if (name === undefined) throw new KubeConfigError('no-context', 'kubeconfig: no current-context')
  // The first file that has a name wins, as for kubectl.
  const context = find(documents, 'contexts', name)
  const cluster = context && find(documents, 'clusters', context.cluster)
  if (context === undefined || cluster === undefined) {
    const missing =
      context === undefined ? `context ${name}` : `cluster ${context.cluster} of context ${name}`
    throw new KubeConfigError('no-context', `kubeconfig: no ${missing}`)
  }
  const user = find(documents, 'users', context.user) ?? { name: context.user }
  return { cluster, user, namespace: context.namespace }
}

function find<Part extends 'clusters' | 'users' | 'contexts'>(
  documents: readonly KubeconfigDocument[],
  part: Part,
  name: string
): KubeconfigDocument[Part][number] | undefined {
  for (const document of documents) {
    const found = document[part].find((item) => item.name === name)
    if (found !== undefined) return found
  }
  return undefined
}

function inClusterContext(host: string, port: string, directory: string, namespace?: string): KubeContext {
  const bracketed = host.includes(':') ? `[${host}]` : host
  return {
    cluster: {
      name: 'in-cluster',
      server: `https://${bracketed}:${port}`,
      caFile: join(directory, 'ca.crt'),
      skipTLSVerify: false
    },
    user: {
      name: 'in-cluster',
      authProvider: { name: 'tokenFile', config: { tokenFile: join(directory, 'token') } }
    },
    namespace
  }
}

function absoluteCluster(cluster: Cluster, directory: string): Cluster {
  return cluster.caFile === undefined ? cluster : { ...cluster, caFile: absolute(cluster.caFile, directory) }
}

function absoluteUser(user: User, directory: string): User {
  const { certFile, keyFile } = user
  return {
    ...user,
    ...(certFile ? { certFile: absolute(certFile, directory) } : {}),
    ...(keyFile ? { keyFile: absolute(keyFile, directory) } : {})
  }
}

function absolute(file: string, directory: string): string {
  return isAbsolute(file) ? file : join(directory, file)
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
