import { Api } from './api.ts'
import { ApiError } from './api-error.ts'
import { builtinResources } from './builtin-resources.ts'
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createServerCertificate
} from './certificates.ts'
import { CustomResources } from './custom-resources.ts'
import { DataFile, type StoredState } from './data-file.ts'
import { Faults } from './faults.ts'
import { GarbageCollector } from './garbage-collector.ts'
import { HttpServer } from './http-server.ts'
import { formatKubeconfig } from './kubeconfig.ts'
import { NamespaceRules } from './namespace-rules.ts'
import { Registry } from './registry.ts'
import { RequestHandler } from './request-handler.ts'
import { ResourceHandler } from './resource-handler.ts'
import { ServiceAllocations } from './service-allocations.ts'
import { createServiceStrategy } from './service-rules.ts'
import { Store, type StoreSnapshot } from './store.ts'
import { Tokens } from './tokens.ts'
import { ValidatingWebhooks } from './validating-webhooks.ts'
import { WatchHub } from './watch-hub.ts'

/** Options of a {@link KubeSim}. */
export interface KubeSimOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Port to listen on; 0 chooses a free one. Default 0. */
  readonly port?: number | undefined
  /** Further host names and addresses for the server's certificate. */
  readonly hosts?: readonly string[] | undefined
  /** Prefixes for cluster IPs, at most one of each family. Default `10.96.0.0/16` and `fd00:10:96::/112`. */
  readonly serviceCidrs?: readonly string[] | undefined
  /** First and last node port. Default 30000 to 32767. */
  readonly nodePortRange?: readonly [first: number, last: number] | undefined
  /** A file that keeps all objects beyond the life of the process. Without it everything is in memory only. */
  readonly dataFile?: string | undefined
  /** Changes kept per resource for watches that resume. Default 10,000. */
  readonly historyLimit?: number | undefined
  /** Time between bookmarks, milliseconds. Default 10,000. */
  readonly bookmarkIntervalMs?: number | undefined
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** What happens to the objects when the server is restarted. */
export interface RestartOptions {
  /** `keep` (default), `lose` everything but the built-in namespaces, or go back to an earlier {@link StoreSnapshot}. */
  readonly data?: 'keep' | 'lose' | StoreSnapshot | undefined
  /** Called while the server is down; it comes back when the promise resolves. */
  readonly whileDown?: (() => Promise<void>) | undefined
}

const DEFAULT_CIDRS: readonly string[] = ['10.96.0.0/16', 'fd00:10:96::/112']
const DEFAULT_NAMESPACES: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** A Kubernetes API server in this process. */
export class KubeSim {
  readonly #options: KubeSimOptions
  readonly #now: () => number
  readonly #host: string
  readonly #dataFile: DataFile | undefined
  readonly #stored: StoredState | undefined
  readonly #handler: RequestHandler
  readonly #resources: ResourceHandler
  readonly #watches: WatchHub
  readonly #ended = new AbortController()
  #authority: CertificateAuthority | undefined
  #server: HttpServer | undefined
  #port: number
  #token = ''

  /** All objects. Writing here skips every rule of the API; use {@link api} for what a client would do. */
  readonly store: Store
  /** The API without HTTP. */
  readonly api: Api
  /** The resources that are served. */
  readonly registry: Registry = new Registry()
  /** Faults on demand. */
  readonly faults: Faults
  readonly tokens: Tokens

  constructor(options: KubeSimOptions = {}) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#host = options.host ?? '127.0.0.1'
    this.#port = options.port ?? 0
    this.#dataFile = options.dataFile === undefined ? undefined : new DataFile(options.dataFile)
    this.#stored = this.#dataFile?.open()
    this.store = new Store({ historyLimit: options.historyLimit ?? 10_000, journal: this.#dataFile })
    this.api = new Api(this.store, this.#now)
    this.tokens = new Tokens(this.#now)
    this.#watches = new WatchHub(() => this.store.revision)
    this.#resources = new ResourceHandler({ api: this.api, watches: this.#watches, now: this.#now })
    this.faults = this.#createFaults()
    this.#addResources()
    this.#handler = new RequestHandler({
      registry: this.registry,
      resources: this.#resources,
      tokens: this.tokens,
      faults: this.faults,
      webhooks: new ValidatingWebhooks({
        store: this.store,
        registry: this.registry,
        resources: this.#resources
      }),
      url: () => this.url,
      signal: this.#ended.signal
    })
  }

  /** `https://host:port`; known after {@link start}. */
  get url(): string {
    const host = this.#host === '0.0.0.0' ? '127.0.0.1' : this.#host === '::' ? '::1' : this.#host
    return `https://${host.includes(':') ? `[${host}]` : host}:${this.#port}`
  }

  /** The certificate of the authority, PEM. */
  get ca(): string {
    return this.#authority?.certificate ?? ''
  }

  /** A bearer token that stays valid until it is expired. */
  get token(): string {
    return this.#token
  }

  get port(): number {
    return this.#port
  }

  /** The text of a kubeconfig for this server. */
  kubeconfig(token: string = this.#token): string {
    return formatKubeconfig({ url: this.url, ca: this.ca, token })
  }

  /** Makes a bearer token for somebody, valid until it is expired or its time is over. */
  createToken(username: string, options: { readonly ttlMs?: number } = {}): string {
    return this.tokens.create(username, options)
  }

  /** Starts to listen. @throws Error of the listen call, as EADDRINUSE. */
  async start(): Promise<void> {
    if (this.#stored !== undefined) this.store.restore(this.#stored.snapshot)
    this.#authority = this.#stored?.authority ?? (await createCertificateAuthority(this.#now()))
    this.#token = this.tokens.create(
      'kubernetes-admin',
      this.#stored === undefined ? {} : { token: this.#stored.token }
    )
    this.#dataFile?.begin({ authority: this.#authority, token: this.#token }, this.store.snapshot(), () =>
      this.store.snapshot()
    )
    this.#createNamespaces()
    await this.#listen()
  }

