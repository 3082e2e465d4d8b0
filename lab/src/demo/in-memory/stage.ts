import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemorySegment, SegmentServer } from '@clarion-lb/link'
import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import {
  hostAddresses,
  nodeHostNumber,
  nodeName,
  podAddresses,
  SEGMENT,
  withoutPrefixLength
} from '../../addresses.ts'
import { connectApi, type LabApi } from '../../api.ts'
import { findOutage, type Outage, type ProbeResult, probe } from '../../client/prober.ts'
import { SYSTEM_NAMESPACE } from '../../cluster.ts'
import { ControlStandIn } from '../../control/stand-in.ts'
import { LabProcess } from '../../lab-process.ts'
import { Backend } from '../../node-agent/backend.ts'
import { Heartbeat } from '../../node-agent/heartbeat.ts'
import type { ServiceState, Stage } from '../story.ts'
import { ApiGate } from './api-gate.ts'
import { SegmentClient } from './segment-client.ts'

const NODE_COUNT = 3
const LOCAL_NODES = 2
const READY_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 250
const LOAD_TIMEOUT_MS = 1000
const LOAD_INTERVAL_MS = 10
const RETRY_MS = 20
const LOG_TAIL_CHARACTERS = 3000

/** A node of the story: its speaker is a process, its cable and its backend are here. */
interface MemoryNode {
  readonly name: string
  readonly mac: MacAddress
  readonly gate: ApiGate
  readonly speaker: LabProcess
  readonly backend: Backend
  readonly heartbeat: AbortController
  readonly backendPort: number
  isPlugged: boolean
}

/**
 * The story without namespaces: the real binaries, one process each, on this host's loopback; frames go over a segment in
 * memory that the speakers attach to by a socket.
 */
export class MemoryStage implements Stage {
  readonly description = 'a segment in memory, real binaries; no namespaces, and no frame leaves this program'
  readonly #root: string
  readonly #segment = new MemorySegment()
  readonly #abort = new AbortController()
  readonly #processes: LabProcess[] = []
  readonly #nodes: MemoryNode[] = []
  #directory = ''
  #api: LabApi | undefined
  #server: SegmentServer | undefined
  #client: SegmentClient | undefined

  constructor(root: string) {
    this.#root = root
  }

