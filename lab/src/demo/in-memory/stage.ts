import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemorySegment, SegmentServer } from '@clarion-lb/link'
import { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { nodeName, SEGMENT, withoutPrefixLength } from '../../addresses.ts'
import { connectApi, type LabApi } from '../../api.ts'
import { findOutage, type Outage, type ProbeResult, probe } from '../../client/prober.ts'
import { SYSTEM_NAMESPACE } from '../../cluster.ts'
import { ControlStandIn } from '../../control/stand-in.ts'
import { isOfSegment } from '../example-files.ts'
import type { ServiceState, Stage } from '../story.ts'
import { type ApiAccess, MemoryNode, macOfHost } from './memory-node.ts'
import { StoryProcesses } from './processes.ts'
import { SegmentClient } from './segment-client.ts'

export interface MemoryStageOptions {
  /** Directory of the repository: the binaries are those of its `apps`. */
  readonly root: string
  /** Ends a start that is under way, and whatever waits for an answer. */
  readonly signal: AbortSignal
}

const NODE_COUNT = 3
const LOCAL_NODES = 2
const CLIENT_HOST = 100
const READY_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 250
const LOAD_TIMEOUT_MS = 1000
const LOAD_INTERVAL_MS = 10
const RETRY_MS = 20
/** What the path of a socket has room for on every system, less what we put behind it. */
const MAX_TEMPORARY_PATH_BYTES = 70

/**
 * The story without namespaces: the real binaries, one process each, on this host's loopback; frames go over a segment in
 * memory that the speakers attach to by a socket.
 */
export class MemoryStage implements Stage {
  readonly description = 'a segment in memory, real binaries; no namespaces, and no frame leaves this program'
  readonly nodeNames: readonly string[] = Array.from({ length: NODE_COUNT }, (_, i) => nodeName(i + 1))
  readonly router = undefined
  readonly #options: MemoryStageOptions
  readonly #segment = new MemorySegment()
  readonly #abort = new AbortController()
  readonly #ended: AbortSignal
  #nodes: readonly MemoryNode[] = []
  #directory = ''
  #processes: StoryProcesses | undefined
  #api: LabApi | undefined
  #server: SegmentServer | undefined
  #client: SegmentClient | undefined
  #lastWords = ''

  constructor(options: MemoryStageOptions) {
    this.#options = options
    this.#ended = AbortSignal.any([options.signal, this.#abort.signal])
  }

  get kubeconfigFile(): string {
    return join(this.#directory, 'kubeconfig')
  }

  async start(progress: (text: string) => void): Promise<void> {
    const { signal } = this.#options
    const giveUp = (): void => this.kill()
    signal.addEventListener('abort', giveUp)
    try {
      await this.#start(progress)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  async applyExamples(): Promise<readonly string[]> {
    const applied = await this.#knownApi().applyDirectory(
      join(this.#options.root, 'examples', 'demo'),
      isOfSegment
    )
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
      const request = this.#probe(address, LOAD_TIMEOUT_MS, this.#ended)
      results.push(request)
      void request.then(({ body }) => {
        if (body !== undefined) resolve()
      })
    }, LOAD_INTERVAL_MS)
    this.#ended.addEventListener('abort', () => {
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

  async killSpeaker(name: string): Promise<void> {
    await this.#nodes.find((node) => node.name === name)?.killSpeaker()
  }

  async startSpeaker(name: string): Promise<void> {
    const speaker = this.#nodes.find((node) => node.name === name)?.startSpeaker()
    await speaker?.waitForLog('announcing', READY_TIMEOUT_MS)
  }

  async setMaintenance(name: string, state: 'on' | 'off'): Promise<void> {
    await this.#knownApi().setMaintenance(name, state)
  }

  /** The ends of all logs, also after the stop. */
  async explainFailure(): Promise<string> {
    return this.#lastWords === '' ? ((await this.#processes?.tails()) ?? '') : this.#lastWords
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    // Speakers say good-bye to the API server, also those whose cable is out.
    for (const node of this.#nodes) node.setCable(true)
    await this.#processes?.stop()
    await Promise.all(this.#nodes.map((node) => node.stop()))
    this.#client?.stop()
    await this.#server?.stop()
    this.#lastWords = await this.explainFailure()
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true })
  }

  /** Ends the processes at once; {@link stop} has to be called all the same. */
  kill(): void {
    this.#processes?.kill()
  }

  async #start(progress: (text: string) => void): Promise<void> {
    const { root, signal } = this.#options
    signal.throwIfAborted()
    const directory = await mkdtemp(join(temporaryDirectory(), 'clarion-demo-'))
    this.#directory = directory
    const processes = new StoryProcesses({ root, directory, signal })
    this.#processes = processes
    const segmentPath = pathOfSegment(directory)
    this.#nodes = Array.from({ length: NODE_COUNT }, (_, i) => {
      const number = i + 1
      return new MemoryNode({ number, isLocal: number <= LOCAL_NODES, directory, segmentPath, processes })
    })
    await this.#startSegment(segmentPath)
    progress(`segment in memory: ${NODE_COUNT} nodes and a client`)
    const access = await this.#startApiServer(processes)
    progress('API server ready, MetalLB CRDs applied')
    // One after the other: when one fails, none is still being started while all is taken down.
    for (const node of this.#nodes) await node.start(access, this.#abort.signal)
    await orAborted(new ControlStandIn({ api: access.api }).start(this.#abort.signal), signal)
    progress('nodes registered, a backend on each')
    const controller = processes.start({
      name: 'controller',
      script: 'apps/controller/dist/main.js',
      args: ['--port=0', '--health-probe-port=0', '--log-level=info', `--kubeconfig=${this.kubeconfigFile}`],
      env: { METALLB_NAMESPACE: SYSTEM_NAMESPACE }
    })
    const speakers = this.#nodes.map((node) => node.startSpeaker())
    await Promise.all([
      controller.waitForLog('leading', READY_TIMEOUT_MS),
      ...speakers.map((speaker) => speaker.waitForLog('announcing', READY_TIMEOUT_MS))
    ])
    progress(`clarion-controller and ${NODE_COUNT} clarion-speakers ready`)
  }

  async #startSegment(path: string): Promise<void> {
    const [ipv4, ipv6] = SEGMENT.client.map(withoutPrefixLength)
    this.#client = new SegmentClient({
      segment: this.#segment,
      mac: macOfHost(CLIENT_HOST),
      ipv4: Ipv4Address.parse(ipv4 ?? ''),
      ipv6: Ipv6Address.parse(ipv6 ?? '')
    })
    this.#client.start()
    const ports = this.#nodes.map((node) => node.port())
    const server = new SegmentServer({ segment: this.#segment, path, ports })
    await server.start()
    this.#server = server
  }

  async #startApiServer(processes: StoryProcesses): Promise<ApiAccess> {
    const { kubeconfigFile } = this
    const script = 'packages/kube-sim/dist/main.js'
    const server = processes.start({ name: 'kube-sim', script, args: ['--kubeconfig', kubeconfigFile] })
    await server.waitFor((said) => typeof said === 'string' && said.startsWith('{'), READY_TIMEOUT_MS)
    const api = connectApi(kubeconfigFile)
    this.#api = api
    await api.applyCrds()
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } })
    const [, port] = /server: https:\/\/[^:]+:(\d+)/.exec(await readFile(kubeconfigFile, 'utf8')) ?? []
    return { api, port: Number(port), kubeconfigFile }
  }

  /** One request: to the node that the address resolves to, if that one's cable is in. */
  async #probe(address: string, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
    const sentAtMs = performance.now()
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const mac = await this.#client?.resolve(address, deadline)
    const node = this.#nodeOf(mac)
    if (node?.isPlugged === true) return probe(node.backendUrl, timeoutMs)
    const error = node === undefined ? `nobody answers for ${address}` : `the cable of ${node.name} is out`
    return { url: address, sentAtMs, endedAtMs: performance.now(), body: undefined, error }
  }

  #nodeOf(mac: string | undefined): MemoryNode | undefined {
    return this.#nodes.find((node) => node.mac.toString() === mac)
  }

  #setCable(name: string, isPlugged: boolean): void {
    const node = this.#nodes.find((one) => one.name === name)
    if (node === undefined) return
    node.setCable(isPlugged)
    this.#server?.setCarrier(name, isPlugged)
  }

  #knownApi(): LabApi {
    if (this.#api === undefined) throw new Error('the API server has not been started')
    return this.#api
  }
}

/** A directory that is named too long for a socket is no good. */
function temporaryDirectory(): string {
  const own = tmpdir()
  const hasRoom = process.platform === 'win32' || Buffer.byteLength(own) <= MAX_TEMPORARY_PATH_BYTES
  return hasRoom ? own : '/tmp'
}

/** Of a socket, or of a named pipe where there are no sockets with paths. */
function pathOfSegment(directory: string): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\clarion-demo-${process.pid}`
    : join(directory, 'segment.sock')
}

/** Waits no longer than until the signal aborts. What is waited for has to end by other means. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
