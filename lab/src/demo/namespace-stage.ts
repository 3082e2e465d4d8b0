import { join } from 'node:path'
import type { Outage } from '../client/prober.ts'
import { urlOf } from '../client/url.ts'
import { Cluster, type ClusterOptions } from '../cluster.ts'
import type { RouterKind } from '../router/router.ts'
import { isOfSegment } from './example-files.ts'
import { NamespaceRouter } from './namespace-router.ts'
import type { ServiceState, Stage } from './story.ts'

const REACH_TIMEOUT_MS = 60_000

export interface NamespaceStageOptions extends ClusterOptions {
  /** @defaultValue the first of BIRD, FRR and our own that is there */
  readonly router?: RouterKind
}

/** The story on a segment of real network namespaces. */
export class NamespaceStage implements Stage {
  readonly description = 'a segment of network namespaces, real binaries, ARP, NDP, BGP and BFD on the wire'
  readonly cluster: Cluster
  readonly router: NamespaceRouter
  readonly #root: string

  constructor({ router, ...options }: NamespaceStageOptions) {
    this.cluster = new Cluster(options)
    this.#root = options.root
    this.router = new NamespaceRouter({ ...options, cluster: this.cluster, kind: router })
  }

  get nodeNames(): readonly string[] {
    return this.cluster.nodeNames
  }

  /** The ends of all logs. */
  async explainFailure(): Promise<string> {
    return (await this.cluster.explainFailure()) + (await this.router.explainFailure())
  }

  async start(progress: (text: string) => void): Promise<void> {
    await this.cluster.start(progress)
  }

  async applyExamples(): Promise<readonly string[]> {
    const applied = await this.cluster.api.applyDirectory(join(this.#root, 'examples', 'demo'), isOfSegment)
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

  async killSpeaker(node: string): Promise<void> {
    const speaker = this.cluster.speakers.get(node)
    speaker?.kill('SIGKILL')
    await speaker?.exited()
  }

  async startSpeaker(node: string): Promise<void> {
    const speaker = this.cluster.speakers.get(node)
    speaker?.start()
    await speaker?.waitForLog('announcing')
  }

  async setMaintenance(node: string, state: 'on' | 'off'): Promise<void> {
    await this.cluster.api.setMaintenance(node, state)
  }

  async stop(): Promise<void> {
    await this.router.stop()
    await this.cluster.stop()
  }
}
