import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApiAnswer, type ApiRequest, askApi } from './api-request.ts'
import { Authority, type Credentials, createSigningKey, type Subject } from './authority.ts'
import {
  AUDIT_POLICY,
  apiServerCommand,
  apiServerHosts,
  auditFiles,
  type ControlPlanePlace,
  controllerManagerCommand,
  etcdCommand,
  etcdUrl,
  schedulerCommand
} from './control-plane-commands.ts'
import { Daemon, DaemonError } from './daemon.ts'
import { EtcdOperator } from './etcd.ts'
import { findFreePorts } from './free-ports.ts'
import type { Programs } from './get-programs.ts'
import { type Connection, formatKubeconfig, type KubeconfigUser } from './kubeconfig.ts'
import type { ProgramName } from './programs.ts'
import { signServiceAccountToken } from './service-account-token.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

export interface ControlPlaneOptions {
  /** See `getPrograms`. */
  readonly programs: Programs
  /** An address of ours that the API server listens on. @defaultValue 127.0.0.1 */
  readonly address?: string
  /**
   * Whether there are a controller manager and a scheduler too. Without them nodes, pods and endpoints are what the
   * tests make of them, and no owner's or namespace's deletion spreads.
   * @defaultValue false
   */
  readonly hasControllers?: boolean
  /** Whether every request is written to {@link ControlPlane.auditLogFile}. @defaultValue false */
  readonly hasAuditLog?: boolean
  /**
   * Whether addresses of Services are chosen as up to Kubernetes 1.32, from a bitmap: since then each new one has the API
   * server go over all that are taken.
   * @defaultValue false
   */
  readonly hasClusterIpBitmap?: boolean
}

/** Whom a token is for. */
export interface ServiceAccount {
  readonly namespace: string
  readonly name: string
}

const READY_TIMEOUT_MS = 120_000
const PROBE_TIMEOUT_MS = 2000
const PORT_ATTEMPTS = 3

/**
 * Starts etcd and an API server, with ports and a directory of their own, and resolves when they are ready.
 *
 * @throws DaemonError if one of them ends or is not ready within two minutes
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt += 1) {
    const controlPlane = await ControlPlane.create(options)
    try {
      await controlPlane.start()
      return controlPlane
    } catch (error) {
      await controlPlane.stop()
      const isPortTaken = error instanceof DaemonError && error.log.includes('address already in use')
      if (!isPortTaken || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

/** A real API server over a real etcd, and what can befall them. */
export class ControlPlane {
  readonly directory: string
  readonly authority: Authority
  /** As an administrator. */
  readonly connection: Connection
  readonly etcd: EtcdOperator
  readonly #temporary: TemporaryDirectory
  readonly #place: ControlPlanePlace
  readonly #etcdDaemon: Daemon
  readonly #apiServerDaemon: Daemon
  readonly #controllers: readonly Daemon[]

  private constructor(facts: ControlPlaneFacts) {
    const { place, programs } = facts
    this.authority = facts.authority
    this.connection = facts.connection
    this.directory = place.directory
    this.#temporary = facts.temporary
    this.#place = place
    this.etcd = new EtcdOperator(etcdUrl(place))
    const daemonOf = (name: ProgramName, command: typeof etcdCommand): Daemon => {
      const logFile = join(place.directory, `${name}.log`)
      return new Daemon({ name, command: command(programs.get(name) ?? name, place), logFile })
    }
    this.#etcdDaemon = daemonOf('etcd', etcdCommand)
    this.#apiServerDaemon = daemonOf('kube-apiserver', apiServerCommand)
    this.#controllers = place.hasControllers
      ? [
          daemonOf('kube-controller-manager', controllerManagerCommand),
          daemonOf('kube-scheduler', schedulerCommand)
        ]
      : []
  }

  /** To be started; {@link startControlPlane} does both. */
  static async create(options: ControlPlaneOptions): Promise<ControlPlane> {
    const { programs, address = '127.0.0.1' } = options
    const { hasControllers = false, hasAuditLog = false, hasClusterIpBitmap = false } = options
    const temporary = await TemporaryDirectory.create()
    const [[apiPort = 0], [etcdPort = 0, etcdPeerPort = 0], authority] = await Promise.all([
      findFreePorts(address, 1),
      findFreePorts('127.0.0.1', 2),
      Authority.create('clarion-lab-ca')
    ])
    const ports = { apiPort, etcdPort, etcdPeerPort }
    const kinds = { hasControllers, hasAuditLog, hasClusterIpBitmap }
    const place = { directory: temporary.path, address, ...ports, ...kinds }
    const user = await authority.issue({ commonName: 'admin', organizations: ['system:masters'] })
    const url = `https://${address}:${apiPort}`
    const connection = { url, ca: authority.credentials.certificate, user }
    const controlPlane = new ControlPlane({ place, programs, authority, connection, temporary })
    await controlPlane.#writeFiles()
    return controlPlane
  }

  get url(): string {
    return this.connection.url
  }

  /** Of an administrator. */
  get kubeconfigFile(): string {
    return join(this.directory, 'admin.kubeconfig')
  }

