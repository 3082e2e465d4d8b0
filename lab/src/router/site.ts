import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OUTSIDE, SEGMENT, withoutPrefixLength } from '../addresses.ts'
import { Client } from '../client/client.ts'
import type { Cluster } from '../cluster.ts'
import { startRouter } from './choose.ts'
import { KernelRoutes } from './kernel-routes.ts'
import type { Router, RouterConfig, RouterKind, RouterPeer } from './router.ts'

export interface RouterSiteOptions {
  /** It has been started. */
  readonly cluster: Cluster
  /** Where logs and the router's files are kept. */
  readonly directory: string
  /** @defaultValue the first of BIRD, FRR and our own that is there */
  readonly kind?: RouterKind | undefined
  /** @defaultValue as the BFDProfile of the examples */
  readonly bfd?: RouterPeer['bfd']
}

/** Autonomous systems: of the nodes, and of the router. */
export const NODE_ASN = 64500
export const ROUTER_ASN = 64501
const ROUTER = 'router'
const OUTSIDE_HOST = 'outside'
/** As the BFDProfile of the examples. */
const BFD = { intervalMs: 100, multiplier: 3 } as const

/** A router on the segment of a cluster, and a client behind it, from where the segment is reached only by that router. */
export class RouterSite {
  /** The client behind the router. */
  readonly outside: Client
  /** The router's kernel table. */
  readonly routes: KernelRoutes
  /** What the router is told unless somebody knows better: each node in both families, with BFD. */
  readonly config: RouterConfig
  readonly #options: RouterSiteOptions
  readonly #directory: string
  /** Nodes by their addresses on the segment, link-local ones, too. */
  readonly #nodes = new Map<string, string>()
  #router: Router | undefined

  constructor(options: RouterSiteOptions) {
    this.#options = options
    const { segment, nodeNames } = options.cluster
    this.#directory = join(options.directory, ROUTER)
    const logFile = (name: string): string => join(this.#directory, `${name}.log`)
    this.outside = new Client({
      name: OUTSIDE_HOST,
      prefix: segment.enter(OUTSIDE_HOST),
      logFile: logFile(OUTSIDE_HOST)
    })
    this.routes = new KernelRoutes({ enter: segment.enter(ROUTER), logFile: logFile('routes') })
    this.config = {
      asn: ROUTER_ASN,
      routerId: withoutPrefixLength(SEGMENT.router[0]),
      peers: nodeNames.flatMap((name) => peersOf(name, options.cluster.addressesOf(name), options.bfd ?? BFD))
    }
  }

  /** What was started. */
  get router(): Router {
    if (this.#router === undefined) throw new Error('the router has not been started')
    return this.#router
  }

  /** Makes the hosts, the routes between them and the nodes, and starts the router. @returns what the router is */
  async start(config: RouterConfig = this.config): Promise<string> {
    await mkdir(this.#directory, { recursive: true })
    await this.#startHosts()
    this.outside.start()
    this.routes.start()
    const place = { prefix: this.#options.cluster.segment.enter(ROUTER), directory: this.#directory }
    const { router, description } = await startRouter(place, config, this.#options.kind)
    this.#router = router
    return description
  }

  /** The node that has this address. */
  nodeOf(address: string): string | undefined {
    return this.#nodes.get(address)
  }

  /** Of the router, for a person who wonders what went wrong. */
  get logFile(): string {
    return join(this.#directory, 'router.log')
  }

  /** Its hosts go with the segment. */
  async stop(): Promise<void> {
    await Promise.all([this.outside.stop(), this.routes.stop(), this.#router?.stop()])
  }

  async #startHosts(): Promise<void> {
    const { segment, nodeNames } = this.#options.cluster
    await segment.addHost({ name: ROUTER, addresses: SEGMENT.router, isRouter: true })
    await segment.addHostBehind({
      name: OUTSIDE_HOST,
      behind: ROUTER,
      addresses: OUTSIDE.client,
      gatewayAddresses: OUTSIDE.router
    })
    // Connections of one client go over all next hops, not only packets of one address over one.
    const policies = ['net.ipv4.fib_multipath_hash_policy=1', 'net.ipv6.fib_multipath_hash_policy=1']
    await segment.execute(ROUTER, 'sysctl', ['-qw', ...policies])
    const back = OUTSIDE.prefixes.map((destination, i) => ({
      destination,
      via: withoutPrefixLength(SEGMENT.router[i] ?? '')
    }))
    for (const name of nodeNames) {
      await segment.addRoutes(name, back)
      const text = await segment.execute(name, 'ip', ['-o', 'address', 'show', 'dev', 'eth0'])
      for (const [, address = ''] of text.matchAll(/inet6? ([^/\s]+)/g)) this.#nodes.set(address, name)
    }
  }
}

function peersOf(name: string, addresses: readonly string[], bfd: RouterPeer['bfd']): RouterPeer[] {
  return addresses.map((address, i) => ({
    name: `${name.replaceAll('-', '_')}_ipv${i === 0 ? 4 : 6}`,
    address,
    localAddress: withoutPrefixLength(SEGMENT.router[i] ?? ''),
    asn: NODE_ASN,
    bfd
  }))
}
