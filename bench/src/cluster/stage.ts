import { join } from 'node:path'
import { ENDPOINT_SLICES, KubeClient, NODES, SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import {
  CONTROL_PLANE_PROGRAMS,
  type ControlPlane,
  type ControlPlaneOptions,
  getPrograms,
  InstalledClarion,
  METALLB_PROGRAMS,
  startControlPlane
} from '@clarion-lb/lab/kubernetes'
import { L2_ADVERTISEMENTS, NAMESPACE, POOLS } from '../api-server.ts'
import { inParallel } from '../in-parallel.ts'
import { HOST, NODE, plugNode, unplugNode } from '../node.ts'
import { MetalLb } from './metallb.ts'

const ROOT = join(import.meta.dirname, '../../..')
const ARGS = ['--port=0', '--health-probe-port=0', '--log-level=info']
/** Requests of ours at once while Services are made or unmade. */
const CONCURRENCY = 32
export const SAMPLE_POOL = 'samples'

/** How nodes reach the API server, which is at {@link HOST}. */
export interface Wires {
  plug(): Promise<void>
  unplug(): Promise<void>
}

/** One node. */
const CABLE: Wires = { plug: plugNode, unplug: unplugNode }

/** A real API server that nodes reach by their cables, with the definitions and rights of the manifest, and two pools. */
export class Stage {
  readonly controlPlane: ControlPlane
  /** An administrator's. */
  readonly client: KubeClient
  readonly clarion: InstalledClarion
  readonly metallb: MetalLb
  readonly #wires: Wires

  private constructor({ controlPlane, client, programs, wires }: StageFacts) {
    this.#wires = wires
    this.controlPlane = controlPlane
    this.client = client
    this.clarion = new InstalledClarion({ controlPlane, root: ROOT, args: ARGS })
    this.metallb = new MetalLb({ controlPlane, programs })
  }

  static async create(
    options: Pick<ControlPlaneOptions, 'hasAuditLog' | 'hasClusterIpBitmap'> = {},
    wires: Wires = CABLE
  ): Promise<Stage> {
    const say = (text: string): void => void process.stderr.write(`${text}\n`)
    const programs = await getPrograms([...CONTROL_PLANE_PROGRAMS, ...METALLB_PROGRAMS], say)
    await wires.plug()
    const controlPlane = await startControlPlane({ ...options, programs, address: HOST })
    const client = await KubeClient.load({ kubeconfig: controlPlane.kubeconfigFile })
    const stage = new Stage({ controlPlane, client, programs, wires })
    await stage.#prepare()
    return stage
  }

  async stop(): Promise<void> {
    await this.clarion.stop()
    await this.metallb.stop()
    this.client.close()
    await this.controlPlane.stop()
    await this.#wires.unplug()
  }

  /** Services that wait for an address, or get one if a controller runs. */
  async createServices(count: number, nameOf: (index: number) => string): Promise<void> {
    await inParallel(count, CONCURRENCY, async (i) => {
      await this.client.create(SERVICES, serviceOf(nameOf(i)))
    })
  }

  /** An endpoint of a Service, on the node. */
  async createEndpoints(service: string, nodeName: string = NODE.name): Promise<void> {
    await this.client.create(ENDPOINT_SLICES, {
      metadata: { name: service, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.1'], nodeName, conditions: { ready: true } }],
      ports: [{ port: 8080, protocol: 'TCP' }]
    })
  }

  /** @param address as others see it: where its speaker is probed */
  async createNode(name: string, address: string): Promise<void> {
    await this.client.create(NODES, { metadata: { name, labels: { name } } })
    const { status } = await this.controlPlane.ask({
      method: 'PATCH',
      path: `/api/v1/nodes/${name}/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { addresses: [{ type: 'InternalIP', address }] } }
    })
    if (status !== 200) throw new Error(`the address of ${name} was refused: ${status}`)
  }

  async #prepare(): Promise<void> {
    await this.clarion.applyManifest()
    const pool = async (name: string, addresses: readonly string[], autoAssign: boolean): Promise<void> => {
      const metadata = { name, namespace: NAMESPACE }
      await this.client.create(POOLS, { metadata, spec: { addresses, autoAssign } })
      await this.client.create(L2_ADVERTISEMENTS, { metadata, spec: { ipAddressPools: [name] } })
    }
    await pool(SAMPLE_POOL, ['10.77.0.0/22'], false)
    await pool('others', ['10.80.0.0/16'], true)
  }
}

interface StageFacts {
  readonly controlPlane: ControlPlane
  readonly client: KubeClient
  readonly programs: ReadonlyMap<string, string>
  readonly wires: Wires
}

export function serviceOf(name: string, annotations: Readonly<Record<string, string>> = {}): V1Service {
  return {
    metadata: { name, namespace: 'default', annotations },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false,
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }]
    }
  }
}
