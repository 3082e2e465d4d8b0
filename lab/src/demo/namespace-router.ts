import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '@clarion-lb/k8s-watch'
import type { Outage } from '../client/prober.ts'
import { urlOf } from '../client/url.ts'
import type { Cluster } from '../cluster.ts'
import type { RouterKind } from '../router/router.ts'
import { RouterSite } from '../router/site.ts'
import { isOfRouter } from './example-files.ts'
import type { RouterStage, TableRoute } from './second-act.ts'

const REACH_TIMEOUT_MS = 60_000
const LOG_TAIL_CHARACTERS = 3000

interface SessionState extends KubeObject {
  readonly status?: { readonly bfdStatus?: string }
}

export interface NamespaceRouterOptions {
  readonly cluster: Cluster
  readonly directory: string
  /** Directory of the repository. */
  readonly root: string
  readonly kind: RouterKind | undefined
}

/** The router of the second act, in a namespace of its own. */
export class NamespaceRouter implements RouterStage {
  readonly #options: NamespaceRouterOptions
  readonly #site: RouterSite
  #isStarted = false

  constructor(options: NamespaceRouterOptions) {
    this.#options = options
    this.#site = new RouterSite(options)
  }

  get kind(): RouterKind {
    return this.#site.router.kind
  }

  async start(): Promise<string> {
    this.#isStarted = true
    return this.#site.start()
  }

  async applyExamples(): Promise<readonly string[]> {
    const { cluster, root } = this.#options
    const applied = await cluster.api.applyDirectory(join(root, 'examples', 'demo'), isOfRouter)
    return applied.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
  }

  async sessions(): ReturnType<RouterStage['sessions']> {
    const { router, config } = this.#site
    return (await router.sessions()).map(({ address, establishedAtMs }) => ({
      node: this.#nodeOf(address),
      peer: config.peers.find((peer) => peer.address === address)?.localAddress ?? '',
      establishedAtMs
    }))
  }

  async waitForBfd(signal: AbortSignal): Promise<boolean> {
    const { api } = this.#options.cluster
    const done = new AbortController()
    const either = AbortSignal.any([signal, done.signal])
    let isUp = false
    const { promise, resolve } = Promise.withResolvers<void>()
    either.addEventListener('abort', () => resolve(), { once: true })
    await api.watch<SessionState>('bgpsessionstates', either, (states) => {
      const up = states.filter(({ status }) => status?.bfdStatus === 'Up')
      if (up.length < this.#site.config.peers.length) return
      isUp = true
      done.abort()
    })
    if (!either.aborted) await promise
    return isUp
  }

  async waitForRoute(
    prefix: string,
    isEnough: (nodes: readonly string[]) => boolean,
    signal: AbortSignal
  ): Promise<(TableRoute & { readonly atMs: number }) | undefined> {
    const nodesOf = (nextHops: readonly string[]): readonly string[] =>
      nextHops.map((nextHop) => this.#nodeOf(nextHop)).toSorted()
    const found = await this.#site.routes.waitFor(prefix, (hops) => isEnough(nodesOf(hops)), signal)
    return found === undefined ? undefined : { prefix, ...found, nodes: nodesOf(found.nextHops) }
  }

  async reach(
    address: string,
    port: number,
    signal: AbortSignal
  ): Promise<{ readonly endedAt: number; readonly node: string; readonly client: string } | undefined> {
    const reply = await this.#site.outside.reach(urlOf(address, port), REACH_TIMEOUT_MS, signal)
    if (reply === undefined) return undefined
    const said: unknown = JSON.parse(reply.body)
    return { endedAt: reply.endedAt, ...(isBackendReply(said) ? said : { node: '', client: '' }) }
  }

  async startLoad(address: string, port: number): Promise<() => Promise<Outage>> {
    await this.#site.outside.startLoad(urlOf(address, port))
    return async () => this.#site.outside.stopLoad()
  }

  /** The end of the router's log. */
  async explainFailure(): Promise<string> {
    const text = await readFile(this.#site.logFile, 'utf8').catch(() => '')
    return text === '' ? '' : `--- the end of the router's log\n${text.slice(-LOG_TAIL_CHARACTERS)}\n`
  }

  async stop(): Promise<void> {
    if (this.#isStarted) await this.#site.stop()
  }

  #nodeOf(address: string): string {
    return this.#site.nodeOf(address) ?? address
  }
}

function isBackendReply(said: unknown): said is { readonly node: string; readonly client: string } {
  return typeof said === 'object' && said !== null && 'node' in said && 'client' in said
}
