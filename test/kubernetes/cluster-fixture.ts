import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client, type LabApi, type Outage, run } from '@clarion-lb/lab'
import {
  buildClarionImages,
  CLARION_NAMESPACE,
  CLUSTER_PROGRAMS,
  EXAMPLE_MANIFESTS,
  getPrograms,
  Kubectl,
  KubernetesCluster,
  webManifests
} from '@clarion-lb/lab/kubernetes'
import { ROOT, until } from './control-plane-fixture.ts'

const TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 1000
const ROLLOUT_TIMEOUT = '--timeout=120s'
/** What is shipped, as kustomize has it. */
export const SHIPPED: string = join(ROOT, 'deploy', 'kustomize', 'base')

/** What a pod says of a request. */
export interface WebAnswer {
  readonly pod: string
  readonly node: string
  /** Address and port that the pod saw. */
  readonly client: string
}

export interface ClusterFixtureOptions {
  /** @defaultValue 3 */
  readonly nodeCount?: number
  /** Makes OCI archives, in a directory, of images that the nodes have beside ours. */
  readonly moreImages?: (directory: string) => Promise<readonly string[]>
}

/** Three real nodes that have our images, pods behind Services, and a client on the segment. */
export class ClusterFixture {
  readonly cluster: KubernetesCluster
  readonly kubectl: Kubectl
  readonly #client: Client
  readonly #directory: string

  private constructor(cluster: KubernetesCluster, kubectl: Kubectl, directory: string) {
    this.cluster = cluster
    this.kubectl = kubectl
    this.#directory = directory
    const prefix = cluster.segment.enter('client')
    this.#client = new Client({ name: 'client', prefix, logFile: join(directory, 'client.log') })
  }

  static async start(options: ClusterFixtureOptions = {}): Promise<ClusterFixture> {
    const programs = await getPrograms(CLUSTER_PROGRAMS)
    const directory = await mkdtemp(join(tmpdir(), 'clarion-cluster-'))
    const ours = await buildClarionImages(ROOT, directory)
    const others = (await options.moreImages?.(directory)) ?? []
    const { nodeCount = 3 } = options
    const cluster = await KubernetesCluster.start({
      programs,
      nodeCount,
      imageArchives: [...ours, ...others]
    })
    const kubectl = new Kubectl(programs.get('kubectl') ?? 'kubectl', cluster.controlPlane.kubeconfigFile)
    const fixture = new ClusterFixture(cluster, kubectl, directory)
    fixture.#client.start()
    return fixture
  }

  get api(): LabApi {
    return this.cluster.api
  }

  /** What a person does: the shipped objects, and pools once the pods are ready. */
  async install(): Promise<void> {
    await this.kubectl.run('apply', '-k', SHIPPED)
    await this.waitForRollouts()
    await this.apply(EXAMPLE_MANIFESTS)
  }

  /** Runs commands as a person does: in the directory of the repository, with `kubectl` at hand. */
  async follow(commands: string): Promise<void> {
    const { kubeconfigFile } = this.cluster.controlPlane
    const path = `${dirname(this.kubectl.program)}:${process.env['PATH'] ?? ''}`
    const words = [
      `PATH=${path}`,
      `KUBECONFIG=${kubeconfigFile}`,
      'bash',
      '-e',
      '-c',
      `cd ${ROOT}\n${commands}`
    ]
    await run('env', words)
  }

  async waitForRollouts(): Promise<void> {
    for (const workload of ['deployment/controller', 'daemonset/speaker'])
      await this.kubectl.run('-n', CLARION_NAMESPACE, 'rollout', 'status', workload, ROLLOUT_TIMEOUT)
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
    return until(`${address} is reached`, async () => {
      const answer = parseAnswer((await this.#client.probe(urlOf(address), PROBE_TIMEOUT_MS)).body)
      return answer !== undefined && isWanted(answer) ? answer : undefined
    })
  }

  /** As {@link reach}, by datagrams. */
  async reachByDatagram(address: string, port: number): Promise<WebAnswer> {
    return until(`${address} is reached by UDP`, async () =>
      parseAnswer(await this.#client.sendDatagram(address, port, PROBE_TIMEOUT_MS))
    )
  }

  /** What the client's requests suffer, one each 10 ms, while something is done. */
  async underLoad(address: string, act: () => Promise<void>): Promise<Outage> {
    await this.#client.startLoad(urlOf(address))
    try {
      await act()
    } finally {
      // What was sent last has its answer soon.
      await this.reach(address)
    }
    return this.#client.stopLoad()
  }

  /** The node that the client sends an address's packets to. */
  async answeringNode(address: string): Promise<string | undefined> {
    const entry = (await this.#client.neighbours()).find(({ dst }) => dst === address)
    for (const name of this.cluster.nodeNames)
      if ((await this.cluster.segment.linkLayerAddressOf(name)) === entry?.lladdr) return name
    return undefined
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await this.cluster.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** As `kubectl apply` does. */
  async apply(manifests: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: manifests }
    await this.kubectl.feed(JSON.stringify(list), 'apply', '-f', '-')
  }
}

function urlOf(address: string): string {
  return `http://${address.includes(':') ? `[${address}]` : address}/`
}

function parseAnswer(body: string | undefined): WebAnswer | undefined {
  const answer: unknown = body === undefined ? undefined : JSON.parse(body)
  return isWebAnswer(answer) ? answer : undefined
}

function isWebAnswer(value: unknown): value is WebAnswer {
  return typeof value === 'object' && value !== null && 'pod' in value && 'client' in value
}
