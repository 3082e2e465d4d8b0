import { readFileSync } from 'node:fs'
import type { Agent, AgentOptions, RequestOptions } from 'node:https'
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js'
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js'
import { KubeConfigError, messageOf } from './errors.ts'
import type { KubeContext } from './kube-config.ts'

/** What a request needs to be accepted. */
export interface RequestCredentials {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: AgentOptions
  /** Set when the connection must be made some other way (a proxy). */
  readonly agent: Agent | undefined
  /** Credentials with the same number may share connections. */
  readonly generation: number
}

/**
 * The credentials of a context. Token files are read again every minute, `exec` plug-ins run again when their token
 * expires; {@link forget} makes both, and certificate files, be read at the next request.
 */
export class Credentials {
  readonly #context: KubeContext
  #generation = 0
  #tls: AgentOptions | undefined
  #fileAuth = new FileAuth()
  #execAuth = new ExecAuth()
  /** One plug-in run serves all requests that wait for it. */
  #pending: Promise<RequestCredentials> | undefined

  constructor(context: KubeContext) {
    this.#context = context
  }

  /** Drops what was read. @param generation Of the credentials that were refused: later ones are kept. */
  forget(generation: number): void {
    if (generation !== this.#generation) return
    this.#generation += 1
    this.#tls = undefined
    this.#fileAuth = new FileAuth()
    this.#execAuth = new ExecAuth()
    // What is being read may be what was just refused.
    this.#pending = undefined
  }

  /** @throws KubeConfigError with reason `credentials`. */
  async current(): Promise<RequestCredentials> {
    if (this.#pending !== undefined) return this.#pending
    const pending = this.#read(this.#generation).finally(() => {
      if (this.#pending === pending) this.#pending = undefined
    })
    this.#pending = pending
    return pending
  }

  async #read(generation: number): Promise<RequestCredentials> {
    const { cluster, user } = this.#context
    try {
      if (cluster.proxyUrl || isLegacyProvider(user.authProvider))
        return await this.#readWithClientLibrary(generation)
      this.#tls ??= readTls(this.#context)
      const options: RequestOptions & { headers: Record<string, string> } = { headers: {} }
      if (this.#fileAuth.isAuthProvider(user)) await this.#fileAuth.applyAuthentication(user, options)
      else if (this.#execAuth.isAuthProvider(user)) await this.#execAuth.applyAuthentication(user, options)
      const { cert, key } = options
      const tls: AgentOptions = {
        ...this.#tls,
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key })
      }
      return {
        headers: headersOf(this.#context, options.headers),
        tls,
        agent: undefined,
        generation
      }
    } catch (error) {
      const message = `credentials of ${user.name}: ${messageOf(error)}`
      throw new KubeConfigError('credentials', message, { cause: error })
    }
  }

  /**
   * Proxies and the providers of cloud vendors: rare, and the whole client library costs 90 MB, so it is loaded only
   * when asked for.
   */
  async #readWithClientLibrary(generation: number): Promise<RequestCredentials> {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const { cluster, user } = this.#context
    const config = new KubeConfig()
    config.loadFromClusterAndUser(cluster, user)
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} }
    await config.applyToHTTPSOptions(options)
    const agent = typeof options.agent === 'object' ? options.agent : undefined
    // The agent was made by node:https or by a class that extends it.
    return {
      headers: headersOf(this.#context, options.headers),
      tls: {},
      agent: agent as Agent | undefined,
      generation
    }
  }
}

function isLegacyProvider(provider: unknown): boolean {
  if (typeof provider !== 'object' || provider === null || !('name' in provider)) return false
  return provider.name !== 'tokenFile' && provider.name !== 'exec'
}

function headersOf(
  { user }: KubeContext,
  fromPlugin: Readonly<Record<string, string>>
): Record<string, string> {
  const headers: Record<string, string> = {}
  // A token file usually ends with a line feed, which no header may hold.
  for (const [name, value] of Object.entries(fromPlugin)) headers[name] = value.trim()
  if (user.token) headers['Authorization'] = `Bearer ${user.token.trim()}`
  if (user.username) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')
    headers['Authorization'] = `Basic ${basic}`
  }
  if (user.impersonateUser) headers['Impersonate-User'] = user.impersonateUser
  return headers
}

function readTls({ cluster, user }: KubeContext): AgentOptions {
  const ca = readBytes(cluster.caFile, cluster.caData)
  const cert = readBytes(user.certFile, user.certData)
  const key = readBytes(user.keyFile, user.keyData)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
    ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {})
  }
}

function readBytes(file: string | undefined, base64: string | undefined): Buffer | undefined {
  if (file) return readFileSync(file)
  if (base64) return Buffer.from(base64, 'base64')
  return undefined
}