  get kubeconfigFile(): string {
    return join(this.#directory, 'kubeconfig')
  }

  async start(progress: (text: string) => void): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'clarion-demo-'))
    await this.#startSegment()
    progress(`segment in memory: ${NODE_COUNT} nodes and a client`)
    const apiPort = await this.#startApiServer()
    progress('API server ready, MetalLB CRDs applied')
    for (let number = 1; number <= NODE_COUNT; number += 1) await this.#startNode(number, apiPort)
    await new ControlStandIn({ api: this.#knownApi() }).start(this.#abort.signal)
    progress('nodes registered, a backend on each')
    const controller = this.#createProcess('controller', 'apps/controller/dist/main.js', {
      args: [...QUIET, `--kubeconfig=${this.kubeconfigFile}`],
      env: { METALLB_NAMESPACE: SYSTEM_NAMESPACE }
    })
    controller.start()
    for (const { speaker } of this.#nodes) speaker.start()
    await Promise.all([
      waitForLog(controller, 'leading'),
      ...this.#nodes.map(({ speaker }) => waitForLog(speaker, 'announcing'))
    ])
    progress(`clarion-controller and ${NODE_COUNT} clarion-speakers ready`)
  }

  async applyExamples(): Promise<readonly string[]> {
    const applied = await this.#knownApi().applyDirectory(join(this.#root, 'examples', 'demo'))
    return applied.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
  }

  async waitForService(
    name: string,
    isEnough: (state: ServiceState) => boolean,
    signal: AbortSignal
  ): Promise<ServiceState> {
    return this.#knownApi().waitForService(name, isEnough, signal)
  }

  async reach(address: string, _port: number, signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const { body, endedAtMs } = await this.#probe(address, PROBE_TIMEOUT_MS, signal)
      if (body !== undefined) return performance.timeOrigin + endedAtMs
      await pause(RETRY_MS)
    }
    return undefined
  }

  answeringNode(address: string): Promise<string | undefined> {
    return Promise.resolve(this.#nodeOf(this.#client?.neighbourOf(address))?.name)
  }

  async startLoad(address: string): Promise<() => Promise<Outage>> {
    const results: Promise<ProbeResult>[] = []
    const { promise: answered, resolve } = Promise.withResolvers<void>()
    const timer = setInterval(() => {
      const request = this.#probe(address, LOAD_TIMEOUT_MS, this.#abort.signal)
      results.push(request)
      void request.then(({ body }) => {
        if (body !== undefined) resolve()
      })
    }, LOAD_INTERVAL_MS)
    this.#abort.signal.addEventListener('abort', () => {
      clearInterval(timer)
      resolve()
    })
    await answered
    return async () => {
      clearInterval(timer)
      return findOutage(await Promise.all(results))
    }
  }

  pullCable(name: string): Promise<void> {
    this.#setCable(name, false)
    return Promise.resolve()
  }

  plugCable(name: string): Promise<void> {
    this.#setCable(name, true)
    return Promise.resolve()
  }

  /** The ends of all logs. */
  async explainFailure(): Promise<string> {
    const tails = await Promise.all(
      this.#processes.map(async ({ name }) => {
        const text = await readFile(this.#logFile(name), 'utf8').catch(() => '')
        return `--- the end of ${name}'s log\n${text.slice(-LOG_TAIL_CHARACTERS)}\n`
      })
    )
    return tails.join('')
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    // The API server last: the others say good-bye to it.
    const [apiServer, ...others] = this.#processes
    for (const { gate } of this.#nodes) gate.open()
    await Promise.all(others.map((one) => one.stop()))
    await apiServer?.stop()
    await Promise.all(this.#nodes.map(({ backend, gate }) => Promise.all([backend.stop(), gate.stop()])))
    this.#client?.stop()
    await this.#server?.stop()
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true })
  }

  async #startSegment(): Promise<void> {
    const [ipv4, ipv6] = SEGMENT.client.map(withoutPrefixLength)
    this.#client = new SegmentClient({
      segment: this.#segment,
      mac: macOf(100),
      ipv4: Ipv4Address.parse(ipv4 ?? ''),
      ipv6: Ipv6Address.parse(ipv6 ?? '')
    })
    this.#client.start()
    this.#server = new SegmentServer({
      segment: this.#segment,
      path: this.#segmentPath,
      ports: Array.from({ length: NODE_COUNT }, (_, i) => ({
        name: nodeName(i + 1),
        interface: 'eth0',
        mac: macOf(nodeHostNumber(i + 1)),
        addresses: [
          {
            address: Ipv4Address.parse(withoutPrefixLength(hostAddresses(nodeHostNumber(i + 1))[0])),
            prefixLength: 24
          },
          { address: Ipv6Address.parse(`fe80::${nodeHostNumber(i + 1)}`), prefixLength: 64 }
        ]
      }))
    })
    await this.#server.start()
  }

  get #segmentPath(): string {
    return process.platform === 'win32'
      ? `\\\\.\\pipe\\clarion-demo-${process.pid}`
      : join(this.#directory, 'segment.sock')
  }

  async #startApiServer(): Promise<number> {
    const args = ['--kubeconfig', this.kubeconfigFile, '--data', join(this.#directory, 'api.data')]
    const server = this.#createProcess('kube-sim', 'packages/kube-sim/dist/main.js', { args })
    server.start()
    await server.waitFor((said) => typeof said === 'string' && said.startsWith('{'), READY_TIMEOUT_MS)
    this.#api = connectApi(this.kubeconfigFile)
    await this.#api.applyCrds()
    await this.#api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } })
    const [, port] = /server: https:\/\/[^:]+:(\d+)/.exec(await readFile(this.kubeconfigFile, 'utf8')) ?? []
    return Number(port)
  }

  async #startNode(number: number, apiPort: number): Promise<void> {
    const name = nodeName(number)
    const gate = new ApiGate(apiPort)
    const port = await gate.start()
    const kubeconfig = join(this.#directory, `kubeconfig-${name}`)
    const text = await readFile(this.kubeconfigFile, 'utf8')
    await writeFile(kubeconfig, text.replace(/server: .*/, `server: https://127.0.0.1:${port}`), {
      mode: 0o600
    })
    const backend = new Backend({ nodeName: name, addresses: ['127.0.0.1'], port: 0 })
    await backend.start()
    const heartbeat = new AbortController()
    this.#abort.signal.addEventListener('abort', () => heartbeat.abort())
    const api = this.#knownApi()
    await api.registerNode(name, hostAddresses(nodeHostNumber(number)).map(withoutPrefixLength))
    const labels = { app: 'web', ...(number <= LOCAL_NODES ? { tier: 'local' } : {}) }
    await api.registerPod({ name: `web-${number}`, nodeName: name, addresses: podAddresses(number), labels })
    await new Heartbeat({ api: connectApi(kubeconfig), nodeName: name }).start(heartbeat.signal)
    const speaker = this.#createProcess(`speaker-${name}`, 'apps/speaker/dist/main.js', {
      args: [...QUIET, `--kubeconfig=${kubeconfig}`],
      env: {
        CLARION_LINK: `socket:${this.#segmentPath}`,
        METALLB_NAMESPACE: SYSTEM_NAMESPACE,
        METALLB_NODE_NAME: name,
        METALLB_ML_BIND_ADDR: '127.0.0.1',
        METALLB_ML_LABELS: 'app=metallb,component=speaker'
      }
    })
    const mac = macOf(nodeHostNumber(number))
    const [backendPort = 0] = backend.ports
    this.#nodes.push({ name, mac, gate, speaker, backend, heartbeat, backendPort, isPlugged: true })
  }

  /** One request: to the node that the address resolves to, if that one's cable is in. */
  async #probe(address: string, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
    const sentAtMs = performance.now()
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const mac = await this.#client?.resolve(address, deadline)
    const node = this.#nodeOf(mac)
    if (node?.isPlugged === true) return probe(`http://127.0.0.1:${node.backendPort}/`, timeoutMs)
    const error = node === undefined ? `nobody answers for ${address}` : `the cable of ${node.name} is out`
    return { url: address, sentAtMs, endedAtMs: performance.now(), body: undefined, error }
  }

  #nodeOf(mac: string | undefined): MemoryNode | undefined {
    return this.#nodes.find((node) => node.mac.toString() === mac)
  }

  #setCable(name: string, isPlugged: boolean): void {
    const node = this.#nodes.find((one) => one.name === name)
    if (node === undefined) return
    node.isPlugged = isPlugged
    if (isPlugged) node.gate.open()
    else node.gate.close()
    this.#server?.setCarrier(name, isPlugged)
  }

  #createProcess(
    name: string,
    script: string,
    { args, env = {} }: { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }
  ): LabProcess {
    const file = join(this.#root, script)
    const created = new LabProcess({
      name,
      script: file,
      args,
      env,
      prefix: dieWithParent(),
      logFile: this.#logFile(name)
    })
    this.#processes.push(created)
    return created
  }

  #knownApi(): LabApi {
    if (this.#api === undefined) throw new Error('the API server has not been started')
    return this.#api
  }

  #logFile(name: string): string {
    return join(this.#directory, `${name}.log`)
  }
}

/** No ports of this host are taken. */
const QUIET = ['--port=0', '--health-probe-port=0', '--log-level=info']

/** Where the system can, processes end with us even when we are killed. */
function dieWithParent(): readonly string[] {
  return existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : []
}

function macOf(hostNumber: number): MacAddress {
  return MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 1, hostNumber))
}

async function waitForLog(subject: LabProcess, message: string): Promise<void> {
  const isWanted = (said: unknown): boolean => typeof said === 'string' && said.includes(`"msg":"${message}"`)
  await subject.waitFor(isWanted, READY_TIMEOUT_MS)
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
