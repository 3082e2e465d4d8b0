import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NODES, PODS, type V1Node } from '@clarion-lb/k8s-watch'
import { SEGMENT, withoutPrefixLength } from '../addresses.ts'
import { connectApi, type LabApi } from '../api.ts'
import { Segment } from '../segment/segment.ts'
import { run } from '../shell.ts'
import {
  API_ADDRESS,
  type NodeAddresses,
  nodeAddresses,
  podRoutes,
  serviceRoutes
} from './cluster-addresses.ts'
import { ClusterNode } from './cluster-node.ts'
import { controlGroupName } from './control-groups.ts'
import { ControlPlane } from './control-plane.ts'
import type { Programs } from './get-programs.ts'
import { writeImages } from './images.ts'
import { removeControlGroup } from './node-control-groups.ts'
import type { NodeSettings, ProxyMode } from './node-files.ts'

export interface KubernetesClusterOptions {
  readonly programs: Programs
  /** @defaultValue 3 */
  readonly nodeCount?: number
  /** @defaultValue nftables */
  readonly proxyMode?: ProxyMode
  /** OCI archives of images that pods may use on every node. @defaultValue none */
  readonly imageArchives?: readonly string[]
}

const API_BRIDGE = 'br-api'
const READY_TIMEOUT_MS = 60_000
/** We are where the API server is: one that does not answer at once is busy, and not out of reach. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * A real Kubernetes on a segment of network namespaces: a control plane, and nodes that run pods. To be used inside a
 * sandbox, as root. Its control plane is in the caller's network namespace.
 */
export class KubernetesCluster {
  readonly segment: Segment = new Segment()
  readonly nodes: ReadonlyMap<string, ClusterNode>
  readonly controlPlane: ControlPlane
  readonly api: LabApi
  readonly #addresses: readonly NodeAddresses[]

  private constructor(facts: {
    readonly segment: Segment
    readonly controlPlane: ControlPlane
    readonly nodes: ReadonlyMap<string, ClusterNode>
    readonly addresses: readonly NodeAddresses[]
  }) {
    this.segment = facts.segment
    this.controlPlane = facts.controlPlane
    this.nodes = facts.nodes
    this.#addresses = facts.addresses
    this.api = connectApi(facts.controlPlane.kubeconfigFile, { timeoutMs: REQUEST_TIMEOUT_MS })
  }

  /**
   * Resolves when every node is Ready.
   *
   * @throws Error if one is not within a minute
   */
  static async start(
    options: KubernetesClusterOptions,
    progress: (text: string) => void = () => undefined
  ): Promise<KubernetesCluster> {
    const { programs, nodeCount = 3, proxyMode = 'nftables', imageArchives = [] } = options
    const addresses = Array.from({ length: nodeCount }, (_, i) => nodeAddresses(i + 1))
    const segment = new Segment()
    await startNetworks(segment, addresses)
    progress(
      `networks: ${nodeCount} nodes and a client on one segment, and the API server behind a link of its own`
    )
    const address = withoutPrefixLength(API_ADDRESS)
    const controlPlane = await ControlPlane.create({ programs, address, hasControllers: true })
    const nodes = await createNodes({
      controlPlane,
      addresses,
      segment,
      programs,
      proxyMode,
      imageArchives
    })
    const cluster = new KubernetesCluster({ segment, controlPlane, nodes, addresses })
    try {
      // Nodes load their images while the control plane starts; kubelet waits for it badly.
      await Promise.all([
        controlPlane.start().then(() => progress('API server ready')),
        ...[...nodes.values()].map(async (node) => node.boot())
      ])
      for (const node of nodes.values()) node.join()
      await cluster.#waitForNodes()
    } catch (error) {
      const logs = await Promise.all([...nodes.values()].map(async (node) => node.explain()))
      await cluster.stop()
      throw new Error(`the nodes did not get ready\n${logs.join('')}`, { cause: error })
    }
    progress(`${nodeCount} nodes Ready`)
    return cluster
  }