  /** Closes all connections. Idempotent. */
  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#shut()
    this.#dataFile?.close()
  }

  /** A copy of all objects, for {@link restart}. Costs no more than references. */
  snapshot(): StoreSnapshot {
    return this.store.snapshot()
  }

  /** Goes down and comes back on the same port, with the same authority and tokens. */
  async restart({ data = 'keep', whileDown }: RestartOptions = {}): Promise<void> {
    await this.#shut()
    this.#resources.pages.clear()
    const snapshot =
      data === 'keep' ? this.store.snapshot() : data === 'lose' ? { revision: 0, objects: new Map() } : data
    this.store.restore(snapshot)
    this.#dataFile?.rewrite(this.store.snapshot())
    if (data === 'lose') this.#createNamespaces()
    await whileDown?.()
    await this.#listen()
  }

  async #shut(): Promise<void> {
    this.#watches.stop()
    await this.#server?.stop()
    this.#server = undefined
  }

  async #listen(): Promise<void> {
    const authority = this.#authority
    if (authority === undefined) throw new TypeError('start() comes before restart()')
    const hosts = new Set([
      'localhost',
      '127.0.0.1',
      '::1',
      'kubernetes.default.svc',
      this.#host,
      ...(this.#options.hosts ?? [])
    ])
    hosts.delete('0.0.0.0')
    hosts.delete('::')
    const certificate = await createServerCertificate(authority, [...hosts], this.#now())
    this.#server = new HttpServer({
      host: this.#host,
      port: this.#port,
      certificate,
      handle: (request, response) => this.#handler.handle(request, response)
    })
    this.#port = await this.#server.start()
    this.#watches.start(this.#options.bookmarkIntervalMs ?? 10_000)
  }

  #createFaults(): Faults {
    return new Faults({
      cutWatches: (match) => this.#watches.cut(match),
      silenceWatches: (match) => this.#watches.silence(match),
      failWatches: (match) => this.#watches.fail(match, ApiError.expired('too old resource version')),
      compact: () => {
        this.store.compact()
        this.#resources.pages.clear()
      },
      expireTokens: (token) => this.tokens.expire(token),
      renewTokens: (token) => this.tokens.renew(token)
    })
  }

  #addResources(): void {
    const allocations = new ServiceAllocations({
      cidrs: this.#options.serviceCidrs ?? DEFAULT_CIDRS,
      nodePortRange: this.#options.nodePortRange ?? [30_000, 32_767]
    })
    const customResources = new CustomResources({ api: this.api, registry: this.registry })
    this.store.observe(
      (change) => allocations.observe(change),
      () => allocations.reset()
    )
    this.store.observe(
      (change) => customResources.observe(change),
      () => customResources.reset()
    )
    const rules = { service: createServiceStrategy(allocations), crd: customResources.strategy }
    for (const type of builtinResources(rules)) this.registry.add(type)
    this.api.use(customResources.hooks)
    this.api.use(new NamespaceRules({ api: this.api, registry: this.registry }).hooks)
    this.api.use(new GarbageCollector({ api: this.api, registry: this.registry }).hooks)
  }

  #createNamespaces(): void {
    const type = this.registry.get('', 'v1', 'namespaces')
    if (type === undefined) return
    for (const name of DEFAULT_NAMESPACES) {
      if (this.store.get(type.storage, undefined, name) !== undefined) continue
      this.api.create(type, undefined, { metadata: { name } }, { fieldManager: 'kube-apiserver' })
    }
  }
}
