import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServedPort } from '@clarion-lb/link'
import { Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import {
  hostAddresses,
  nodeHostNumber,
  nodeName,
  podAddresses,
  withoutPrefixLength
} from '../../addresses.ts'
import { connectApi, type LabApi } from '../../api.ts'
import { SYSTEM_NAMESPACE } from '../../cluster.ts'
import type { LabProcess } from '../../lab-process.ts'
import { Backend } from '../../node-agent/backend.ts'
import { Heartbeat } from '../../node-agent/heartbeat.ts'
import { ApiGate } from './api-gate.ts'
import type { StoryProcesses } from './processes.ts'

export interface MemoryNodeOptions {
  readonly number: number
  /** Its backend also has the label `tier=local`. */
  readonly isLocal: boolean
  readonly directory: string
  /** Of the socket or pipe that the segment is served on. */
  readonly segmentPath: string
  readonly processes: StoryProcesses
}

/** How the API server is reached without a node in between. */
export interface ApiAccess {
  readonly api: LabApi
  readonly port: number
  readonly kubeconfigFile: string
}

/** A node of the story: its speaker is a process; its backend, its heartbeat and its cable are here. */
export class MemoryNode {
  readonly name: string
  readonly mac: MacAddress
  readonly #options: MemoryNodeOptions
  readonly #backend: Backend
  #gate: ApiGate | undefined
  #isPlugged = true
  #speaker: LabProcess | undefined

  constructor(options: MemoryNodeOptions) {
    this.#options = options
    this.name = nodeName(options.number)
    this.mac = macOfHost(nodeHostNumber(options.number))
    this.#backend = new Backend({ nodeName: this.name, addresses: ['127.0.0.1'], port: 0 })
  }

  get isPlugged(): boolean {
    return this.#isPlugged
  }

  /** Where its backend is reached on this host. */
  get backendUrl(): string {
    return `http://127.0.0.1:${this.#backend.ports[0] ?? 0}/`
  }

  /** What it is on the segment. */
  port(): ServedPort {
    const host = nodeHostNumber(this.#options.number)
    const ipv4 = Ipv4Address.parse(withoutPrefixLength(hostAddresses(host)[0]))
    const ipv6 = Ipv6Address.parse(`fe80::${host}`)
    const addresses = [
      { address: ipv4, prefixLength: 24 },
      { address: ipv6, prefixLength: 64 }
    ]
    return { name: this.name, interface: 'eth0', mac: this.mac, addresses }
  }

  /** Everything but the speaker: the backend, and a Node that is heard of until the signal aborts. */
  async start({ api, port, kubeconfigFile }: ApiAccess, signal: AbortSignal): Promise<void> {
    const { number, isLocal } = this.#options
    await this.#backend.start()
    this.#gate = new ApiGate(port)
    const url = `https://127.0.0.1:${await this.#gate.start()}`
    const text = await readFile(kubeconfigFile, 'utf8')
    await writeFile(this.#kubeconfigFile, text.replace(/server: .*/, `server: ${url}`), { mode: 0o600 })
    await api.registerNode(this.name, hostAddresses(nodeHostNumber(number)).map(withoutPrefixLength))
    const labels = { app: 'web', ...(isLocal ? { tier: 'local' } : {}) }
    const addresses = podAddresses(number)
    await api.registerPod({ name: `web-${number}`, nodeName: this.name, addresses, labels })
    await new Heartbeat({ api: connectApi(this.#kubeconfigFile), nodeName: this.name }).start(signal)
  }

  startSpeaker(): LabProcess {
    const { segmentPath, processes } = this.#options
    this.#speaker = processes.start({
      name: `speaker-${this.name}`,
      script: 'apps/speaker/dist/main.js',
      // No ports of this host are taken.
      args: ['--port=0', '--health-probe-port=0', '--log-level=info', `--kubeconfig=${this.#kubeconfigFile}`],
      env: {
        CLARION_LINK: `socket:${segmentPath}`,
        METALLB_NAMESPACE: SYSTEM_NAMESPACE,
        METALLB_NODE_NAME: this.name,
        METALLB_ML_BIND_ADDR: '127.0.0.1',
        METALLB_ML_LABELS: 'app=metallb,component=speaker',
        // The addresses of the nodes are on a segment in memory: nothing leads there.
        CLARION_LIVENESS: 'off'
      }
    })
    return this.#speaker
  }

  async killSpeaker(): Promise<void> {
    this.#speaker?.kill('SIGKILL')
    await this.#speaker?.exited()
  }

  /** Cuts its way to the API server, or mends it. The segment is told by whoever has it. */
  setCable(isPlugged: boolean): void {
    this.#isPlugged = isPlugged
    if (isPlugged) this.#gate?.open()
    else this.#gate?.close()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#backend.stop(), this.#gate?.stop()])
  }

  get #kubeconfigFile(): string {
    return join(this.#options.directory, `kubeconfig-${this.name}`)
  }
}

/** A locally administered address for a host of the segment. */
export function macOfHost(hostNumber: number): MacAddress {
  return MacAddress.fromBytes(Uint8Array.of(2, 0, 0, 0, 1, hostNumber))
}
