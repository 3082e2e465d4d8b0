import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import {
  hostAddresses,
  nodeHostNumber,
  nodeName,
  podAddresses,
  SEGMENT,
  withoutPrefixLength
} from './addresses.ts'
import { connectApi, type LabApi } from './api.ts'
import { Client } from './client/client.ts'
import { ControlStandIn } from './control/stand-in.ts'
import { LabProcess } from './lab-process.ts'
import { isMessage, READY_TIMEOUT_MS, waitUntilReady } from './readiness.ts'
import { Segment } from './segment/segment.ts'

export interface ClusterOptions {
  /** Where logs, the kubeconfig and the API server's data are kept. */
  readonly directory: string
  /** Directory of the repository: the binaries are those of its `apps`. */
  readonly root: string
  /** @defaultValue 3 */
  readonly nodeCount?: number
  /** Nodes whose backend also has the label `tier=local`. @defaultValue the first two */
  readonly localNodes?: readonly string[]
  /** What the controller and the speakers get besides. */
  readonly env?: Readonly<Record<string, string>>
  /** Flags of the speakers besides. */
  readonly speakerArgs?: readonly string[]
}

/** The namespace that the resources and the binaries live in. */
export const SYSTEM_NAMESPACE = 'metallb-system'
const API_PORT = 6443
const HEALTH_PORT = 17472
const LOG_TAIL_CHARACTERS = 3000
const SPEAKER_PROBE_TIMEOUT_MS = 500

/**
 * A cluster on a segment of network namespaces: an API server, the controller, and nodes with a speaker and the
 * stand-ins for kubelet and kube-proxy each. All are processes of the real binaries. To be used inside a sandbox.
 */
export class Cluster {
  readonly segment: Segment = new Segment()
  readonly nodeNames: readonly string[]
  readonly kubeconfigFile: string
  readonly apiServer: LabProcess
  readonly controller: LabProcess
  readonly speakers: ReadonlyMap<string, LabProcess>
  readonly client: Client
  readonly #options: ClusterOptions
  readonly #agents: ReadonlyMap<string, LabProcess>
  readonly #abort = new AbortController()
  readonly #macs = new Map<string, string>()
  #api: LabApi | undefined

  constructor(options: ClusterOptions) {
    this.#options = options
    this.kubeconfigFile = join(options.directory, 'kubeconfig')
    this.nodeNames = Array.from({ length: options.nodeCount ?? 3 }, (_, i) => nodeName(i + 1))
    this.apiServer = this.#createApiServer()
    this.controller = this.#createController()
    this.speakers = new Map(this.nodeNames.map((name) => [name, this.#createSpeaker(name)]))
    this.#agents = new Map(this.nodeNames.map((name, i) => [name, this.#createAgent(name, i + 1)]))
    this.client = new Client({
      name: 'client',
      prefix: this.segment.enter('client'),
      logFile: this.logFile('client')
    })
  }

  /** The API, once the cluster has been started. */
  get api(): LabApi {
    if (this.#api === undefined) throw new Error('the cluster has not been started')
    return this.#api
  }

  async start(progress: (text: string) => void = () => undefined): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true })
    await this.#startSegment()
    progress(`segment: ${this.nodeNames.length} nodes, a control plane and a client on one bridge`)
    this.client.start()
    await this.#startApiServer()
    progress('API server ready, MetalLB CRDs applied')
    await this.#startNodes()
    await new ControlStandIn({ api: this.api }).start(this.#abort.signal)
    progress('nodes registered, a backend and a kube-proxy stand-in on each')
    this.controller.start()
    for (const speaker of this.speakers.values()) speaker.start()
    await this.#waitForBinaries()
    progress(`clarion-controller and ${this.speakers.size} clarion-speakers ready`)
  }

  /** Where a program's output goes: `controller`, `speaker-node-1`, … */
  logFile(name: string): string {
    return join(this.#options.directory, `${name}.log`)
  }

  /** IPv4 and IPv6 address of a node on the segment. */
  addressesOf(name: string): readonly string[] {
    return hostAddresses(nodeHostNumber(this.nodeNames.indexOf(name) + 1)).map(withoutPrefixLength)
  }

  /** The node that has this link-layer address on the segment. */
  nodeOfMac(mac: string | undefined): string | undefined {
    return mac === undefined ? undefined : this.#macs.get(mac)
  }

  /** The ends of all logs, for a person who wonders what went wrong. */
  async explainFailure(): Promise<string> {
    const names = [
      'kube-sim',
      'controller',
      ...[...this.speakers.values(), ...this.#agents.values()].map(({ name }) => name)
    ]
    const logs = await Promise.all(
      names.map(async (name) => {
        const text = await readFile(this.logFile(name), 'utf8').catch(() => '')
        return text === '' ? '' : `--- the end of ${name}'s log\n${text.slice(-LOG_TAIL_CHARACTERS)}\n`
      })
    )
    return logs.join('')
  }

  /** A socket file that leads to the API server, for those who see our files but not our network. */
  async openApiSocket(file: string): Promise<void> {
    const host = withoutPrefixLength(SEGMENT.control[0])
    const server = createServer((socket) => {
      const upstream = connect(API_PORT, host)
      socket.pipe(upstream).pipe(socket)
      socket.on('error', () => upstream.destroy())
      upstream.on('error', () => socket.destroy())
    })
    server.listen(file)
    await once(server, 'listening')
    this.#abort.signal.addEventListener('abort', () => server.close(), { once: true })
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    const all = [...this.speakers.values(), this.controller, ...this.#agents.values()]
    await Promise.all([this.client.stop(), ...all.map((one) => one.stop())])
    await this.apiServer.stop()
    await this.segment.stop()
  }

  async #startSegment(): Promise<void> {
    await this.segment.start(SEGMENT.bridge)
    const nodes = this.nodeNames.map((name, i) => ({
      name,
      addresses: hostAddresses(nodeHostNumber(i + 1)),
      localAddresses: podAddresses(i + 1).map((address) =>
        address.includes(':') ? `${address}/128` : `${address}/32`
      ),
      isRouter: true
    }))
    await Promise.all([
      this.segment.addHost({ name: 'control', addresses: SEGMENT.control }),
      this.segment.addHost({ name: 'client', addresses: SEGMENT.client }),
      ...nodes.map((node) => this.segment.addHost(node))
    ])
    await Promise.all(nodes.map((node) => this.segment.addRoutes(node.name, this.#podRoutes(node.name))))
    for (const { name } of nodes) this.#macs.set(await this.segment.linkLayerAddressOf(name), name)
  }

  #podRoutes(from: string): { destination: string; via: string }[] {
    return this.nodeNames.flatMap((name, i) =>
      name === from
        ? []
        : podAddresses(i + 1).map((destination, family) => ({
            destination,
            via: withoutPrefixLength(hostAddresses(nodeHostNumber(i + 1))[family] ?? '')
          }))
    )
  }

  async #startApiServer(): Promise<void> {
    this.apiServer.start()
    await this.apiServer.waitFor((said) => typeof said === 'string' && said.startsWith('{'), READY_TIMEOUT_MS)
    this.#api = connectApi(this.kubeconfigFile)
    await this.api.applyCrds()
    await this.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } })
  }

  async #startNodes(): Promise<void> {
    const local = this.#options.localNodes ?? this.nodeNames.slice(0, 2)
    await Promise.all(
      this.nodeNames.map(async (name, i) => {
        await this.api.registerNode(name, hostAddresses(nodeHostNumber(i + 1)).map(withoutPrefixLength))
        const labels = { app: 'web', ...(local.includes(name) ? { tier: 'local' } : {}) }
        await this.api.registerPod({
          name: `web-${i + 1}`,
          nodeName: name,
          addresses: podAddresses(i + 1),
          labels
        })
      })
    )
    await Promise.all(
      [...this.#agents.values()].map(async (agent) => {
        agent.start()
        await agent.waitFor((said) => isMessage(said, 'ready'), READY_TIMEOUT_MS)
      })
    )
  }