  get nodeNames(): readonly string[] {
    return this.#addresses.map(({ name }) => name)
  }

  /** IPv4 and IPv6 address of a node on the segment. */
  addressesOf(nodeName: string): readonly string[] {
    const found = this.#addresses.find(({ name }) => name === nodeName)
    return (found?.segment ?? []).map(withoutPrefixLength)
  }

  /** Every node gets another kube-proxy. */
  async setProxyMode(mode: ProxyMode): Promise<void> {
    await Promise.all([...this.nodes.values()].map(async (node) => node.setProxyMode(mode)))
  }

  /** Pulls a node's cable to the segment; its link to the API server stays. */
  async pullCable(nodeName: string): Promise<void> {
    await this.segment.pullCable(nodeName)
  }

  async plugCable(nodeName: string): Promise<void> {
    await this.segment.plugCable(nodeName)
  }

  /** Every process of a node is gone at once, and its links are down, as when its power is cut. */
  async crashNode(nodeName: string): Promise<void> {
    await Promise.all([
      this.segment.pullCable(nodeName),
      run('ip', ['link', 'set', apiPort(nodeName), 'down']),
      this.nodes.get(nodeName)?.crash()
    ])
  }

  /**
   * Switches a node on again, with the disk that it had. Resolves when its new kubelet says that it is Ready, and has said
   * how its pods are.
   */
  async startNode(nodeName: string): Promise<void> {
    const node = this.nodes.get(nodeName)
    if (node === undefined) throw new Error(`there is no ${nodeName}`)
    const client = await this.api.client()
    // What the kubelet before it said stands for as long as the API server waits for a word of it.
    const before = lastHeartbeat(await client.get(NODES, { namespace: '', name: nodeName }))
    const ended = await this.#containersOn(nodeName)
    await Promise.all([this.segment.plugCable(nodeName), run('ip', ['link', 'set', apiPort(nodeName), 'up'])])
    await node.boot()
    node.join()
    await this.#poll(`${nodeName} Ready again`, async () => {
      const now = await client.get(NODES, { namespace: '', name: nodeName })
      return isReady(now.status?.conditions) && lastHeartbeat(now) !== before ? true : undefined
    })
    await this.#poll(`no pod on ${nodeName} is said to have a container that ended with it`, async () => {
      const now = await this.#containersOn(nodeName)
      return now.some((id) => ended.includes(id)) ? undefined : true
    })
  }

  /** Resolves when as many pods of a label are ready as are wanted, with their names. */
  async waitForPods(namespace: string, labelSelector: string, count: number): Promise<readonly string[]> {
    const client = await this.api.client()
    return this.#poll(`${count} pods of ${labelSelector} are ready`, async () => {
      const { items } = await client.list(PODS, { namespace, labelSelector })
      const ready = items.filter(({ status }) => isReady(status?.conditions))
      return ready.length === count ? ready.map(({ metadata }) => metadata?.name ?? '') : undefined
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(async (node) => node.crash()))
    await this.segment.stop()
    await run('ip', ['link', 'del', API_BRIDGE])
    await removeControlGroup(controlGroupName())
    await this.controlPlane.stop()
  }

  async #waitForNodes(): Promise<void> {
    const client = await this.api.client()
    await this.#poll(`${this.nodeNames.join(', ')} Ready`, async () => {
      const { items } = await client.list(NODES)
      const ready = items.filter(({ status }) => isReady(status?.conditions))
      return ready.length === this.nodes.size ? true : undefined
    })
  }

  /** Identities of the containers of its pods, as the API server has them. */
  async #containersOn(nodeName: string): Promise<readonly string[]> {
    const client = await this.api.client()
    const { items } = await client.list(PODS, { fieldSelector: `spec.nodeName=${nodeName}` })
    return items.flatMap(({ status }) =>
      (status?.containerStatuses ?? []).flatMap(({ containerID }) => containerID ?? [])
    )
  }

  async #poll<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + READY_TIMEOUT_MS
    for (;;) {
      const answer = await ask().catch(() => undefined)
      if (answer !== undefined) return answer
      if (performance.now() > deadline) throw new Error(`not within ${READY_TIMEOUT_MS} ms: ${what}`)
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
}

