import { join } from 'node:path'
import { tryParseIpAddress } from '@clarion-lb/netaddr'
import type { Outage } from '../client/prober.ts'
import { Cluster, type ClusterOptions } from '../cluster.ts'
import type { ServiceState, Stage } from './story.ts'

const REACH_TIMEOUT_MS = 60_000

/** The story on a segment of real network namespaces. */
export class NamespaceStage implements Stage {
  readonly description = 'a segment of network namespaces, real binaries, ARP and NDP on the wire'
  readonly cluster: Cluster
  readonly #root: string

  constructor(options: ClusterOptions) {
    this.cluster = new Cluster(options)
    this.#root = options.root
  }

  async start(progress: (text: string) => void): Promise<void> {
    await this.cluster.start(progress)
  }

  async applyExamples(): Promise<readonly string[]> {
    const applied = await this.cluster.api.applyDirectory(join(this.#root, 'examples', 'demo'))
    return applied.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
  }

  async waitForService(
    name: string,
    isEnough: (state: ServiceState) => boolean,
    signal: AbortSignal
  ): Promise<ServiceState> {
    return this.cluster.api.waitForService(name, isEnough, signal)
  }

  async reach(address: string, port: number, signal: AbortSignal): Promise<number | undefined> {
    return (await this.cluster.client.reach(urlOf(address, port), REACH_TIMEOUT_MS, signal))?.endedAt
  }

  async answeringNode(address: string): Promise<string | undefined> {
    const entry = (await this.cluster.client.neighbours()).find(({ dst }) => dst === address)
    return this.cluster.nodeOfMac(entry?.lladdr)
  }

  async startLoad(address: string, port: number): Promise<() => Promise<Outage>> {
    await this.cluster.client.startLoad(urlOf(address, port))
    return async () => this.cluster.client.stopLoad()
  }

  async pullCable(node: string): Promise<void> {
    await this.cluster.segment.pullCable(node)
  }

  async plugCable(node: string): Promise<void> {
    await this.cluster.segment.plugCable(node)
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
  }
}

function urlOf(address: string, port: number): string {
  const host = tryParseIpAddress(address)?.family === 6 ? `[${address}]` : address
  return `http://${host}:${port}/`
}
