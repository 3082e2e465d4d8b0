import { readFile } from 'node:fs/promises'
import { defineResource, type KubeObject } from '@clarion-lb/k8s-watch'
import { BirdRouter, isOfRouter, type RouterConfig, RouterSite, SYSTEM_NAMESPACE } from '@clarion-lb/lab'
import { EXAMPLES, Fixture, until } from './fixture.ts'

const TIMEOUT_MS = 60_000
const JITTER_MS = 20
/** Who stands still for a second, as on a busy machine, is not gone: what BFD misses in time is a matter of other tests. */
const PATIENT_BFD = { intervalMs: 100, multiplier: 40 } as const
const POOL = { 'metallb.io/address-pool': 'routed' } as const

/** Spec of the examples' peers, but for the address. */
export const PEER = { myASN: 64500, peerASN: 64501 } as const
export const ROUTER_IPV4 = '192.168.100.2'
export const ROUTER_IPV6 = 'fd00:c1a:100::2'

interface Status extends KubeObject {
  readonly status?: Readonly<Record<string, unknown>>
}

/** A cluster with BIRD beside it, and the examples of the second act. */
export class RoutedFixture {
  readonly base: Fixture
  readonly site: RouterSite
  /** Since when the session with each address was seen to be established. */
  readonly #seen = new Map<string, number>()
  #config: RouterConfig