async function startNetworks(segment: Segment, addresses: readonly NodeAddresses[]): Promise<void> {
  await segment.start(SEGMENT.bridge)
  await run('ip', ['link', 'add', API_BRIDGE, 'type', 'bridge'])
  await run('ip', ['addr', 'add', API_ADDRESS, 'dev', API_BRIDGE])
  await run('ip', ['link', 'set', API_BRIDGE, 'up'])
  await segment.addHost({ name: 'client', addresses: SEGMENT.client })
  await Promise.all(
    addresses.map(async (node) => {
      await segment.addHost({ name: node.name, addresses: node.segment, isRouter: true })
      const port = apiPort(node.name)
      await run('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'api0', 'netns', node.name])
      await run('ip', ['link', 'set', port, 'master', API_BRIDGE, 'up'])
      await segment.execute(node.name, 'ip', ['addr', 'add', node.api, 'dev', 'api0'])
      await segment.execute(node.name, 'ip', ['link', 'set', 'api0', 'up'])
      for (const route of serviceRoutes(node))
        await segment.execute(node.name, 'ip', ['route', 'add', ...route])
      // What the API server answers to pods goes back the way that it came.
      const [pods] = node.podPrefixes
      await run('ip', ['route', 'add', pods, 'via', withoutPrefixLength(node.api)])
    })
  )
  for (const from of addresses)
    for (const to of addresses) if (from !== to) await segment.addRoutes(from.name, podRoutes(to))
}

async function createNodes(facts: {
  readonly controlPlane: ControlPlane
  readonly addresses: readonly NodeAddresses[]
  readonly segment: Segment
  readonly programs: Programs
  readonly proxyMode: ProxyMode
  readonly imageArchives: readonly string[]
}): Promise<ReadonlyMap<string, ClusterNode>> {
  const { controlPlane, addresses, segment, programs, proxyMode } = facts
  const { directory, authority } = controlPlane
  const imageArchive = await writeImages(
    await makeDirectory(directory, 'images'),
    programs.get('pod') ?? 'pod'
  )
  const proxyUser = await authority.issue({ commonName: 'system:kube-proxy' })
  const proxyKubeconfigFile = await controlPlane.writeKubeconfig('kube-proxy', proxyUser)
  const nodes = await Promise.all(
    addresses.map(async (one) => {
      const subject = { commonName: `system:node:${one.name}`, organizations: ['system:nodes'] }
      const kubeconfigFile = await controlPlane.writeKubeconfig(one.name, await authority.issue(subject))
      const settings: NodeSettings = {
        addresses: one,
        directory: await makeDirectory(directory, one.name),
        authorityFile: join(directory, 'pki', 'ca.crt'),
        kubeconfigFile,
        proxyKubeconfigFile,
        proxyMode,
        controlGroup: `/${controlGroupName()}/${one.name}`
      }
      const prefix = segment.enter(one.name)
      const imageArchives = [imageArchive, ...facts.imageArchives]
      return new ClusterNode({ settings, programs, prefix, imageArchives })
    })
  )
  return new Map(nodes.map((node) => [node.name, node]))
}

async function makeDirectory(parent: string, name: string): Promise<string> {
  const directory = join(parent, name)
  await mkdir(directory, { recursive: true })
  return directory
}

/** An interface name has at most 15 characters. */
function apiPort(nodeName: string): string {
  return `api-${nodeName}`.slice(0, 15)
}

/** When its kubelet last told how it is: RFC 3339, whole seconds. */
function lastHeartbeat({ status }: V1Node): string {
  return String(status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime)
}

function isReady(
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined
): boolean {
  return (conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
}
