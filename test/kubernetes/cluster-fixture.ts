import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type LabApi } from '@clarion-lb/lab'
import {
  applyManifest,
  CLUSTER_PROGRAMS,
  EXAMPLE_MANIFESTS,
  getPrograms,
  InstalledClarion,
  KubernetesCluster,
  webManifests
} from '@clarion-lb/lab/kubernetes'
import { ROOT, until } from './control-plane-fixture.ts'

const TIMEOUT_MS = 60_000

/** What a pod says of a request. */
export interface WebAnswer {
  readonly pod: string
  readonly node: string
  /** Address and port that the pod saw. */
  readonly client: string
}

/** Three real nodes with Clarion on them, pods behind two Services, and a client on the segment. */
export class ClusterFixture {
  readonly cluster: KubernetesCluster
  readonly clarion: InstalledClarion
  readonly #client: Client
  readonly #directory: string

  private constructor(cluster: KubernetesCluster, directory: string) {
    this.cluster = cluster
    this.#directory = directory
    this.clarion = new InstalledClarion({ controlPlane: cluster.controlPlane, root: ROOT })
    const prefix = cluster.segment.enter('client')
    this.#client = new Client({ name: 'client', prefix, logFile: join(directory, 'client.log') })
  }

  static async start(): Promise<ClusterFixture> {
    const cluster = await KubernetesCluster.start({ programs: await getPrograms(CLUSTER_PROGRAMS) })
    const fixture = new ClusterFixture(cluster, await mkdtemp(join(tmpdir(), 'clarion-cluster-')))
    fixture.#client.start()
    return fixture
  }

  get api(): LabApi {
    return this.cluster.api
  }

  async install(): Promise<void> {
    await this.clarion.applyManifest()
    await this.clarion.startController()
    for (const name of this.cluster.nodeNames) await this.startSpeaker(name)
    await this.apply(EXAMPLE_MANIFESTS)
  }

  async startSpeaker(nodeName: string): Promise<void> {
    await this.clarion.startSpeaker(nodeName, {
      prefix: this.cluster.segment.enter(nodeName),
      env: {
        METALLB_ML_BIND_ADDR: this.cluster.addressesOf(nodeName)[0] ?? '',
        METALLB_ML_LABELS: 'app=metallb,component=speaker'
      }
    })
  }

  async deploy(name: string, replicas: number): Promise<void> {
    await this.apply(webManifests(name, replicas))
    await this.cluster.waitForPods('default', `app=${name}`, replicas)
  }

  async addressesOf(name: string): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    return (await this.api.waitForService(name, ({ addresses }) => addresses.length > 0, signal)).addresses
  }

  /** Asks again and again until an answer comes that is wanted: each time over a new connection. */
  async reach(address: string, isWanted: (answer: WebAnswer) => boolean = () => true): Promise<WebAnswer> {
    const host = address.includes(':') ? `[${address}]` : address
    return until(`${address} is reached`, async () => {
      const { body } = await this.#client.probe(`http://${host}/`, 1000)
      const answer: unknown = body === undefined ? undefined : JSON.parse(body)
      return isWebAnswer(answer) && isWanted(answer) ? answer : undefined
    })
  }

  /** The node that the client sends an address's packets to. */
  async answeringNode(address: string): Promise<string | undefined> {
    const entry = (await this.#client.neighbours()).find(({ dst }) => dst === address)
    for (const name of this.cluster.nodeNames) {
      const text = await this.cluster.segment.execute(name, 'ip', ['link', 'show', 'eth0'])
      if (entry?.lladdr !== undefined && text.includes(entry.lladdr)) return name
    }
    return undefined
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await this.clarion.stop()
    await this.cluster.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async apply(manifests: typeof EXAMPLE_MANIFESTS): Promise<void> {
    for (const manifest of manifests) {
      const { status, body } = await applyManifest(this.cluster.controlPlane.connection, manifest)
      if (status >= 300)
        throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(body)}`)
    }
  }
}

function isWebAnswer(value: unknown): value is WebAnswer {
  return typeof value === 'object' && value !== null && 'pod' in value && 'client' in value
}