  private constructor(base: Fixture) {
    this.base = base
    const { cluster, directory } = base
    this.site = new RouterSite({ cluster, directory, kind: 'bird', bfd: PATIENT_BFD })
    this.#config = this.site.config
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<RoutedFixture> {
    const fixture = new RoutedFixture(await Fixture.start(env))
    await fixture.site.start()
    await fixture.base.cluster.api.applyDirectory(EXAMPLES, isOfRouter)
    await fixture.apply('BFDProfile', 'fast', {
      spec: {
        receiveInterval: PATIENT_BFD.intervalMs,
        transmitInterval: PATIENT_BFD.intervalMs,
        detectMultiplier: PATIENT_BFD.multiplier
      }
    })
    await fixture.untilEstablished()
    return fixture
  }

  async stop(): Promise<void> {
    await this.site.stop()
    await this.base.stop()
  }

  get bird(): BirdRouter {
    if (this.site.router instanceof BirdRouter) return this.site.router
    throw new Error('the router is not BIRD')
  }

  /** Changes what BIRD has of the peers; sessions of those that stay as they were go on. */
  async configureBird(
    change: (peer: RouterConfig['peers'][number]) => RouterConfig['peers'][number]
  ): Promise<void> {
    this.#config = { ...this.site.config, peers: this.site.config.peers.map(change) }
    await this.bird.configure(this.#config)
  }

  /** Sessions of one family by node: since when they are established, milliseconds since the epoch. */
  async sessions(family: 4 | 6): Promise<Readonly<Record<string, number | undefined>>> {
    const sessions = await this.bird.sessions()
    const own = sessions.filter(({ address }) => address.includes(':') === (family === 6))
    return Object.fromEntries(
      own.map(({ address, establishedAtMs }) => [
        this.site.nodeOf(address),
        this.#steady(address, establishedAtMs)
      ])
    )
  }

  /** Resolves with the sessions of both families when all are established. */
  async untilEstablished(): Promise<readonly Readonly<Record<string, number | undefined>>[]> {
    return until('all sessions are established', async () => {
      const sessions = [await this.sessions(4), await this.sessions(6)]
      return sessions.flatMap((one) => Object.values(one)).includes(undefined) ? undefined : sessions
    })
  }

  /** Makes a Service with addresses of the routed pool, and resolves with the prefixes of these. */
  async createRouted(name: string, spec: object = {}): Promise<readonly string[]> {
    await this.base.createService(name, { metadata: { annotations: POOL }, spec })
    return (await this.base.addressesOf(name)).map(prefixOf)
  }

  /** Nodes that a prefix is routed to in the router's kernel table, sorted. */
  async nodesOf(prefix: string): Promise<readonly string[]> {
    return this.#namesOf(await this.site.routes.nextHopsOf(prefix))
  }

  /** Resolves when a prefix is routed to exactly these nodes. */
  async untilRouted(prefix: string, ...nodes: readonly string[]): Promise<void> {
    const isWanted = (nextHops: readonly string[]): boolean => this.#namesOf(nextHops).join() === nodes.join()
    const found = await this.site.routes.waitFor(prefix, isWanted, AbortSignal.timeout(TIMEOUT_MS))
    if (found === undefined)
      throw new Error(`${prefix} is routed to ${(await this.nodesOf(prefix)).join()}, not to ${nodes.join()}`)
  }

  /** What BIRD knows of the routes to a prefix, by node: all attributes as it prints them. */
  async pathsOf(prefix: string): Promise<ReadonlyMap<string, string>> {
    const shown = await this.bird.command(`show route for ${prefix} all`).catch(() => '')
    const blocks = shown.split(/^(?=.*\bunicast \[)/m).slice(1)
    return new Map(blocks.map((block) => [/\[(node_\d)/.exec(block)?.[1]?.replace('_', '-') ?? '', block]))
  }

  /** The first whole reply to the client behind the router. */
  async reachFromOutside(address: string): Promise<{ readonly node: string; readonly client: string }> {
    const url = `http://${address.includes(':') ? `[${address}]` : address}/`
    const reply = await this.site.outside.reach(url, TIMEOUT_MS, AbortSignal.timeout(TIMEOUT_MS))
    if (reply === undefined) throw new Error(`${address} was not reached from outside`)
    return JSON.parse(reply.body) as { readonly node: string; readonly client: string }
  }

  /** Applies a metallb.io object, or one of core/v1, in the system namespace. */
  async apply(kind: string, name: string, rest: object, apiVersion = 'metallb.io/v1beta1'): Promise<void> {
    const manifest = { apiVersion, kind, metadata: { name, namespace: SYSTEM_NAMESPACE }, ...rest }
    await this.base.cluster.api.apply(manifest)
  }

  async applyPeer(name: string, spec: object): Promise<void> {
    await this.apply('BGPPeer', name, { spec }, 'metallb.io/v1beta2')
  }

  async remove(plural: string, name: string): Promise<void> {
    await this.base.cluster.api.delete(plural, SYSTEM_NAMESPACE, name)
  }

  /** Status objects of a kind. */
  async statuses(kind: string, group = 'metallb.io'): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const plural = kind === 'BGPSessionState' ? 'bgpsessionstates' : 'servicebgpstatuses'
    const resource = defineResource<Status>({ group, version: 'v1beta1', plural, kind, isNamespaced: true })
    const client = await this.base.cluster.api.client()
    const { items } = await client.list(resource)
    return items.map(({ status }) => status ?? {})
  }

  /** BIRD counts on another clock: what it says of one moment varies by a millisecond. */
  #steady(address: string, atMs: number | undefined): number | undefined {
    const known = this.#seen.get(address)
    if (atMs === undefined) return undefined
    if (known !== undefined && Math.abs(known - atMs) < JITTER_MS) return known
    this.#seen.set(address, atMs)
    return atMs
  }

  #namesOf(nextHops: readonly string[]): readonly string[] {
    return nextHops.map((nextHop) => this.site.nodeOf(nextHop) ?? nextHop).toSorted()
  }

  /** Lines that a speaker logged with this message. */
  async logLines(node: string, message: string): Promise<readonly string[]> {
    const text = await readFile(this.base.cluster.logFile(`speaker-${node}`), 'utf8')
    return text.split('\n').filter((line) => line.includes(`"msg":"${message}"`))
  }
}

export function prefixOf(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}