  /** Both answer `/readyz`: the controller on the segment, the speakers on their node's own loopback. */
  async #waitForBinaries(): Promise<void> {
    const controllerUrl = `http://${withoutPrefixLength(SEGMENT.control[0])}:${HEALTH_PORT}/readyz`
    await Promise.all([
      waitUntilReady(this.controller, async () => (await fetch(controllerUrl)).ok),
      ...[...this.#agents].map(async ([name, agent]) => {
        const speaker = this.speakers.get(name)
        if (speaker === undefined) return
        await waitUntilReady(speaker, async () => {
          agent.send({ type: 'probeSpeaker' })
          await agent.waitFor((said) => isMessage(said, 'speakerReady'), SPEAKER_PROBE_TIMEOUT_MS)
          return true
        })
      })
    ])
  }

  #createApiServer(): LabProcess {
    const { root, directory } = this.#options
    const [control] = SEGMENT.control.map(withoutPrefixLength)
    return new LabProcess({
      name: 'kube-sim',
      prefix: this.segment.enter('control'),
      script: join(root, 'packages/kube-sim/dist/main.js'),
      args: [
        '--host',
        control ?? '',
        '--port',
        String(API_PORT),
        '--kubeconfig',
        this.kubeconfigFile,
        '--data',
        join(directory, 'api.data')
      ],
      logFile: this.logFile('kube-sim')
    })
  }

  #createController(): LabProcess {
    return new LabProcess({
      name: 'controller',
      prefix: this.segment.enter('control'),
      script: join(this.#options.root, 'apps/controller/dist/main.js'),
      args: ['--port=9120', '--log-level=info', `--kubeconfig=${this.kubeconfigFile}`],
      env: { ...this.#options.env, METALLB_NAMESPACE: SYSTEM_NAMESPACE, METALLB_DEPLOYMENT: 'controller' },
      logFile: this.logFile('controller')
    })
  }

  #createSpeaker(name: string): LabProcess {
    return new LabProcess({
      name: `speaker-${name}`,
      prefix: this.segment.enter(name),
      script: join(this.#options.root, 'apps/speaker/dist/main.js'),
      args: [
        '--port=9120',
        '--log-level=info',
        `--kubeconfig=${this.kubeconfigFile}`,
        ...(this.#options.speakerArgs ?? [])
      ],
      env: {
        ...this.#options.env,
        METALLB_NAMESPACE: SYSTEM_NAMESPACE,
        METALLB_NODE_NAME: name,
        METALLB_ML_BIND_ADDR: this.addressesOf(name)[0] ?? '',
        METALLB_ML_LABELS: 'app=metallb,component=speaker'
      },
      logFile: this.logFile(`speaker-${name}`)
    })
  }

  #createAgent(name: string, number: number): LabProcess {
    const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
    return new LabProcess({
      name: `agent-${name}`,
      prefix: this.segment.enter(name),
      script: join(import.meta.dirname, `node-agent/main.${extension}`),
      args: [
        '--node',
        name,
        '--kubeconfig',
        this.kubeconfigFile,
        ...podAddresses(number).flatMap((address) => ['--pod', address])
      ],
      logFile: this.logFile(`agent-${name}`)
    })
  }
}
