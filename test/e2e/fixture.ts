import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KubeObject, SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import { Cluster, type ClusterOptions, isOfSegment, type ServiceState } from '@clarion-lb/lab'
import { tryParseIpAddress } from '@clarion-lb/netaddr'

export const ROOT = join(import.meta.dirname, '..', '..')
export const EXAMPLES: string = join(ROOT, 'examples', 'demo')
const TIMEOUT_MS = 60_000

/** A cluster with the examples applied, and what the tests ask of it. */
export class Fixture {
  readonly cluster: Cluster
  readonly directory: string

  private constructor(directory: string, options: Pick<ClusterOptions, 'env' | 'speakerArgs'>) {
    this.directory = directory
    this.cluster = new Cluster({ ...options, directory, root: ROOT })
  }

  /** `env` is what the binaries get besides. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    speakerArgs: readonly string[] = []
  ): Promise<Fixture> {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-e2e-'))
    const fixture = new Fixture(directory, { env, speakerArgs })
    await fixture.cluster.start()
    await fixture.cluster.api.applyDirectory(EXAMPLES, isOfSegment)
    return fixture
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
    await rm(this.directory, { recursive: true, force: true })
  }

  /** Resolves when the Service has an address. */
  async addressesOf(name: string): Promise<readonly string[]> {
    const { addresses } = await this.wait(name, (state) => state.addresses.length > 0)
    if (addresses.length === 0) throw new Error(`${name} got no address within ${TIMEOUT_MS} ms`)
    return addresses
  }

  async wait(name: string, isEnough: (state: ServiceState) => boolean): Promise<ServiceState> {
    return this.cluster.api.waitForService(name, isEnough, AbortSignal.timeout(TIMEOUT_MS))
  }

  /** Resolves with what the backend said; fails when nothing comes through in time. */
  async reach(address: string, port = 80): Promise<string> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const reply = await this.cluster.client.reach(urlOf(address, port), TIMEOUT_MS, signal)
    if (reply === undefined) throw new Error(`${address} was not reached within ${TIMEOUT_MS} ms`)
    return reply.body
  }

  /** Whether one request is answered. */
  async isAnswered(address: string, port = 80): Promise<boolean> {
    return (await this.cluster.client.probe(urlOf(address, port), 1000)).body !== undefined
  }

  /** The node that the client sends an address's traffic to. */
  async answeringNode(address: string): Promise<string | undefined> {
    const entry = (await this.cluster.client.neighbours()).find(({ dst }) => dst === address)
    return this.cluster.nodeOfMac(entry?.lladdr)
  }

  /** Resolves when another node than this one answers, or this one, for an address. */
  async waitForNode(address: string, isWanted: (node: string) => boolean): Promise<string> {
    return until(`another node answers for ${address}`, async () => {
      // A host that sends nothing to an address forgets whom it belongs to, and announcements make no entry.
      await this.cluster.client.probe(urlOf(address, 80), 100)
      const node = await this.answeringNode(address)
      return node !== undefined && isWanted(node) ? node : undefined
    })
  }

  async services(): Promise<readonly V1Service[]> {
    const client = await this.cluster.api.client()
    return (await client.list(SERVICES, { namespace: 'default' })).items
  }

  /** Addresses by Service. */
  async allAddresses(): Promise<Readonly<Record<string, readonly string[]>>> {
    const entries = (await this.services()).map((service): [string, readonly string[]] => [
      service.metadata?.name ?? '',
      (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
    ])
    return Object.fromEntries(entries)
  }

  async createService(
    name: string,
    more: Partial<V1Service> & { readonly spec?: object } = {}
  ): Promise<void> {
    const client = await this.cluster.api.client()
    const { metadata, spec } = more
    const service: KubeObject & { readonly spec: object } = {
      metadata: { ...metadata, name, namespace: 'default' },
      spec: {
        type: 'LoadBalancer',
        selector: { app: 'web' },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
        ...spec
      }
    }
    await client.create(SERVICES, service)
  }
}

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`not within ${TIMEOUT_MS} ms: ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

function urlOf(address: string, port: number): string {
  const host = tryParseIpAddress(address)?.family === 6 ? `[${address}]` : address
  return `http://${host}:${port}/`
}
