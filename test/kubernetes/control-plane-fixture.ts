import { join } from 'node:path'
import { EVENTS, type KubeClient, SERVICES, type V1Service } from '@clarion-lb/k8s-watch'
import { connectApi, type LabApi, run } from '@clarion-lb/lab'
import {
  CONTROL_PLANE_PROGRAMS,
  type ControlPlane,
  type ControlPlaneOptions,
  getPrograms,
  InstalledClarion,
  type ProgramName,
  startControlPlane
} from '@clarion-lb/lab/kubernetes'

export const ROOT: string = join(import.meta.dirname, '..', '..')
export const NODE = 'node-1'
/** A segment with nobody on it, for the speaker to announce on. */
const SEGMENT_PORT = 'lan0'
/** A server that has just started takes its time. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than a request, so that one that is not answered is repeated. */
const TIMEOUT_MS = 60_000

/** A real control plane, with our definitions and rights applied, and our binaries as processes. */
export class ControlPlaneFixture {
  readonly controlPlane: ControlPlane
  readonly api: LabApi
  readonly clarion: InstalledClarion

  private constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane
    this.api = connectApi(controlPlane.kubeconfigFile, { timeoutMs: REQUEST_TIMEOUT_MS })
    const args = ['--port=0', '--health-probe-port=0', '--log-level=debug']
    this.clarion = new InstalledClarion({ controlPlane, root: ROOT, args })
  }

  /** @param programs - With those of the controllers, namespaces are emptied, and roles aggregated. */
  static async start(
    programs: readonly ProgramName[] = CONTROL_PLANE_PROGRAMS,
    more: Pick<ControlPlaneOptions, 'hasAuditLog'> = {}
  ): Promise<ControlPlaneFixture> {
    const hasControllers = programs.includes('kube-controller-manager')
    const controlPlane = await startControlPlane({
      programs: await getPrograms(programs),
      hasControllers,
      ...more
    })
    const fixture = new ControlPlaneFixture(controlPlane)
    await run('ip', ['link', 'add', SEGMENT_PORT, 'type', 'veth', 'peer', 'name', 'lan1'])
    for (const words of [
      `addr add 192.0.2.1/24 dev ${SEGMENT_PORT}`,
      `link set ${SEGMENT_PORT} up`,
      'link set lan1 up'
    ])
      await run('ip', words.split(' '))
    return fixture
  }

  /** The manifest, and a node. */
  async prepare(): Promise<void> {
    await this.clarion.applyManifest()
    await this.api.registerNode(NODE, ['192.0.2.1'])
  }

  async stop(): Promise<void> {
    await this.clarion.stop()
    await run('ip', ['link', 'del', SEGMENT_PORT])
    await this.controlPlane.stop()
  }

  async client(): Promise<KubeClient> {
    return this.api.client()
  }

  async createService(
    name: string,
    more: { readonly annotations?: object; readonly spec?: object } = {}
  ): Promise<void> {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default', annotations: more.annotations ?? {} },
      spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...more.spec }
    }
    await this.api.apply(service)
  }

  async addressesOf(name: string): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const { addresses } = await this.api.waitForService(name, (state) => state.addresses.length > 0, signal)
    return addresses
  }

  async service(name: string): Promise<V1Service> {
    return (await this.client()).get(SERVICES, { namespace: 'default', name })
  }

  /** Reasons of the events of a Service. */
  async eventsOf(name: string): Promise<readonly string[]> {
    const fieldSelector = `involvedObject.kind=Service,involvedObject.name=${name}`
    const { items } = await (await this.client()).list(EVENTS, { namespace: 'default', fieldSelector })
    return items.map(({ reason = '' }) => reason)
  }
}

/** Asks again and again until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs: number = TIMEOUT_MS
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      last = error
      return undefined
    })
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last })
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}