  /** `audit.k8s.io/v1` Events without bodies, a line of JSON each; see `readAuditLog`. */
  get auditLogFile(): string {
    return auditFiles(this.#place).log
  }

  async start(): Promise<void> {
    // One that does not find etcd at once waits a second before it looks again.
    await this.startEtcd()
    await this.startApiServer()
    for (const controller of this.#controllers) controller.start()
  }

  async startEtcd(): Promise<void> {
    this.#etcdDaemon.start()
    await this.#etcdDaemon.waitUntil(async () => this.etcd.isHealthy(), READY_TIMEOUT_MS)
  }

  /** Resolves when it is ready. It is at the address where it was. */
  async startApiServer(): Promise<void> {
    this.#apiServerDaemon.start()
    const isReady = async (): Promise<boolean> =>
      (await this.ask({ path: '/readyz', timeoutMs: PROBE_TIMEOUT_MS })).status === 200
    await this.#apiServerDaemon.waitUntil(isReady, READY_TIMEOUT_MS)
  }

  /** The API server's certificate is another one, of the same authority: it reads the files again by itself. */
  async renewCertificate(): Promise<void> {
    await this.issue('apiserver', { commonName: 'kube-apiserver', hosts: apiServerHosts(this.#place) })
  }

  /** As kill -9 does. */
  async crashApiServer(): Promise<void> {
    await this.#apiServerDaemon.crash()
  }

  /** As kill -9 does; what was written is there when it is started again. */
  async crashEtcd(): Promise<void> {
    await this.#etcdDaemon.crash()
  }

  /** The API server stops where it stands, with all its connections, until {@link thawApiServer}. */
  freezeApiServer(): void {
    this.#apiServerDaemon.signal('SIGSTOP')
  }

  thawApiServer(): void {
    this.#apiServerDaemon.signal('SIGCONT')
  }

  /** One request as an administrator. */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    return askApi(this.connection, request)
  }

  /**
   * A token of a ServiceAccount that is there, as a pod gets one.
   *
   * @param lifetimeS - Seconds; the API server gives no less than 600.
   * @throws Error with what the API server said
   */
  async requestToken(account: ServiceAccount, lifetimeS = 3600): Promise<string> {
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: lifetimeS }
    }
    const answer = await this.ask({ method: 'POST', path, body })
    const token = tokenOf(answer.body)
    if (token === undefined) throw new Error(`no token for ${account.name}: ${JSON.stringify(answer.body)}`)
    return token
  }

  /** As {@link requestToken}, but not asked for: signed with the API server's key, of any lifetime. */
  async signToken(account: ServiceAccount, expiresInS: number): Promise<string> {
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}`
    const key = await readFile(join(this.directory, 'pki', 'service-account.key'), 'utf8')
    return signServiceAccountToken(key, (await this.ask({ path })).body, expiresInS)
  }

  /** The connection of a ServiceAccount. */
  async connectAs(account: ServiceAccount): Promise<Connection> {
    return { ...this.connection, user: { token: await this.requestToken(account) } }
  }

  /**
   * Writes a kubeconfig file for a user of this cluster, and gives its path.
   *
   * @param url - Of something that leads to the API server.
   */
  async writeKubeconfig(name: string, user: KubeconfigUser, url: string = this.url): Promise<string> {
    const file = join(this.directory, `${name}.kubeconfig`)
    await writeFile(file, formatKubeconfig({ ...this.connection, url, user }), { mode: 0o600 })
    return file
  }

  /** A certificate of this cluster's authority, in `pki/NAME.crt` and `pki/NAME.key`. */
  async issue(name: string, subject: Subject): Promise<Credentials> {
    const credentials = await this.authority.issue(subject)
    await this.#writePki(name, credentials)
    return credentials
  }

  /** Process ids of what runs, for measurements. */
  get pids(): readonly number[] {
    const daemons = [this.#etcdDaemon, this.#apiServerDaemon, ...this.#controllers]
    return daemons.flatMap(({ pid }) => pid ?? [])
  }

  /** Ends all and removes all. The API server would take 10 s to end in peace, for nobody. */
  async stop(): Promise<void> {
    const daemons = [...this.#controllers, this.#apiServerDaemon, this.#etcdDaemon]
    await Promise.all(daemons.map(async (daemon) => daemon.crash()))
    await this.#temporary.remove()
  }

  async #writeFiles(): Promise<void> {
    await mkdir(join(this.directory, 'pki'))
    await Promise.all([
      this.#writePki('ca', this.authority.credentials),
      writeFile(join(this.directory, 'pki', 'service-account.key'), createSigningKey(), { mode: 0o600 }),
      this.renewCertificate(),
      this.issue('apiserver-kubelet', { commonName: 'kube-apiserver', organizations: ['system:masters'] }),
      this.writeKubeconfig('admin', this.connection.user),
      writeFile(auditFiles(this.#place).policy, AUDIT_POLICY),
      ...['controller-manager', 'scheduler'].map(async (name) => {
        const user = await this.authority.issue({ commonName: `system:kube-${name}` })
        return this.writeKubeconfig(name, user)
      })
    ])
  }

  async #writePki(name: string, { certificate, privateKey }: Credentials): Promise<void> {
    const file = join(this.directory, 'pki', name)
    await writeFile(`${file}.crt`, certificate)
    await writeFile(`${file}.key`, privateKey, { mode: 0o600 })
  }
}

interface ControlPlaneFacts {
  readonly place: ControlPlanePlace
  readonly programs: Programs
  readonly authority: Authority
  readonly connection: Connection
  readonly temporary: TemporaryDirectory
}

function tokenOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('status' in body)) return undefined
  const { status } = body
  if (typeof status !== 'object' || status === null || !('token' in status)) return undefined
  return typeof status.token === 'string' ? status.token : undefined
}
